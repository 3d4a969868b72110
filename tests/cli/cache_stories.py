# SPDX-License-Identifier: Apache-2.0
"""Stories of run_cli_tests.py about --cache: records do not tell whether there was one."""

from adapt_stories import make_frames


def outputs(runner, folder, words, name):
    done = runner.run([*words, "-o", name], folder)
    return (folder / name).read_bytes() if done.returncode == 0 else done.stderr


def check_cache(runner, folder, words):
    """The bytes without a cache, of the run that fills it, of one that reads it, and of one that
    finds every file of it damaged."""
    cached = [*words, "--cache", "kept"]
    runs = [outputs(runner, folder, words, "plain.jsonl")]
    runs += [outputs(runner, folder, cached, f"{i}.jsonl") for i in range(2)]
    files = sorted((folder / "kept").glob("*.zoac"))
    for file in files:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 4
        file.write_bytes(content)
    damaged = {file: file.read_bytes() for file in files}
    runs.append(outputs(runner, folder, cached, "damaged.jsonl"))
    problems = [] if len(files) >= 2 else [f"{len(files)} files in the cache"]
    if any(run != runs[0] for run in runs):
        problems.append("records differ with --cache")
    if any(file.read_bytes() == content for file, content in damaged.items()):
        problems.append("a damaged file is still there")
    runner.check("same bytes with --cache", problems, cached)


def test_cache(runner):
    folder = runner.case_folder("cache")
    words = ["eval", "{fix}/good.zoa", "--data", "npz:{fix}/two.npz", "--batch", "16"]
    check_cache(runner, folder, [*words, "--no-timings", "--quiet"])


def test_cache_adapt(runner):
    folder = runner.case_folder("cache-adapt")
    make_frames(runner, folder, 16)
    words = ["adapt", "{fix}/good.zoa", "--source", "frames", "--window", "8"]
    check_cache(runner, folder, [*words, "--no-timings", "--quiet"])
