# SPDX-License-Identifier: Apache-2.0
"""The sweep: finds what is missing, lets Ray run it, keeps what comes back, makes the report."""

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from zoa.program import find_program
from zoa.sweep import task
from zoa.sweep.cells import Build, Cell, flag_words, make_cells
from zoa.sweep.cluster import Cluster, connect
from zoa.sweep.grid import Grid, SweepError
from zoa.sweep.progress import Counts, Progress
from zoa.sweep.settings import Settings
from zoa.sweep.store import Store, read_records

WAIT_SECONDS = 0.5  # between looks at what has ended; Ctrl-C and the live table need no less


@dataclass
class SweepResult:
    """failed, report_error: empty if all went well; failed names the log of each failed cell."""

    counts: Counts
    records: list[str]  # files of the complete cells, in the order of the grid
    failed: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    report: str = ""
    report_error: str = ""

    @property
    def ok(self) -> bool:
        return not self.failed and not self.report_error


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def top1_text(summary: dict[str, Any]) -> str:
    top1 = summary.get("top1")
    return "done" if top1 is None else f"top-1 {100 * top1:.1f} %"


class Run:
    """One sweep under way: tasks of Ray by their references, cells that wait for a model."""

    def __init__(self, store: Store, cluster: Cluster, settings: Settings, result: SweepResult):
        self.store, self.cluster, self.result = store, cluster, result
        self.job = {"program": settings.program, "cwd": os.getcwd(), "scratch": cluster.scratch}
        self.tasks: dict[Any, Cell | Build] = {}
        self.waiting: dict[str, list[Cell]] = {}
        self.shipped: dict[str, Any] = {}
        self.progress = Progress(result.counts, settings.quiet)
        self.settings = settings

    def run(self, cells: list[Cell]) -> None:
        """Runs the cells. Interrupted, it ends what is running; what was kept stays."""
        self.job["threads"] = self.cluster.choose_threads(self.settings, len(cells))
        try:
            with self.progress:
                self.submit_all(cells)
                while self.tasks:
                    self.result.counts.running = self.count_running()
                    ready, _ = self.cluster.ray.wait(list(self.tasks), timeout=WAIT_SECONDS)
                    for ref in ready:
                        self.take(ref)
        finally:
            self.cluster.cancel(list(self.tasks))

    def submit_all(self, cells: list[Cell]) -> None:
        """Quantizations first: other cells run beside them, theirs cannot."""
        builds = {c.source.build for c in cells if c.source.build}
        for build in sorted(builds, key=lambda b: b.name):
            if not self.store.is_built(build):
                job = {**self.job, "name": build.name, "words": list(build.words)}
                self.tasks[self.cluster.submit(task.quantize, job["threads"], job)] = build
                self.waiting[build.name] = []
        for cell in cells:
            build = cell.source.build
            if build and build.name in self.waiting:
                self.waiting[build.name].append(cell)
            else:
                self.submit_cell(cell)

    def submit_cell(self, cell: Cell) -> None:
        model = self.store.model_path(cell)
        job = {**self.job, "model": model, "flags": list(cell.words)}
        ref = self.cluster.submit(task.evaluate, job["threads"], job, self.ship(model))
        self.tasks[ref] = cell

    def ship(self, model: str) -> Any:
        """To a cluster, models go with the first task that needs them; None: by their path only."""
        if not self.cluster.shared or task.fingerprint(model) is None:
            return None
        if model not in self.shipped:
            self.shipped[model] = self.cluster.ray.put(task.read_folder(model))
        return self.shipped[model]

    def count_running(self) -> int:
        """At most; a cluster that others use may run fewer."""
        cells = sum(isinstance(what, Cell) for what in self.tasks.values())
        slots = sum(cpus // self.job["threads"] for cpus in self.cluster.cpus())
        return min(cells, max(0, slots - (len(self.tasks) - cells)))

    def take(self, ref: Any) -> None:
        """Keeps what a task brought."""
        what = self.tasks.pop(ref)
        try:
            outcome = self.cluster.ray.get(ref)
        except self.cluster.ray.exceptions.RayError as error:  # lost too often, or our mistake
            outcome = {"status": 1, "stderr": f"{error}\n", "seconds": 0.0}
        if isinstance(what, Build):
            self.take_model(what, outcome)
        else:
            self.take_cell(what, outcome)

    def take_model(self, build: Build, outcome: dict[str, Any]) -> None:
        if outcome["status"] == 0:
            self.store.keep_model(build, outcome["files"])
            self.progress.note(f"{self.store.folder(build)}: {outcome['seconds']:.1f} s")
            for cell in self.waiting.pop(build.name):
                self.submit_cell(cell)
            return
        self.store.keep_log(build, self.log_text(outcome))
        log = str(self.store.log_path(build))
        self.progress.note(f"{build.name}: FAILED: {last_line(outcome['stderr'])}")
        for cell in self.waiting.pop(build.name):
            self.fail(cell, "its model failed: " + last_line(outcome["stderr"]), log)

    def take_cell(self, cell: Cell, outcome: dict[str, Any]) -> None:
        records = read_records(outcome.get("text", ""))
        if outcome["status"] == 0 and records:
            self.store.keep_records(cell, outcome["text"])
            self.result.counts.done += 1
            verdict = top1_text(records[1])
        else:
            if outcome["status"] == 0:
                outcome["stderr"] += "zoa eval ended well but its records are not one whole run\n"
            self.store.keep_log(cell, self.log_text(outcome))
            self.fail(cell, last_line(outcome["stderr"]), str(self.store.log_path(cell)))
            verdict = "FAILED: " + last_line(outcome["stderr"])
        self.progress.cell_ended(cell.name, verdict, outcome["seconds"])

    def fail(self, cell: Cell, reason: str, log: str) -> None:
        self.result.counts.failed += 1
        self.result.failed[cell.name] = log
        self.result.reasons[cell.name] = reason

    @staticmethod
    def log_text(outcome: dict[str, Any]) -> str:
        """What a person needs to see the failure again."""
        head = f"{outcome.get('command', '')}\nstatus {outcome['status']}"
        return f"{head}, on {outcome.get('host', 'a lost node')}\n{outcome['stderr']}"


@contextlib.contextmanager
def terminate_as_interrupt() -> Iterator[None]:
    """SIGTERM ends a sweep as Ctrl-C does. Only the main thread may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def write_report(result: SweepResult, program: str, output: str, grid: Grid) -> None:
    """The page over all complete cells, also if others failed."""
    page = os.path.join(output, "report.html")
    words = [program, "report", *result.records, "-o", page, *flag_words(grid.report)]
    if len(grid.data) > 1 or grid.axes:
        words.append("--mix-unlike")  # the grid itself asks for them side by side
    try:
        ended = subprocess.run(words, capture_output=True, text=True, errors="replace")
    except OSError as error:
        result.report_error = f"{program}: {error.strerror}"
        return
    if ended.returncode == 0:
        result.report = page
    else:
        result.report_error = last_line(ended.stderr)


def choose_program(settings: Settings, address: str | None) -> str:
    try:
        return find_program(settings.program)
    except FileNotFoundError as error:
        if address and not settings.program:
            return "zoa"  # the driver may be a laptop; the nodes have it on their PATH
        raise SweepError(str(error)) from None


def sweep(
    grid: Grid,
    output: str | os.PathLike[str],
    address: str | None = None,
    settings: Settings | None = None,
) -> SweepResult:
    """Runs the cells of the grid that output has no complete record of, then makes the report.

    output   folder; NAME-HASH.jsonl for each cell, .log for each failed one, models/, report.html
    address  of a Ray cluster: "auto", "HOST:PORT", "ray://HOST:PORT"; None: Ray is started here
    Raises   SweepError for what cannot start, KeyboardInterrupt after an orderly end. A cell that
             fails is in the result.
    """
    settings = settings or Settings()
    cells = make_cells(grid)
    program = choose_program(settings, address)
    settings = replace(settings, program=program)
    store = Store(os.fspath(output))
    with store.locked():
        missing = [cell for cell in cells if store.find_summary(cell) is None]
        counts = Counts(len(cells), kept=len(cells) - len(missing))
        result = SweepResult(counts, [])
        if missing:
            with connect(address, settings) as cluster, terminate_as_interrupt():
                Run(store, cluster, settings, result).run(missing)
        result.records = [str(store.path(c)) for c in cells if c.name not in result.failed]
        if settings.report and result.records:
            write_report(result, program, store.output, grid)
    return result
