# SPDX-License-Identifier: Apache-2.0
"""Stories of run_cli_tests.py about zoa adapt: streams broken off, killed, gone on with."""

import json
import shutil
import signal
import subprocess
import time

from checks import case_problems
from make_fixtures import SIDE, png

WINDOW = ["--window", "8", "--quiet", "--no-timings"]
SECONDS = 120


def make_frames(runner, folder, count=40):
    """A folder of pictures, their paths one a line, and how many there are."""
    pictures = sorted((runner.fix / "ten").rglob("*.*"))
    frames = folder / "frames"
    frames.mkdir()
    for i in range(count):
        picture = pictures[i % len(pictures)]
        shutil.copy(picture, frames / f"{i:04d}{picture.suffix}")
    (folder / "list.txt").write_text("".join(f"{p}\n" for p in sorted(frames.iterdir())))
    return count


def records(text):
    return [json.loads(line) for line in text.splitlines()]


def adapt(runner, folder, words):
    return runner.run(["adapt", "{fix}/good.zoa", *words], folder)


def test_adapt_stream(runner):
    """One line a picture, learnt from once a window; broken pictures are lines too."""
    folder = runner.case_folder("adapt-stream")
    count = make_frames(runner, folder)
    (folder / "frames" / "0003b.png").write_text("no picture")
    words = ["--source", "frames", *WINDOW]
    done = adapt(runner, folder, words)
    lines = records(done.stdout)
    problems = case_problems({"exit": 0}, done)
    if len(lines) != count + 1 or sum("error" in line for line in lines) != 1:
        problems.append(f"{len(lines)} lines")
    if sum("learnt" in line for line in lines) != count // 8:
        problems.append("not one update a window")
    if any(line.get("top1") is None for line in lines if "error" not in line):
        problems.append("a frame without an answer")
    runner.check("adapt: a folder with a hole in it", problems, words)
    (folder / "frames" / "0003b.png").unlink()
    by_list = adapt(runner, folder, ["--source", "list.txt", *WINDOW, "-o", "list.jsonl"])
    whole = adapt(runner, folder, ["--source", "frames", *WINDOW])
    tops = [
        [line["top1"] for line in records(text)]
        for text in ((folder / "list.jsonl").read_text(), whole.stdout)
    ]
    problems = case_problems({"exit": 0}, by_list)
    runner.check("adapt: a list", problems + ([] if tops[0] == tops[1] else ["other answers"]))


def test_adapt_resume(runner):
    """Broken off anywhere and gone on with, the stream gives the same lines and state."""
    folder = runner.case_folder("adapt-resume")
    make_frames(runner, folder)
    words = ["--source", "list.txt", "--state", "whole.state", *WINDOW]
    whole = adapt(runner, folder, words)
    problems = case_problems({"exit": 0}, whole)
    lines = (folder / "list.txt").read_text().splitlines(keepends=True)
    first = adapt(
        runner, folder, ["--source", "list.txt", "--limit", "13", "--state", "s.state", *WINDOW]
    )
    (folder / "rest.txt").write_text("".join(lines[13:]))
    rest = adapt(runner, folder, ["--source", "rest.txt", "--state", "s.state", *WINDOW])
    if first.stdout + rest.stdout != whole.stdout:
        problems.append("other lines than the whole stream's")
    if (folder / "s.state").read_bytes() != (folder / "whole.state").read_bytes():
        problems.append("another state than the whole stream's")
    runner.check("adapt: broken off and gone on with, byte for byte", problems, words)
    done = runner.run(["state", "reset", "s.state", "--model", "{fix}/good.zoa"], folder)
    problems = case_problems({"exit": 0}, done)
    again = adapt(runner, folder, ["--source", "list.txt", "--state", "s.state", *WINDOW])
    problems += [] if again.stdout == whole.stdout else ["other lines than those of the start"]
    runner.check("adapt: a state that was reset begins anew", problems, words)
    two = runner.run(["adapt", "{fix}/good.zoa,{fix}/good.zoa", "--source", "list.txt"], folder)
    wanted = {"exit": 2, "stderr": "expected one model folder"}
    runner.check("adapt: two networks", case_problems(wanted, two))
    wanted = {"exit": 3, "stderr": "window of 8 frames, this stream has 9"}
    words = ["--source", "list.txt", "--state", "s.state", "--window", "9"]
    before = (folder / "s.state").read_bytes()
    problems = case_problems(wanted, adapt(runner, folder, words))
    problems += [] if (folder / "s.state").read_bytes() == before else ["the state was touched"]
    runner.check("adapt: a state with another window", problems, words)


def test_adapt_guards(runner):
    """A camera that sticks, white frames and an ordinary stream, with guards and without."""
    folder = runner.case_folder("adapt-guards")
    make_frames(runner, folder, 24)
    ordinary = (folder / "list.txt").read_text().splitlines()
    (folder / "white.png").write_bytes(png(SIDE, SIDE, b"\xff" * (3 * SIDE * SIDE)))
    stuck = [ordinary[0]] * 16
    lines = ordinary + ["white.png"] * 8 + stuck
    (folder / "list.txt").write_text("".join(f"{line}\n" for line in lines))
    words = ["--source", "list.txt", *WINDOW]
    guarded = adapt(runner, folder, [*words, "--state", "g.state"])
    bare = adapt(runner, folder, [*words, "--guard", "paper"])
    problems = case_problems({"exit": 0}, guarded) + case_problems({"exit": 0}, bare)
    if any("guard" in line or line["skip"] for line in records(bare.stdout)):
        problems.append("guards without guards")
    found = records(guarded.stdout)
    if any(line["skip"] for line in found[: len(ordinary) - 8]):
        problems.append("an ordinary frame was kept out")
    for line in found[len(ordinary) : len(ordinary) + 8]:
        if line["skip"] != "guarded" or "constant_frames" not in line["guard"]:
            problems.append(f"a white frame was let in: {line}")
    for line in found[-15:]:
        if line["skip"] != "guarded" or "near_duplicates" not in line["guard"]:
            problems.append(f"a repeated frame was let in: {line}")
    runner.check("adapt: guards keep frames out", problems, words)

    done = runner.run(["state", "show", "g.state", "--json"], folder)
    shown = json.loads(done.stdout)
    problems = case_problems({"exit": 0}, done)
    if shown["frames"]["guarded"] < 23 or shown["guard"]["reasons"]["constant_frames"] != 8:
        problems.append(f"other counters: {shown['frames']} {shown['guard']}")
    runner.check("adapt: state show tells of the guards", problems)

    (folder / "a.txt").write_text("".join(f"{line}\n" for line in lines[:29]))
    (folder / "b.txt").write_text("".join(f"{line}\n" for line in lines[29:]))
    parts = [
        adapt(runner, folder, ["--source", name, "--state", "ab.state", *WINDOW])
        for name in ("a.txt", "b.txt")
    ]
    problems = []
    if parts[0].stdout + parts[1].stdout != guarded.stdout:
        problems.append("other lines than the whole stream's")
    if (folder / "ab.state").read_bytes() != (folder / "g.state").read_bytes():
        problems.append("another state than the whole stream's")
    runner.check("adapt: guards go on where they were", problems)

    for name in ("guard.duplicate_distance=0.0", "zoa.guard.least_images=0"):
        done = adapt(runner, folder, [*words, "--set", name])
        problems = case_problems({"exit": 0}, done)
        if name.startswith("zoa") and any(line["skip"] for line in records(done.stdout)):
            problems.append("frames are still kept out")
        runner.check(f"adapt: --set {name}", problems)
    for words, wanted in (
        (["--guard", "strict"], {"exit": 2, "stderr": "expected on, evidence, paper or off"}),
        (["--set", "guard.prob=1"], {"exit": 2, "stderr": "probe"}),
    ):
        done = adapt(runner, folder, ["--source", "list.txt", *words])
        runner.check(f"adapt: {' '.join(words)}", case_problems(wanted, done), words)


def start(runner, folder, words):
    """zoa adapt on standard input, which stays open."""
    return subprocess.Popen(
        [str(runner.program), "adapt", f"{runner.fix}/good.zoa", "--source", "-", *words],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def feed(child, paths, first, count):
    """Hands in paths and waits for their lines."""
    got = []
    for path in paths[first : first + count]:
        child.stdin.write(path + "\n")
        child.stdin.flush()
        got.append(json.loads(child.stdout.readline()))
    return got


def test_adapt_signals(runner):
    """SIGTERM and SIGINT save; SIGKILL loses no more than what came since the last checkpoint."""
    folder = runner.case_folder("adapt-signals")
    make_frames(runner, folder)
    paths = (folder / "list.txt").read_text().split()
    for name, number, kept in (
        ("SIGTERM", signal.SIGTERM, 7),
        ("SIGINT", signal.SIGINT, 7),
        ("SIGKILL", signal.SIGKILL, 5),
    ):
        state = folder / f"{name}.state"
        words = ["--state", str(state), "--checkpoint-every", "5", *WINDOW]
        with start(runner, folder, words) as child:
            feed(child, paths, 0, 7)
            time.sleep(0.2)  # so that the signal meets the reading of the next line
            child.send_signal(number)
            child.wait(SECONDS)
        problems = []
        if name != "SIGKILL" and child.returncode != 130:
            problems.append(f"exit status {child.returncode}, expected 130")
        done = runner.run(["state", "verify", str(state), "--model", "{fix}/good.zoa"], folder)
        problems += case_problems({"exit": 0}, done)
        with start(runner, folder, words) as child:
            after = feed(child, paths, 7, 1)[0]["frame"]
            child.stdin.close()
            child.wait(SECONDS)
        if after != kept + 1:
            problems.append(f"goes on with frame {after}, expected {kept + 1}")
        runner.check(f"adapt: {name}", problems, words)


def test_adapt_refuses(runner):
    folder = runner.case_folder("adapt-refuses")
    make_frames(runner, folder, 2)
    (folder / "empty").mkdir()
    (folder / "bad.state").write_bytes(b"no state at all")
    for name, words, wanted in (
        ("no such source", ["--source", "nowhere"], {"exit": 1, "stderr": "cannot read nowhere"}),
        ("an empty folder", ["--source", "empty"], {"exit": 1, "stderr": "empty: no file ends"}),
        ("a camera that is none", ["--source", "camera:x"], {"exit": 2, "stderr": "camera:0"}),
        (
            "a method for batches",
            ["--source", "frames", "--method", "lame"],
            {"exit": 4, "stderr": "'lame' learns from whole batches"},
        ),
        (
            "an unknown option",
            ["--source", "frames", "--set", "lrr=1"],
            {"exit": 2, "stderr": "lrr"},
        ),
        (
            "a damaged state",
            ["--source", "frames", "--state", "bad.state"],
            {"exit": 3, "stderr": "bad.state"},
        ),
        ("a wrong word", ["--source", "frames", "--set", "bn=x"], {"exit": 2, "stderr": "blend"}),
    ):
        runner.check(f"adapt: {name}", case_problems(wanted, adapt(runner, folder, words)), words)
    if (folder / "bad.state").read_bytes() != b"no state at all":
        runner.check("adapt: a damaged state stays", ["it was overwritten"])
