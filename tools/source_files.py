# SPDX-License-Identifier: Apache-2.0
"""Lists the files of this source tree; used by every checker.

source_files.py '*.cpp' '*.h' prints the matching paths, one a line, relative to the root. In a git
checkout: tracked and new files, without ignored ones; elsewhere: everything but build folders.
"""

import fnmatch
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIPPED = ("build", "__pycache__", "demo-out", "dist")


def list_all(root=ROOT):
    """All paths below root, sorted, as strings with '/'."""
    if (root / ".git").exists():
        command = ["git", "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"]
        try:
            found = subprocess.run(command, capture_output=True, check=True).stdout.decode()
            return sorted({p for p in found.split("\0") if p and (root / p).is_file()})
        except (OSError, subprocess.CalledProcessError):
            pass  # no git, or the folder belongs to another user: walk instead
    paths = []
    for folder, names, files in os.walk(root):
        names[:] = [n for n in names if not n.startswith(SKIPPED) and (n == ".ci" or n[0] != ".")]
        paths += [(pathlib.Path(folder) / f).relative_to(root).as_posix() for f in files]
    return sorted(paths)


def matching(patterns, root=ROOT):
    """The paths whose file name matches one of the patterns."""
    names = [p for p in list_all(root) if (root / p).is_file()]
    return [p for p in names if any(fnmatch.fnmatch(p.rsplit("/", 1)[-1], x) for x in patterns)]


if __name__ == "__main__":
    print("\n".join(matching(sys.argv[1:] or ["*"])))
