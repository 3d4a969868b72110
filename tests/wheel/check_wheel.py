# SPDX-License-Identifier: Apache-2.0
"""Makes the wheel from a build, installs it outside the tree, and runs the tests beside this file.

usage: check_wheel.py BUILD SOURCE [PYTEST ARGUMENTS...]
The library is the one of BUILD; only the bindings are compiled. Needs scikit-build-core, nanobind
and pytest of requirements.txt. Paths of this machine must not be in the wheel.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path


def run(words, **more):
    words = [str(w) for w in words]
    done = subprocess.run(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more
    )
    if done.returncode != 0:
        sys.exit(f"FAILED {' '.join(words)}: {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


def make_wheel(build, source, folder):
    prefix = build / "python-prefix"
    run(["cmake", "--install", build, "--prefix", prefix, "--component", "library"])
    words = [sys.executable, "-m", "pip", "wheel", source, "--no-build-isolation", "--no-deps"]
    words += ["--disable-pip-version-check", "-w", folder]
    settings = [f"build-dir={build}/python-wheel", f"cmake.define.ZOA_PREFIX={prefix}"]
    if shutil.which("ccache"):
        settings.append("cmake.define.CMAKE_CXX_COMPILER_LAUNCHER=ccache")
    words += [f"--config-settings={setting}" for setting in settings]  # Debian's pip has no -C
    run(words)
    return next(folder.glob("*.whl"))


def check_wheel(wheel, folder):
    """Each library is there once and looks for others beside itself only."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(folder)
    libraries = [n for n in names if ".so" in n]
    wanted = {"zoa/_core.pyi", "zoa/py.typed", "zoa/errors.py", "zoa/sweep/__init__.py"}
    if len(libraries) != 2 or not wanted <= set(names):
        sys.exit(f"FAILED content of {wheel.name}: {names}")
    for name in libraries:
        said = run(["readelf", "-d", folder / name])
        paths = re.findall(r"R(?:UN)?PATH\).*\[(.*)\]", said)
        if paths not in (["$ORIGIN"], ["$ORIGIN/../openvino/libs"]):
            sys.exit(f"FAILED {name}: looks for libraries in {paths}")


def main():
    build, source = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory(prefix="zoa-wheel-") as name:
        folder = Path(name)
        wheel = make_wheel(build, source, folder)
        check_wheel(wheel, folder / "unpacked")
        site = folder / "site"
        pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]
        run([*pip, "--target", site, wheel])
        # As pip lays it out: the wheel openvino beside zoa.
        openvino = Path(importlib.util.find_spec("openvino").origin).parent
        (site / "openvino").symlink_to(openvino)
        env = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
        env |= {"PYTHONPATH": str(site), "ZOA_SOURCE": str(source), "PYTHONDONTWRITEBYTECODE": "1"}
        tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir"]
        tests += [source / "tests/wheel", source / "tests/wheel", *sys.argv[3:]]
        sys.exit(subprocess.run(tests, env=env, cwd=folder, check=False).returncode)


if __name__ == "__main__":
    main()
