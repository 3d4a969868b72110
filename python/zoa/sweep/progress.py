# SPDX-License-Identifier: Apache-2.0
"""Progress on standard error: a live table (rich) on a terminal, a line for each cell elsewhere."""

import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO

LAST_SHOWN = 6  # lines below the live table


@dataclass
class Counts:
    """Of the cells of a sweep."""

    cells: int
    kept: int = 0  # complete before the sweep began
    done: int = 0
    failed: int = 0
    running: int = 0

    @property
    def left(self) -> int:
        return self.cells - self.kept - self.done - self.failed


def duration_text(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@dataclass
class Progress:
    counts: Counts
    quiet: bool = False
    stream: TextIO = field(default_factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self.start = self.clock()
        self.last: deque[str] = deque(maxlen=LAST_SHOWN)
        self.live: Any = None

    def __enter__(self) -> "Progress":
        if not self.quiet and self.stream.isatty():
            try:
                from rich.console import Console
                from rich.live import Live
            except ImportError:  # only the sweep extra brings it; lines do as well
                return self
            console = Console(file=self.stream)
            self.live = Live(get_renderable=self.table, console=console, refresh_per_second=4)
            self.live.start()
        return self

    def __exit__(self, *_: Any) -> None:
        if self.live:
            self.live.stop()

    def eta(self) -> str:
        """Time left if the other cells take as long as those of this sweep so far."""
        ended = self.counts.done + self.counts.failed
        if not ended:
            return "?"
        return duration_text((self.clock() - self.start) / ended * self.counts.left)

    def table(self) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        counts = self.counts
        waiting = counts.left - counts.running
        table = Table(caption=f"{duration_text(self.clock() - self.start)}, left: {self.eta()}")
        for name in ("done", "kept", "running", "waiting", "failed", "cells"):
            table.add_column(name, justify="right")
        failed = Text(str(counts.failed), style="bold red" if counts.failed else "")
        numbers = [counts.done, counts.kept, counts.running, waiting]
        table.add_row(*map(str, numbers), failed, str(counts.cells))
        return Group(table, *(Text(line, overflow="ellipsis", no_wrap=True) for line in self.last))

    def note(self, line: str) -> None:
        """A line among those of the cells."""
        if self.live:
            self.last.append(line)
        elif not self.quiet:
            print(line, file=self.stream, flush=True)

    def cell_ended(self, name: str, verdict: str, seconds: float) -> None:
        """After the counts were changed. verdict  e.g. "top-1 61.2 %" or an error's first words."""
        counts = self.counts
        place = f"[{counts.cells - counts.left}/{counts.cells}]"
        left = f", left: {self.eta()}" if counts.left else ""
        self.note(f"{place} {name}: {verdict}, {seconds:.1f} s{left}")
