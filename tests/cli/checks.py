# SPDX-License-Identifier: Apache-2.0
"""What a command that ended is checked for. Used by run_cli_tests.py and its stories."""

import re

PREFIX = "zoa: error: "


def error_problems(stderr):
    """What is wrong with the error output of a command that failed."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(PREFIX)]
    if len(errors) != 1:
        return [f"{len(errors)} lines '{PREFIX}...' instead of one in {stderr[-400:]!r}"]
    if lines[-1] != errors[0]:
        return [f"the error is not the last line: {lines[-1]!r}"]
    return ["the error ends without saying anything"] if len(errors[0]) < len(PREFIX) + 10 else []


def case_problems(case, done):
    problems = []
    if done.returncode != case["exit"]:
        problems.append(
            f"exit status {done.returncode}, expected {case['exit']}: {done.stderr[-300:]!r}"
        )
    elif done.returncode not in (0, 130):
        problems += error_problems(done.stderr)
    for stream in ("stdout", "stderr"):
        pattern = case.get(stream)
        text = getattr(done, stream) or ""
        if pattern and not re.search(pattern, text, re.MULTILINE):
            problems.append(f"{stream} lacks /{pattern}/: {text[-400:]!r}")
    return problems
