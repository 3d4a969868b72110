# SPDX-License-Identifier: Apache-2.0
"""Sweeps on a Ray of their own: same bytes as by hand, and what is left after kill -9."""

import os
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
from conftest import QUANTIZE, wait_until
from zoa.sweep import Data, Grid, Method, Model, Settings, SweepError, sweep
from zoa.sweep.cells import make_cells

SLOW_ROUNDS = 80  # about a second of the small model


def toml_grid(place, slow=SLOW_ROUNDS):
    """Two quick cells, then two slow ones."""
    return f"""
        models = ["{place.model}"]
        methods = ["zoa"]
        seeds = [0, 1]
        [eval]
        no-timings = true
        [[data]]
        name = "quick"
        spec = "{place.data}"
        [[data]]
        name = "slow"
        spec = "{place.data}"
        rounds = {slow}
    """


def records(folder):
    return {path.name: path for path in Path(folder).glob("*.jsonl")}


@pytest.fixture
def short_dir():
    """For Ray: the paths of its sockets may have 107 characters, pytest's folders are long."""
    folder = tempfile.mkdtemp(prefix="zoa-t-")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_grid_equals_calls_by_hand(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grid = Grid(
        models=[
            Model(folder=place.model),
            Model(network=place.network, calib=place.data, bits=["w4a8"], flags=QUANTIZE),
        ],
        methods=["noadapt", Method("zoa", set={"lr": 0.001})],
        data=[Data(place.data, name="two", flags={"domains": ["fog"], "batch": 8})],
        seeds=[0, 1],
        eval={"no_timings": True},
        report={"title": "Tiny"},
    )
    settings = Settings(program=place.program, cpus=2, threads=1, quiet=True)
    result = sweep(grid, "runs", settings=settings)
    assert result.ok, result
    assert (result.counts.done, len(result.records)) == (8, 8)
    assert "Tiny" in Path(result.report).read_text()

    (built,) = Path("runs", "models").iterdir()
    words = ["--preset", "inception", "--calib-size", "8", "--bits", "w4a8", "--quiet"]
    place.zoa("quantize", place.network, "--calib", place.data, "-o", "by-hand.zoa", *words)
    assert (built / "model.bin").read_bytes() == Path("by-hand.zoa", "model.bin").read_bytes()
    by_hand = set()
    for model in (place.model, str(built)):
        for method in (["noadapt"], ["zoa", "--set", "zoa.lr=0.001"]):
            for seed in ("0", "1"):
                words = ["--data", place.data, "--domains", "fog", "--batch", "8", "--method"]
                words += [*method, "--seed", seed, "--no-timings", "--threads", "1"]
                place.zoa("eval", model, *words, "-o", "by-hand.jsonl")
                by_hand.add(Path("by-hand.jsonl").read_bytes())
    assert len(by_hand) == 8
    assert {Path(path).read_bytes() for path in result.records} == by_hand

    times = {path: os.stat(path).st_mtime_ns for path in result.records}
    again = sweep(grid, "runs", settings=Settings(program=place.program, report=False))
    assert (again.counts.kept, again.counts.done) == (8, 0)
    assert times == {path: os.stat(path).st_mtime_ns for path in again.records}


def test_goes_on_after_kill_of_the_driver(place, tmp_path, address, start_sweep, short_dir):
    """Here: all ends with the driver. On the cluster: what was kept is kept, the rest is run."""
    (tmp_path / "g.toml").write_text(toml_grid(place))
    driver = start_sweep("g.toml", "-o", "runs", "--cpus", "2", "--temp-dir", short_dir)
    quick = [c.file for c in make_cells(Grid.load(tmp_path / "g.toml")) if "-quick-" in c.name]
    wait_until(lambda: set(records(tmp_path / "runs")) == set(quick), "the quick cells are done")
    wait_until(place.evaluations, "a slow cell runs")
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    wait_until(lambda: not place.evaluations(), "programs end with the driver", 30)
    wait_until(lambda: not place.processes(short_dir), "Ray ends with the driver", 30)
    kept = {path: path.stat().st_mtime_ns for path in records(tmp_path / "runs").values()}
    assert len(kept) == 2

    driver = start_sweep("g.toml", "-o", "runs", "--address", address)
    stdout, stderr = driver.communicate(timeout=60)
    assert driver.returncode == 0, stderr
    assert "4 cells: 2 done now, 2 complete before, 0 failed" in stdout
    assert "[3/4]" in stderr
    assert len(records(tmp_path / "runs")) == 4
    assert kept == {path: path.stat().st_mtime_ns for path in kept}
    assert not list((tmp_path / "runs").glob(".*.part"))


def test_list_and_dry_run_need_no_ray(place, tmp_path, start_sweep):
    (tmp_path / "g.toml").write_text(toml_grid(place, slow=1))
    listed = start_sweep("g.toml", "-o", "runs", "--list")
    stdout, _ = listed.communicate(timeout=60)
    assert [line.split()[0] for line in stdout.splitlines()] == ["missing"] * 4
    planned = start_sweep("g.toml", "-o", "runs", "--dry-run")
    stdout, _ = planned.communicate(timeout=60)
    assert not (tmp_path / "runs").exists()
    (tmp_path / "runs").mkdir()
    for line in stdout.splitlines():
        place.zoa(*line.split()[1:], cwd=tmp_path)  # what is printed makes the cells complete
    listed = start_sweep("g.toml", "-o", "runs", "--list")
    stdout, _ = listed.communicate(timeout=60)
    assert [line.split()[0] for line in stdout.splitlines()] == ["complete"] * 4


def test_usage_errors(place, tmp_path, start_sweep):
    (tmp_path / "g.toml").write_text(toml_grid(place))
    for words, text in (
        (["missing.toml", "-o", "runs"], "missing.toml"),
        (["g.toml", "-o", "runs", "--program", "nowhere/zoa"], "nowhere/zoa"),
        (["g.toml", "-o", "g.toml"], "cannot be written"),
    ):
        process = start_sweep(*words)
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 2
        assert stderr.startswith("zoa: error: ")
        assert text in stderr


def test_without_ray(place, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    grid = Grid(models=[place.model], methods=["zoa"], data=[place.data])
    with pytest.raises(SweepError, match=r"pip install 'zoa\[sweep\]'"):
        sweep(grid, tmp_path / "runs", settings=Settings(program=place.program))
