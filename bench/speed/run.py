# SPDX-License-Identifier: Apache-2.0
"""Times zoa beside what a user would pick instead, on this machine, in one run.

    python3 -m venv ENV && ENV/bin/pip install -r bench/speed/requirements.txt
    ENV/bin/python bench/speed/run.py FOLDER --calib imagenet:DIR -o speed

FOLDER gets the networks (prepare.py) and keeps them. Each round runs all contenders of a case one
after the other, each in a process of its own; a ratio is taken within a round, and the table has
the median over the rounds with the least and the largest. Close everything else before.
Writes speed.md and speed.json; without -o the table goes to standard output.
"""

import argparse
import json
import os
import sys
from importlib.metadata import version
from pathlib import Path

import tomllib
from contenders import CONTENDERS, NEEDS, ContenderError, Setup, run_process
from prepare import prepare
from tables import make_report

HERE = Path(__file__).resolve().parent
PACKAGES = ("openvino", "onnxruntime", "torch", "timm")


def log(text):
    print(text, file=sys.stderr, flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="networks; what is missing is made there")
    parser.add_argument("--zoa", type=Path, default=HERE.parents[1] / "build" / "zoa")
    parser.add_argument("--cases", type=Path, default=HERE / "cases.toml", metavar="FILE.toml")
    parser.add_argument("--case", action="append", default=[], help="only this one; may repeat")
    parser.add_argument("--contender", action="append", default=[], help="only this one")
    parser.add_argument("--batch", type=int, default=0, help="instead of the cases' own")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=3, help="of each contender in a round")
    parser.add_argument("--warmup", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0, help="0 = all that may be used")
    parser.add_argument("--calib", default="", metavar="SPEC", help="to make model folders with")
    parser.add_argument("-o", "--output", type=Path, help="PATH.md and PATH.json")
    return parser, parser.parse_args()


def machine_of(arguments, cpus):
    """CPU, instruction set and zoa's version from zoa itself; the rivals' from their packages."""
    out, _ = run_process([str(arguments.zoa), "doctor"], cpus)
    versions = {name: version(name) for name in PACKAGES}
    return {"doctor": out.strip().splitlines(), "threads": len(cpus), "versions": versions}


def run_case(name, case, network, arguments, cpus):
    """Values of each round."""
    names = [c for c in case["contenders"] if not arguments.contender or c in arguments.contender]
    kinds = sorted({kind for contender in names for kind in NEEDS[contender]})
    reason = prepare(case["network"], network, kinds, arguments, log)
    if reason:
        return {"skipped": reason, "rounds": []}
    batch = arguments.batch or case["batch"]
    setup = Setup(
        folder=arguments.folder,
        zoa=arguments.zoa,
        network=network,
        batch=batch,
        threads=len(cpus),
        steps=arguments.steps,
        warmup=arguments.warmup,
    )
    rounds, left_out = [], []
    for number in range(1, arguments.rounds + 1):
        values = {}
        for contender in names:
            log(f"{name}, batch {batch}, round {number} of {arguments.rounds}: {contender}")
            try:
                values |= CONTENDERS[contender](setup, cpus)
            except ContenderError as error:
                log(f"    left out: {error}")
                left_out.append(f"{contender}, round {number}: {error}")
        rounds.append(values)
    return {"batch": batch, "rounds": rounds, "left_out": left_out}


def write_report(report, arguments):
    if arguments.output is None:
        print(make_report(report))
        return
    Path(f"{arguments.output}.md").write_text(make_report(report))
    Path(f"{arguments.output}.json").write_text(json.dumps(report, indent=2) + "\n")


def main():
    parser, arguments = parse_arguments()
    with arguments.cases.open("rb") as file:
        plan = tomllib.load(file)
    unknown = [case for case in arguments.case if case not in plan["cases"]]
    unknown += [c for c in arguments.contender if c not in CONTENDERS]
    if unknown:
        parser.error(f"unknown {unknown[0]!r}; cases: {', '.join(plan['cases'])}")
    available = sorted(os.sched_getaffinity(0))
    cpus = available[: arguments.threads or len(available)]
    report = {"machine": machine_of(arguments, cpus), "rows": plan["rows"], "cases": {}}
    report["batch"] = arguments.batch  # 0: the cases' own
    report["command"] = " ".join(["python", *sys.argv])
    for name, case in plan["cases"].items():
        if not arguments.case or name in arguments.case:
            network = plan["networks"][case["network"]]
            report["cases"][name] = run_case(name, case, network, arguments, cpus)
            if arguments.output:  # what is there survives a run that is broken off
                write_report(report, arguments)
    write_report(report, arguments)


if __name__ == "__main__":
    main()
