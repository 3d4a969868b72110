# SPDX-License-Identifier: Apache-2.0
"""Stories of run_cli_tests.py about streams: shards and their merge, orders, states of methods."""

import json

from checks import case_problems


def run_lines(runner, folder, words, output):
    """Bytes of the records of eval, or the error text."""
    done = runner.run([*words, "-o", output], folder)
    return (folder / output).read_bytes() if done.returncode == 0 else done.stderr


def test_shards(runner):
    """The shards of an evaluation, merged, are the evaluation byte for byte."""
    folder = runner.case_folder("shards")
    base = ["eval", "{fix}/good.zoa", "--data", "imagenet-c:{fix}/in-c", "--batch", "8"]
    base += ["--no-timings", "--quiet"]
    for number, extra in enumerate(
        (
            ["--seeds", "2"],
            ["--seeds", "2", "--method", "all", "--passes", "2"],  # some are left out
            ["--reset", "domain", "--severity", "1,5", "--rounds", "2"],
            ["--mixed", "--order", "dirichlet", "--reset", "round", "--rounds", "2"],
        )
    ):
        words = [*base, *extra]
        whole = run_lines(runner, folder, words, f"{number}.jsonl")
        parts = [f"{number}-{i}.jsonl" for i in (3, 1, 2)]
        for i in (1, 2, 3):
            run_lines(runner, folder, [*words, "--shard", f"{i}/3"], f"{number}-{i}.jsonl")
        done = runner.run(["merge", *parts, "-o", "merged.jsonl"], folder)
        problems = [] if done.returncode == 0 else [done.stderr[-300:]]
        if not problems and (folder / "merged.jsonl").read_bytes() != whole:
            problems.append("the merged shards are not the whole run")
        runner.check(f"merged shards of {' '.join(extra)}", problems, words)
        done = runner.run(["merge", *parts[:2], "-o", "x.jsonl"], folder)
        problems = case_problems({"exit": 2, "stderr": "shard 2/3 is missing"}, done)
        runner.check(f"missing shard of {' '.join(extra)}", problems, words)


def test_streams(runner):
    """Orders and mixed domains: what the records say, and that threads do not matter."""
    folder = runner.case_folder("streams")
    base = ["eval", "{fix}/good.zoa", "--data", "npz:{fix}/two.npz", "--batch", "16"]
    base += ["--no-timings", "--quiet", "--method", "noadapt"]
    contents = {}
    for order in ("file", "shuffled", "sorted", "dirichlet"):
        words = [*base, "--order", order, "--mixed"]
        contents[order] = run_lines(runner, folder, [*words, "--threads", "1"], f"{order}.jsonl")
        problems = []
        if contents[order] != run_lines(runner, folder, [*words, "--threads", "2"], "two.jsonl"):
            problems.append("records differ between 1 and 2 threads")
        records = [json.loads(line) for line in contents[order].splitlines()]
        batches = [r for r in records if r["kind"] == "batch"]
        labeled = {
            name: sum(b["by_domain"].get(name, [0])[0] for b in batches) for name in ("fog", "snow")
        }
        if labeled != {"fog": 40, "snow": 40} or {b["domain"] for b in batches} != {"mixed"}:
            problems.append(f"images of the mixed stream {labeled}")
        runner.check(f"mixed domains in order {order}", problems, words)
    problems = [] if len(set(contents.values())) == 4 else ["two orders gave the same records"]
    runner.check("orders differ", problems, base)


def test_states(runner):
    """What a method has learnt can be taken up again: two halves are the whole."""
    folder = runner.case_folder("states")
    base = ["eval", "{fix}/good.zoa", "--data", "npz:{fix}/two.npz", "--batch", "16"]
    base += ["--no-timings", "--quiet", "--method", "zoa"]
    state = "zoa=s/fashion-resnet-zoa.safetensors"
    whole = run_lines(runner, folder, base, "whole.jsonl")
    run_lines(runner, folder, [*base, "--domains", "snow", "--state-out", "s"], "first.jsonl")
    words = [*base, "--domains", "fog", "--state", state]
    second = run_lines(runner, folder, words, "second.jsonl")
    keys = ("loss", "loss_perturbed", "correct", "bank_entries", "domain_distance")

    def answers(content):
        lines = [json.loads(line) for line in content.splitlines()]
        return [[r[k] for k in keys] for r in lines if r.get("domain") == "fog"]

    problems = [] if answers(second) == answers(whole) != [] else ["the second half differs"]
    if "state" not in json.loads(second.splitlines()[0])["methods"][0]["options"]:
        problems.append("the header does not tell of the state")
    runner.check("a state is taken up again", problems, words)
    words = [*base[:-1], "noadapt", "--state", state]
    done = runner.run(words, folder)
    runner.check(
        "state of a method that is not run",
        case_problems({"exit": 2, "stderr": "'zoa', which is not run"}, done),
        words,
    )
    words = [*base[:-1], "noadapt", "--state", state.replace("zoa=", "noadapt=", 1)]
    done = runner.run(words, folder)
    runner.check(
        "state of another method",
        case_problems({"exit": 3, "stderr": "is of method 'zoa'"}, done),
        words,
    )
