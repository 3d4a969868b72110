# SPDX-License-Identifier: Apache-2.0
"""Runs the program as a user does: cases.json (command, exit status, texts) and longer stories.

usage: run_cli_tests.py PROGRAM [--models DIR] [--only PART] [--keep]
Each case runs in a folder of its own. In commands, {fix} is the folder of fixtures, {models} the
shipped networks. A command that fails must print exactly one line 'zoa: error: ...', as the last.
A failing case prints the command that repeats it.
"""

import argparse
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from adapt_stories import (
    test_adapt_guards,
    test_adapt_refuses,
    test_adapt_resume,
    test_adapt_signals,
    test_adapt_stream,
)
from cache_stories import test_cache, test_cache_adapt
from checks import case_problems
from make_fixtures import break_models, make_fixtures
from state_stories import test_state_damaged, test_state_looked_at, test_state_moved
from stream_stories import test_shards, test_states, test_streams
from video_stories import test_video

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SECONDS = 300
QUANTIZE = ["--preset", "inception", "--calib-size", "20"]


class Runner:
    def __init__(self, program, models, folder):
        self.program, self.models, self.fix = program, models, folder / "fix"
        self.folder = folder
        self.failed, self.passed = [], 0
        self.fix.mkdir()

    def run(self, words, cwd, stdout=subprocess.PIPE):
        words = [w.format(fix=self.fix, models=self.models) for w in words]
        return subprocess.run(
            [str(self.program), *words],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )

    def check(self, name, problems, words=()):
        if problems:
            self.failed.append(name)
            command = shlex.join(w.format(fix=self.fix, models=self.models) for w in words)
            print(
                f"FAILED {name}: " + "; ".join(problems) + (f"\n  zoa {command}" if command else "")
            )
        else:
            self.passed += 1
            print(f"ok     {name}", flush=True)

    def case_folder(self, name):
        folder = self.folder / re.sub(r"\W+", "-", name)
        folder.mkdir()
        return folder


def run_case(runner, case):
    words = case["command"]
    folder = runner.case_folder(case["name"])
    try:
        if case.get("to"):
            with open(case["to"], "w", encoding="utf-8") as sink:
                done = runner.run(words, folder, sink)
        else:
            done = runner.run(words, folder)
        problems = case_problems(case, done)
    except subprocess.TimeoutExpired:
        problems = [f"ran past {SECONDS} s"]
    for name in case.get("files", []):
        if not (folder / name).exists():
            problems.append(f"did not write {name}")
    for name in case.get("no_files", []):
        if (folder / name).exists():
            problems.append(f"left {name} behind")
    runner.check(case["name"], problems, words)


def prepare(runner):
    make_fixtures(runner.fix, runner.models)
    words = [
        "quantize",
        "{models}/fashion-resnet.onnx",
        "--calib",
        "images:{fix}/ten",
        "-o",
        "{fix}/good.zoa",
    ]
    done = runner.run(words + QUANTIZE, runner.folder)
    problems = (
        [] if done.returncode == 0 else [f"exit status {done.returncode}: {done.stderr[-500:]}"]
    )
    if "int8: " not in done.stdout:
        problems.append("no coverage line")
    if "PREPROCESSING" not in done.stderr:
        problems.append("the preprocessing is not said loudly")
    runner.check("quantize the shipped network", problems, words + QUANTIZE)
    if not problems:
        break_models(runner.fix)
    return not problems


def test_determinism(runner):
    """Same seed, 1 and 2 threads: the same bytes, and each line is a record."""
    folder = runner.case_folder("determinism")
    words = [
        "eval",
        "{fix}/good.zoa",
        "--data",
        "npz:{fix}/two.npz",
        "--batch",
        "16",
        "--no-timings",
    ]
    contents = []
    for threads in ("1", "2"):
        done = runner.run([*words, "--threads", threads, "-o", f"{threads}.jsonl"], folder)
        contents.append(
            (folder / f"{threads}.jsonl").read_bytes() if done.returncode == 0 else done.stderr
        )
    problems = [] if contents[0] == contents[1] else ["records differ between 1 and 2 threads"]
    kinds = [json.loads(line)["kind"] for line in (folder / "1.jsonl").read_text().splitlines()]
    wanted = ["run"] + ["batch"] * 12 + ["summary"] * 2
    if kinds != wanted:
        problems.append(f"kinds of records {kinds}, expected {wanted}")
    runner.check("same bytes for 1 and 2 threads", problems, words)


def test_record_keys(runner):
    folder = runner.case_folder("keys")
    words = [
        "eval",
        "{fix}/good.zoa",
        "--data",
        "npz:{fix}/two.npz",
        "--batch",
        "16",
        "-o",
        "run.jsonl",
    ]
    words += ["--report", "run.html", "--domains", "snow"]
    done = runner.run(words, folder)
    records = [json.loads(line) for line in (folder / "run.jsonl").read_text().splitlines()]
    keys = {
        "method",
        "domain",
        "round",
        "step",
        "count",
        "correct",
        "loss",
        "passes",
        "ms",
        "changed",
        "pass_equivalents",
        "ece_bins",
        "rss_mb",
        "bank_weights",
    }
    problems = [] if done.returncode == 0 else [done.stderr[-300:]]
    for record in records:
        if record["kind"] == "batch" and not keys <= set(record):
            problems.append(f"a batch lacks {keys - set(record)}")
    if {r["domain"] for r in records if r["kind"] == "batch"} != {"snow"}:
        problems.append("--domains snow ran something else")
    if {r["method"]: r["passes"] for r in records if r["kind"] == "batch"} != {
        "noadapt": 1,
        "zoa": 2,
    }:
        problems.append("passes are not 1 and 2")
    page = (folder / "run.html").read_text()
    if "<svg" not in page or re.search(r"""(src|href)=["']?https?:""", page):
        problems.append("the page has no plot, or reads something from elsewhere")
    runner.check("records and page of eval", problems, words)


def test_interrupt(runner):
    """Ctrl-C after the first batch: exit 130 and a file of whole records."""
    folder = runner.case_folder("interrupt")
    words = [
        "eval",
        f"{runner.fix}/good.zoa",
        "--data",
        f"npz:{runner.fix}/two.npz",
        "--rounds",
        "500",
    ]
    output = folder / "run.jsonl"
    with subprocess.Popen(
        [str(runner.program), *words, "--batch", "4", "-o", str(output)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and child.poll() is None:
            if output.exists() and output.read_bytes().count(b"\n") > 2:
                break
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=SECONDS)
    records = [json.loads(line) for line in output.read_text().splitlines()]
    problems = [] if child.returncode == 130 else [f"exit status {child.returncode}, expected 130"]
    if records[-1].get("complete") is not False:
        problems.append("the last record does not say that the run is not complete")
    if "mean" not in out:
        problems.append("no table of what was done")
    runner.check("Ctrl-C leaves a valid partial file", problems, words)


def test_full_disk(runner):
    """quantize onto a file system that is too small; needs the right to mount one."""
    disk = runner.folder / "tiny"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if (
        os.geteuid() != 0
        or subprocess.run(mount, check=False, stderr=subprocess.DEVNULL).returncode != 0
    ):
        print("skip   quantize onto a full disk (may not mount a file system here)")
        return
    try:
        words = [
            "quantize",
            "{models}/fashion-resnet.onnx",
            "--calib",
            "images:{fix}/ten",
            *QUANTIZE,
        ]
        words += ["-o", f"{disk}/x.zoa"]
        done = runner.run(words, runner.folder)
        problems = case_problems({"exit": 1, "stderr": "x.zoa"}, done)
        if (disk / "x.zoa" / "zoa.json").exists():
            problems.append("zoa.json was written all the same")
        runner.check("quantize onto a full disk", problems, words)
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def test_read_only(runner):
    """A folder without write permission; root may write anywhere, so /proc stands in for it."""
    place = runner.folder / "locked"
    place.mkdir()
    place.chmod(0o555)
    target = "/proc" if os.geteuid() == 0 else str(place)
    words = [
        "quantize",
        "{models}/fashion-resnet.onnx",
        "--calib",
        "images:{fix}/ten",
        "-o",
        target + "/x.zoa",
    ]
    runner.check(
        "quantize to a read-only place",
        case_problems({"exit": 1}, runner.run(words, runner.folder)),
        words,
    )
    words = [
        "eval",
        "{fix}/good.zoa",
        "--data",
        "npz:{fix}/two.npz",
        "-o",
        target + "/x.jsonl",
    ]
    runner.check(
        "records to a read-only place",
        case_problems({"exit": 1}, runner.run(words, runner.folder)),
        words,
    )
    place.chmod(0o755)


STORIES = [
    test_determinism,
    test_record_keys,
    test_shards,
    test_streams,
    test_states,
    test_state_looked_at,
    test_state_damaged,
    test_state_moved,
    test_adapt_stream,
    test_adapt_resume,
    test_adapt_guards,
    test_adapt_signals,
    test_adapt_refuses,
    test_cache,
    test_cache_adapt,
    test_video,
    test_interrupt,
    test_full_disk,
    test_read_only,
]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("program", type=Path)
    parser.add_argument("--models", type=Path, default=ROOT / "models")
    parser.add_argument("--only", default="", help="cases whose name has this part")
    parser.add_argument("--keep", action="store_true", help="keep the folder of the run")
    options = parser.parse_args()
    cases = json.loads((HERE / "cases.json").read_text())
    folder = Path(tempfile.mkdtemp(prefix="zoa-cli-"))
    runner = Runner(options.program.resolve(), options.models.resolve(), folder)
    if prepare(runner):
        for case in cases:
            if options.only in case["name"]:
                run_case(runner, case)
        for story in STORIES:
            if options.only in story.__name__:
                story(runner)
    if options.keep:
        print(f"kept: {folder}")
    else:
        subprocess.run(["rm", "-rf", str(folder)], check=False)
    print(f"{runner.passed} passed, {len(runner.failed)} failed")
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
