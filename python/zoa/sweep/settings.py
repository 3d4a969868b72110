# SPDX-License-Identifier: Apache-2.0
"""How a sweep is run, as opposed to what is run (grid.py). Nothing here changes a result."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Fields that are zero or empty are chosen when the sweep starts."""

    program: str | None = None  # zoa; None: ZOA_PROGRAM, PATH, build/zoa
    threads: int = 0  # of a cell, asked from Ray as CPUs; 0: CPUs shared out evenly, at least 1
    cpus: int = 0  # of a Ray started here; 0: all that this process may use
    retries: int = 3  # times that a cell is started again after its worker or node was lost
    temp_dir: str | None = None  # of a Ray started here; None: one that is removed at the end
    report: bool = True  # write report.html at the end
    quiet: bool = False  # no progress
