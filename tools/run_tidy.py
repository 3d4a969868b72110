# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy on the library and the command-line tool, in parallel, only on what changed.

A file that was clean leaves a stamp in build/tidy. The stamp's name is a hash of everything that
can change the verdict: the file, the headers of ours that it includes (directly or not), the
compile command, .clang-tidy, and requirements.txt (versions of clang-tidy and OpenVINO). Tests are
not checked: GoogleTest's macros break the rules on size, and tests are judged by running them.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

from source_files import ROOT

INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
LINKED = re.compile(r" -o \S+| -c \S+")


def closure(path, seen):
    """Adds path and all headers of ours that it includes to seen (path -> contents)."""
    if path in seen or not path.is_file():
        return
    seen[path] = path.read_bytes()
    for name in INCLUDE.findall(seen[path]):
        closure(ROOT / name.decode(), seen)


def key_of(entry, fixed):
    """Hash of everything that the verdict on one compile command depends on."""
    seen = {}
    closure(pathlib.Path(entry["file"]), seen)
    digest = hashlib.sha256(fixed)
    digest.update(LINKED.sub("", entry["command"]).encode())
    for path in sorted(seen):
        digest.update(str(path).encode() + b"\0" + seen[path] + b"\0")
    return digest.hexdigest()[:32]


def run_one(tidy, build, source):
    """Returns (seconds, text): text is empty if clang-tidy had nothing to say."""
    start = time.monotonic()
    # -w: warnings are g++'s business, with its flags; here only the checks of .clang-tidy count.
    command = [tidy, "--quiet", "-p", build, "--extra-arg=-w", source]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    text = done.stdout
    if done.returncode != 0 and not text.strip():
        text = done.stderr
    return time.monotonic() - start, text.strip().replace(str(ROOT) + "/", "")


def sources_of(database, only):
    """Compile commands of zoa/, cli/, capi/ without tests, each once; only: words to select by."""
    chosen = {}
    for entry in json.loads(database.read_text()):
        path = pathlib.Path(entry["file"])
        name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
        ours = name.startswith(("zoa/", "cli/", "capi/")) and not name.endswith("_test.cpp")
        if ours and (not only or any(word in name for word in only)):
            chosen[name] = entry
    return chosen


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="folder with compile_commands.json")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--times", action="store_true", help="print seconds per file")
    parser.add_argument("only", nargs="*", help="check only files whose path contains one of these")
    args = parser.parse_args()
    database = ROOT / args.build / "compile_commands.json"
    if not database.is_file():
        sys.exit(f"tidy: no {args.build}/compile_commands.json: run 'make build' first")
    tidy = str(ROOT / ".venv" / "bin" / "clang-tidy")
    fixed = (ROOT / ".clang-tidy").read_bytes() + (ROOT / "requirements.txt").read_bytes()
    stamps = ROOT / args.build / "tidy"
    stamps.mkdir(exist_ok=True)
    keys = {n: key_of(e, fixed) for n, e in sources_of(database, args.only).items()}
    if not args.only:
        for old in stamps.iterdir():
            if old.name not in keys.values():
                old.unlink()
    todo = [name for name, key in keys.items() if not (stamps / key).exists()]
    bad = 0
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        running = {pool.submit(run_one, tidy, args.build, name): name for name in todo}
        for future in concurrent.futures.as_completed(running):
            name = running[future]
            seconds, text = future.result()
            if args.times:
                print(f"{seconds:6.1f} s  {name}", flush=True)
            if text:
                bad += 1
                print(text, flush=True)
            else:
                (stamps / keys[name]).touch()
    took = time.monotonic() - start
    print(f"tidy: {len(keys)} files, {len(todo)} checked in {took:.0f} s, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
