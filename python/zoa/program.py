# SPDX-License-Identifier: Apache-2.0
"""Where the program zoa is: given, named by ZOA_PROGRAM, on PATH, or built in this checkout."""

import os
import shutil
from pathlib import Path


def find_program(given: str | None = None) -> str:
    """The absolute path. Raises FileNotFoundError that says where it was sought."""
    for source, path in (("argument", given), ("ZOA_PROGRAM", os.environ.get("ZOA_PROGRAM"))):
        if path:
            found = shutil.which(path)
            if not found:
                raise FileNotFoundError(f"{path} ({source}): not a program that can be run")
            return os.path.abspath(found)
    built = Path(__file__).resolve().parents[2] / "build" / "zoa"
    found = shutil.which("zoa") or shutil.which(str(built))
    if not found:
        raise FileNotFoundError(
            f"program zoa: not on PATH and not at {built}; build it (make build), "
            "or name it with --program or ZOA_PROGRAM"
        )
    return os.path.abspath(found)
