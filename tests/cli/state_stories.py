# SPDX-License-Identifier: Apache-2.0
"""Stories of run_cli_tests.py about zoa state: what eval saved, looked at, damaged, moved."""

import json

from checks import case_problems

RUN = ["--data", "npz:{fix}/two.npz", "--batch", "16", "--quiet", "--no-timings"]


def make_states(runner, folder):
    """a.state and b.state of zoa with entries in their banks, t.state of t3a."""
    zoa = ["eval", "{fix}/good.zoa", *RUN, "--method", "zoa", "--state-out"]
    banks = ["--set", "zoa.domain_batch=16", "--set", "zoa.threshold=0"]
    for words in (
        [*zoa, "a", *banks],
        [*zoa, "b", *banks, "--seed", "5"],
        ["eval", "{fix}/good.zoa", *RUN, "--method", "t3a", "--state-out", "a"],
    ):
        done = runner.run(words, folder)
        runner.check("states to look at", case_problems({"exit": 0}, done), words)
    for name, source in (("a", "a/{}-zoa"), ("b", "b/{}-zoa"), ("t", "a/{}-t3a")):
        source = folder / (source.format("fashion-resnet") + ".safetensors")
        (folder / f"{name}.state").write_bytes(source.read_bytes())


def show(runner, folder, name):
    done = runner.run(["state", "show", name, "--json"], folder)
    return json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr}


def look(runner, folder, name, words, expected, problems=()):
    done = runner.run(["state", *words], folder)
    runner.check(f"state: {name}", [*case_problems(expected, done), *problems], ["state", *words])
    return done


def test_state_looked_at(runner):
    """show, verify, diff."""
    folder = runner.case_folder("state-looked-at")
    make_states(runner, folder)
    facts = show(runner, folder, "a.state")
    problems = []
    bank = facts.get("bank") or {}
    weights = [
        bank.get("zero_weight") or 0,
        *(e["weight"] for e in bank.get("entries", [])),
    ]
    if abs(sum(weights) - 1) > 1e-9 or len(weights) < 3:
        problems.append(f"weights {weights}")
    if (facts.get("steps"), facts.get("schema"), facts.get("method")) != (6, 1, "zoa"):
        problems.append(f"facts {facts}")
    if facts.get("bytes") != (folder / "a.state").stat().st_size:
        problems.append("another size than the file's")
    table = {"exit": 0, "stdout": "bank entry[\\s\\S]*shipped[\\s\\S]*zoa.counters"}
    look(runner, folder, "show", ["show", "a.state"], table, problems)
    look(
        runner,
        folder,
        "show another method",
        ["show", "t.state"],
        {"exit": 0, "stdout": "'t3a'"},
    )
    look(
        runner,
        folder,
        "verify",
        ["verify", "a.state"],
        {"exit": 0, "stdout": "sound, schema 1"},
    )
    words = ["verify", "a.state", "--model", "{fix}/good.zoa"]
    look(runner, folder, "verify with the network", words, {"exit": 0, "stdout": "sound"})
    look(
        runner,
        folder,
        "no difference",
        ["diff", "a.state", "a.state"],
        {"exit": 0, "stdout": "bit for bit"},
    )
    table = {"exit": 0, "stdout": "zoa.eps +values +\\d+ +\\d+ +[\\d.e-]+ +[\\d.e-]+"}
    look(runner, folder, "difference", ["diff", "a.state", "b.state"], table)
    table = {"exit": 0, "stdout": "method: 'zoa' in A, 't3a' in B[\\s\\S]*only in A"}
    look(runner, folder, "difference of methods", ["diff", "a.state", "t.state"], table)


def test_state_damaged(runner):
    """A damaged file is found, the previous one is used; both ways are said."""
    folder = runner.case_folder("state-damaged")
    make_states(runner, folder)
    good = (folder / "a.state").read_bytes()
    bad = bytearray(good)
    bad[len(bad) // 2] ^= 4
    (folder / "a.state").write_bytes(bad)
    wanted = {
        "exit": 3,
        "stderr": "a.state: the checksum does not fit.*previous snapshot: none",
    }
    look(runner, folder, "verify a damaged file", ["verify", "a.state"], wanted)
    wanted = {
        "exit": 3,
        "stderr": "checksum does not fit.*there is no previous snapshot",
    }
    look(runner, folder, "show a damaged file", ["show", "a.state"], wanted)
    (folder / "a.state.previous").write_bytes(good)
    wanted = {"exit": 3, "stderr": "previous snapshot: sound, 6 steps"}
    look(runner, folder, "verify beside a sound one", ["verify", "a.state"], wanted)
    wanted = {
        "exit": 0,
        "stderr": "warning: .*a.state.previous is used",
        "stdout": "steps +6",
    }
    look(runner, folder, "show the previous one", ["show", "a.state"], wanted)
    words = [
        "eval",
        "{fix}/good.zoa",
        *RUN,
        "--method",
        "zoa",
        "--state",
        "zoa=a.state",
    ]
    done = runner.run(words, folder)
    wanted = {"exit": 0, "stderr": "zoa: warning: .*a.state.previous is used"}
    runner.check("eval begins with the previous one", case_problems(wanted, done), words)
    words = ["verify", "t.state", "--model", "{fix}/good.zoa"]
    look(runner, folder, "verify another method's", words, {"exit": 0, "stdout": "'t3a'"})
    head = good.replace(b"zoa-state-1", b"zoa-state-2", 1)
    (folder / "new.state").write_bytes(head)  # without its checksum: damage, no newer schema
    wanted = {"exit": 3, "stderr": "the checksum does not fit"}
    look(runner, folder, "verify a patched schema", ["verify", "new.state"], wanted)
    (folder / "cut.state").write_bytes(good[:100])
    look(
        runner,
        folder,
        "verify a cut file",
        ["verify", "cut.state"],
        {"exit": 3, "stderr": "cut.state: header says"},
    )


def test_state_moved(runner):
    """merge, export and import, reset; what was there is kept."""
    folder = runner.case_folder("state-moved")
    make_states(runner, folder)

    def entries(name):
        return len(((show(runner, folder, name).get("bank")) or {}).get("entries", []))

    words = ["merge", "a.state", "b.state", "-o", "m.state"]
    look(runner, folder, "merge", words, {"exit": 0, "stdout": "entries added"})
    problems = (
        [] if entries("m.state") == entries("a.state") + entries("b.state") > 2 else ["entries"]
    )
    words = ["merge", "m.state", "b.state", "-o", "m.state"]
    wanted = {"exit": 0, "stdout": "m.state: 0 entries added, \\d+ were there already"}
    look(runner, folder, "merge once more", words, wanted, problems)
    words = ["merge", "a.state", "b.state", "-o", "small.state", "--bank-size", "3"]
    look(
        runner,
        folder,
        "merge into a small bank",
        words,
        {"exit": 0, "stdout": "given up"},
    )
    problems = [] if entries("small.state") == 3 else [f"{entries('small.state')} entries, not 3"]
    words = ["verify", "small.state", "--model", "{fix}/good.zoa"]
    look(runner, folder, "a merged state is sound", words, {"exit": 0}, problems)
    words = [
        "eval",
        "{fix}/good.zoa",
        *RUN,
        "--method",
        "zoa",
        "--state",
        "zoa=m.state",
    ]
    runner.check(
        "eval with a merged state",
        case_problems({"exit": 0}, runner.run(words, folder)),
        words,
    )
    words = ["export", "b.state", "-o", "b.bank"]
    look(
        runner,
        folder,
        "export",
        words,
        {"exit": 0, "stdout": f"b.bank: {entries('b.state')} entries"},
    )
    look(
        runner,
        folder,
        "show a bank",
        ["show", "b.bank"],
        {"exit": 0, "stdout": "exported bank"},
    )
    words = ["verify", "b.bank", "--model", "{fix}/good.zoa"]
    look(runner, folder, "verify a bank", words, {"exit": 0})
    before = entries("a.state")
    words = ["import", "a.state", "b.bank", "-o", "a.state"]
    look(runner, folder, "import in place", words, {"exit": 0, "stdout": "entries added"})
    problems = [] if entries("a.state.previous") == before < entries("a.state") else ["previous"]
    words = ["import", "a.state", "b.state", "-o", "a.state"]
    wanted = {"exit": 3, "stderr": "b.state: is a whole state.*zoa state merge"}
    look(runner, folder, "import a whole state", words, wanted, problems)
    words = ["eval", "{fix}/good.zoa", *RUN, "--method", "zoa", "--state", "zoa=b.bank"]
    wanted = {"exit": 3, "stderr": "is an exported bank"}
    runner.check("eval with a bank", case_problems(wanted, runner.run(words, folder)), words)
    words = ["merge", "a.state", "t.state", "-o", "x.state"]
    look(
        runner,
        folder,
        "merge another method's",
        words,
        {"exit": 3, "stderr": "has no bank"},
    )
    words = ["merge", "b.bank", "a.state", "-o", "x.state"]
    look(
        runner,
        folder,
        "merge into a bank",
        words,
        {"exit": 2, "stderr": "an exported bank"},
    )
    words = ["export", "t.state", "-o", "x.state"]
    look(
        runner,
        folder,
        "export another method's",
        words,
        {"exit": 3, "stderr": "t.state: state has no bank"},
    )
    words = ["reset", "b.state", "--model", "{fix}/good.zoa", "--seed", "9"]
    look(
        runner,
        folder,
        "reset",
        words,
        {"exit": 0, "stdout": "fresh state of method 'zoa'"},
    )
    facts, old = (
        show(runner, folder, "b.state"),
        show(runner, folder, "b.state.previous"),
    )
    problems = [] if (facts.get("steps"), facts.get("seed")) == (0, 9) else [f"reset to {facts}"]
    problems += [] if old.get("steps") == 6 else [f"the previous one is {old}"]
    words = ["reset", "none.state", "--model", "{fix}/good.zoa"]
    look(
        runner,
        folder,
        "reset of nothing",
        words,
        {"exit": 1, "stderr": "none.state"},
        problems,
    )
    words = ["reset", "none.state", "--model", "{fix}/good.zoa", "--method", "zoa"]
    look(
        runner,
        folder,
        "reset makes a first state",
        words,
        {"exit": 0, "stdout": "fresh state"},
    )
