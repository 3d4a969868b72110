# SPDX-License-Identifier: Apache-2.0
"""Runs a grid of evaluations (models x bits x methods x seeds x data) on Ray.

    from zoa.sweep import Grid, sweep
    result = sweep(Grid.load("grid.toml"), "runs")

or, from a shell, python -m zoa.sweep grid.toml -o runs. The guide is docs/guide/sweep.md.
"""

from zoa.sweep.driver import SweepResult, sweep
from zoa.sweep.grid import Data, Grid, Method, Model, SweepError
from zoa.sweep.settings import Settings

__all__ = ["Data", "Grid", "Method", "Model", "Settings", "SweepError", "SweepResult", "sweep"]
