# SPDX-License-Identifier: Apache-2.0
"""Checks what formatter and linter cannot: licence line, ASCII, length, open ends, machine paths.

  SPDX        the first lines of every source file name the licence
  once        a header has #pragma once
  ASCII       in all text files
  length      a source file has at most 400 lines; up to 600 with a line '// Long: why'
  open ends   a note of work left needs an issue number: TODO(#12)
  paths       no path that exists on one machine only; no data beside the repository but in tests/
Prints file:line: message and ends with 1 if there was one. --self-test checks the checker.
"""

import re
import sys

from source_files import ROOT, list_all

CODE = (".h", ".cpp", ".py", ".sh", ".cmake")
CODE_NAMES = ("CMakeLists.txt", "Makefile", "run")
TEXT = (".md", ".txt", ".json", ".toml", ".yml", ".yaml", ".clang-format", ".clang-tidy")
TEXT_NAMES = ("LICENSE", ".gitignore")
MOST_LINES, MOST_LONG_LINES = 400, 600
SPDX = "SPDX-License-Identifier: Apache-2.0"
LONG = re.compile(r"^\s*(//|#) Long: \S")
OPEN_END = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))")
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(work|root|tmp|home)\b/?")
BESIDE = re.compile(r"\.\./shared\b")


def is_code(path):
    return path.endswith(CODE) or path.rsplit("/", 1)[-1] in CODE_NAMES


def is_text(path):
    return is_code(path) or path.endswith(TEXT) or path.rsplit("/", 1)[-1] in TEXT_NAMES


def check_line(path, line):
    """The broken rules of one line."""
    found = []
    if not line.isascii():
        found.append("not ASCII: " + ascii(next(c for c in line if not c.isascii())))
    if is_code(path) and path != "tools/check_style.py" and OPEN_END.search(line):
        found.append(f"{OPEN_END.search(line).group(1)} without an issue number: TODO(#12)")
    if path != "LICENSE" and MACHINE_PATH.search(line):
        found.append(f"path of one machine: {MACHINE_PATH.search(line).group()}")
    if not path.startswith("tests/") and BESIDE.search(line):
        found.append("data beside the repository is known to tests/ only")
    return found


def check_file(path, lines):
    """The broken rules of a whole file as (line number, rule)."""
    if not is_code(path):
        return []
    found = []
    if not any(SPDX in line for line in lines[:2]):
        found.append((1, f"the first line must be a comment with {SPDX}"))
    if path.endswith(".h") and "#pragma once" not in lines:
        found.append((1, "a header needs #pragma once"))
    if len(lines) > MOST_LONG_LINES:
        found.append((len(lines), f"{len(lines)} lines, at most {MOST_LONG_LINES}: split it"))
    elif len(lines) > MOST_LINES and not any(LONG.match(line) for line in lines):
        found.append(
            (len(lines), f"{len(lines)} lines, over {MOST_LINES} needs a line '// Long: why'")
        )
    return found


def check_text(path, text):
    """All broken rules of one file as (line number, rule)."""
    lines = text.splitlines()
    found = check_file(path, lines)
    for number, line in enumerate(lines, 1):
        found += [(number, rule) for rule in check_line(path, line)]
    if text and not text.endswith("\n"):
        found.append((len(lines), "no newline at the end"))
    return found


def self_test():
    """Toy files, each with the word that the complaint must contain ('' = allowed)."""
    top = "// " + SPDX + "\n"
    once = top + "#pragma once\n"
    cases = [
        ("a.cpp", top, ""),
        ("a.sh", "#!/bin/sh\n# " + SPDX + "\n", ""),
        ("a.cpp", "int a;\n", "SPDX"),
        ("a.h", once, ""),
        ("a.h", top, "once"),
        ("a.md", "# no licence line\n", ""),
        ("a.md", "caf\u00e9\n", "ASCII"),
        ("a.cpp", top + "// TODO later\n", "issue number"),
        ("a.cpp", top + "// TODO(#12) later\n", ""),
        ("a.cpp", top + "int a;\n" * 399, ""),
        ("a.cpp", top + "int a;\n" * 400, "Long"),
        ("a.cpp", top + "// Long: one table\n" + "int a;\n" * 500, ""),
        ("a.cpp", top + "// Long: one table\n" + "int a;\n" * 600, "split"),
        ("a.md", "see /" + "work/x\n", "machine"),
        ("a.json", '"/' + 'tmp/x"\n', "machine"),
        ("a.md", "frame/work/x and ./tmp/x\n", ""),
        ("a.md", "from .." + "/shared\n", "beside"),
        ("tests/a.cpp", top + "// .." + "/shared\n", ""),
        ("a.cpp", top + "int a;", "newline"),
    ]
    bad = 0
    for path, text, word in cases:
        said = "; ".join(rule for _, rule in check_text(path, text))
        if (word not in said) if word else said:
            print(f"self-test: {path}: {text[:60]!r}\n  expected '{word}', got '{said}'")
            bad += 1
    print(f"check_style: self-test, {len(cases)} cases, {bad} failed")
    return bad


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 1 if self_test() else 0
    count = 0
    for path in filter(is_text, list_all()):
        for number, rule in check_text(path, (ROOT / path).read_text(errors="replace")):
            print(f"{path}:{number}: {rule}")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
