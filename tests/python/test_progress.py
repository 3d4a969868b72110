# SPDX-License-Identifier: Apache-2.0
"""Progress as lines and as a table."""

import io
import re

from zoa.sweep.progress import Counts, Progress, duration_text


def test_lines_elsewhere():
    stream, times = io.StringIO(), iter([0, 10, 20])
    with Progress(Counts(5, kept=1), stream=stream, clock=lambda: next(times)) as progress:
        progress.counts.done += 1
        progress.cell_ended("a", "top-1 61.2 %", 9.96)
        progress.counts.failed += 1
        progress.cell_ended("b", "FAILED: no file", 1)
    assert stream.getvalue() == (
        "[2/5] a: top-1 61.2 %, 10.0 s, left: 0:30\n[3/5] b: FAILED: no file, 1.0 s, left: 0:20\n"
    )


def test_quiet():
    stream = io.StringIO()
    with Progress(Counts(1), quiet=True, stream=stream) as progress:
        progress.cell_ended("a", "done", 1)
    assert stream.getvalue() == ""


def test_table_on_a_terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    stream = io.StringIO()
    stream.isatty = lambda: True
    with Progress(Counts(9, kept=2, done=3, failed=1, running=2), stream=stream) as progress:
        progress.cell_ended("a-[x]", "top-1 61.2 %", 9.96)
    table = stream.getvalue()
    for text in ("waiting", "left:", "[6/9] a-[x]: top-1 61.2 %"):
        assert text in table
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", table)
    assert re.search(r"3\W+2\W+2\W+1\W+1\W+9\b", plain)


def test_durations():
    assert [duration_text(s) for s in (0, 59.6, 3599, 3600)] == ["0:00", "1:00", "59:59", "1:00:00"]
