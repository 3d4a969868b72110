# SPDX-License-Identifier: Apache-2.0
"""Sweeps on a cluster that is there already (conftest.py): a head without CPUs, a node with two."""

import os
import signal
from pathlib import Path

import pytest
from conftest import free_port, wait_until


def write_grid(place, tmp_path, rounds=1, data=(), seeds=2):
    entries = [f'{{spec = "{place.data}", rounds = {rounds}}}', *data]
    text = f'models = ["{place.model}"]\nmethods = ["zoa"]\nseeds = {list(range(seeds))}\n'
    (tmp_path / "g.toml").write_text(text + f"data = [{', '.join(entries)}]\n")
    return "g.toml", "-o", "runs"


def test_a_bad_cell_does_not_stop_the_others(place, tmp_path, address, start_sweep):
    bad = '{spec = "npz:nowhere.npz", name = "bad"}'
    words = write_grid(place, tmp_path, data=[bad])
    process = start_sweep(*words, "--address", address)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 1, stderr
    assert "4 cells: 2 done now, 0 complete before, 2 failed" in stdout
    assert stdout.count("FAILED tiny-bad-zoa-s") == 2
    logs = list((tmp_path / "runs").glob("*.log"))
    assert len(logs) == 2
    for log in logs:
        assert str(log.relative_to(tmp_path)) in stdout
        assert log.read_text().startswith(f"zoa eval {place.model} --data npz:nowhere.npz")
        assert "zoa: error: " in log.read_text()
    assert (tmp_path / "runs" / "report.html").exists()


def test_a_bad_model_fails_its_cells_only(place, tmp_path, address, start_sweep):
    write_grid(place, tmp_path, seeds=1)
    text = (tmp_path / "g.toml").read_text()
    bad = f'{{network = "nowhere.onnx", calib = "{place.data}", bits = ["w8a8", "w4a4"]}}'
    (tmp_path / "g.toml").write_text(text.replace("models = [", f"models = [{bad}, "))
    process = start_sweep("g.toml", "-o", "runs", "--address", address)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 1, stderr
    assert "3 cells: 1 done now, 0 complete before, 2 failed" in stdout
    assert stdout.count("its model failed: zoa: error: nowhere.onnx") == 2


def test_a_killed_worker_is_replaced(place, tmp_path, address, start_sweep):
    words = write_grid(place, tmp_path, rounds=100, seeds=1)
    process = start_sweep(*words, "--address", address, "--threads", "1")
    program = wait_until(place.evaluations, "the cell runs")[0]
    worker = int(Path(f"/proc/{program}/stat").read_text().rpartition(")")[2].split()[1])
    assert b"ray::evaluate" in Path(f"/proc/{worker}/cmdline").read_bytes()
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: program not in place.evaluations(), "its program ends with it", 30)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert "1 cells: 1 done now" in stdout


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 130)])
def test_interrupt_ends_what_runs(place, tmp_path, address, start_sweep, number, status):
    words = write_grid(place, tmp_path, rounds=1000)
    process = start_sweep(*words, "--address", address)
    wait_until(place.evaluations, "a cell runs")
    process.send_signal(number)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == status
    assert "the same command goes on" in stderr
    assert "Traceback" not in stderr
    wait_until(lambda: not place.evaluations(), "programs end", 30)
    assert not list((tmp_path / "runs").glob("*.jsonl"))


def test_kill_of_the_driver_ends_what_runs(place, tmp_path, address, start_sweep):
    words = write_grid(place, tmp_path, rounds=1000, seeds=1)
    process = start_sweep(*words, "--address", address)
    wait_until(place.evaluations, "a cell runs")
    process.kill()
    wait_until(lambda: not place.evaluations(), "the cluster ends its programs", 30)


def test_no_cluster_at_the_address(place, tmp_path, start_sweep):
    words = write_grid(place, tmp_path)
    process = start_sweep(*words, "--address", f"127.0.0.1:{free_port()}")
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "zoa: error: cluster 127.0.0.1:" in stderr
