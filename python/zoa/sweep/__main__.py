# SPDX-License-Identifier: Apache-2.0
"""python -m zoa.sweep GRID.toml -o FOLDER: see zoa.sweep and docs/guide/sweep.md."""

import argparse
import os
import shlex
import sys

from zoa.sweep.cells import make_cells
from zoa.sweep.driver import SweepResult, sweep
from zoa.sweep.grid import Grid, SweepError
from zoa.sweep.settings import Settings
from zoa.sweep.store import Store

USAGE_STATUS, INTERRUPTED_STATUS = 2, 130  # those of the program


def parse_arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m zoa.sweep",
        description="Runs every cell of a grid that the output folder has no complete record of, "
        "on Ray, and makes one report of all.",
        epilog="exit status: 0 all cells complete, 1 some failed, 2 wrong arguments, "
        "130 interrupted (the same command goes on)",
    )
    add = parser.add_argument
    add("grid", help="models, methods, data, seeds: GRID.toml or GRID.json")
    add("-o", "--output", required=True, metavar="DIR", help="folder of records, logs, models")
    add("--address", help="of a Ray cluster: auto, HOST:PORT, ray://HOST:PORT (default: none)")
    add("--threads", type=int, default=0, metavar="N", help="of a cell (default: CPUs shared out)")
    add("--cpus", type=int, default=0, metavar="N", help="of the Ray started here (default: all)")
    add("--retries", type=int, default=3, metavar="N", help="after a lost worker (default: 3)")
    add("--temp-dir", metavar="DIR", help="of the Ray started here, kept (default: removed)")
    add("--program", metavar="FILE", help="zoa (default: ZOA_PROGRAM, PATH, build/zoa)")
    add("--no-report", action="store_true", help="do not write report.html")
    add("--quiet", action="store_true", help="no progress")
    add("--list", action="store_true", help="print all cells and their state, run nothing")
    add("--dry-run", action="store_true", help="print the commands of what is missing, run nothing")
    arguments = parser.parse_args(words)
    for name in ("threads", "cpus", "retries"):
        if getattr(arguments, name) < 0:
            parser.error(f"--{name}: expected a whole number from 0")
    return arguments


def print_plan(grid: Grid, output: str, commands: bool) -> None:
    """Cells with their state, or the commands of those that are missing."""
    store = Store(output)
    announced = set()
    for cell in make_cells(grid):
        complete = store.find_summary(cell) is not None
        if not commands:
            state = "failed" if store.log_path(cell).exists() else "missing"
            print(f"{'complete' if complete else state:<9} {cell.name}")
            continue
        build = cell.source.build
        if build and not complete and build.name not in announced and not store.is_built(build):
            announced.add(build.name)
            print(shlex.join(["zoa", *build.words, "-o", str(store.folder(build))]))
        if not complete:
            words = ["zoa", "eval", store.model_path(cell), *cell.words]
            print(shlex.join([*words, "-o", str(store.path(cell))]))


def print_result(result: SweepResult) -> None:
    counts = result.counts
    rows = [(name, result.reasons[name], log) for name, log in result.failed.items()]
    for name, reason, log in rows:
        print(f"FAILED {name}\n       {reason}\n       {log}")
    print(
        f"{counts.cells} cells: {counts.done} done now, {counts.kept} complete before, "
        f"{counts.failed} failed"
    )
    if result.report:
        print(f"report: {result.report}")
    if result.report_error:
        print(f"no report: {result.report_error}")


def main(words: list[str] | None = None) -> int:
    arguments = parse_arguments(words)
    settings = Settings(
        program=arguments.program,
        threads=arguments.threads,
        cpus=arguments.cpus,
        retries=arguments.retries,
        temp_dir=arguments.temp_dir,
        report=not arguments.no_report,
        quiet=arguments.quiet,
    )
    try:
        grid = Grid.load(arguments.grid)
        if arguments.list or arguments.dry_run:
            print_plan(grid, arguments.output, commands=arguments.dry_run)
            sys.stdout.flush()
            return 0
        result = sweep(grid, arguments.output, arguments.address, settings)
    except BrokenPipeError:  # of --list | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (SweepError, OSError) as error:  # the latter: a full disk, say
        print(f"zoa: error: {error}", file=sys.stderr)
        return USAGE_STATUS if isinstance(error, SweepError) else 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on with what is missing", file=sys.stderr)
        return INTERRUPTED_STATUS
    print_result(result)
    return 0 if result.ok else 1


if __name__ == "__main__":
    sys.exit(main())
