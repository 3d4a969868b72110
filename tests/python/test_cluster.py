# SPDX-License-Identifier: Apache-2.0
"""Sweeps on a cluster that is there already: a head without CPUs and a node with two."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from conftest import wait_until

RAY_WORDS = ["--object-store-memory=100000000", "--block", "--disable-usage-stats"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_node(folder, number, words):
    """A 'ray start' that stays until it is terminated; what it says goes to a file."""
    log = folder / f"node{number}.log"
    command = [str(Path(sys.executable).with_name("ray")), "start", *words, *RAY_WORDS]
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0"}
    environment.pop("PYTHONPATH", None)  # a node has no zoa package
    with open(log, "w") as out:
        return log, subprocess.Popen(command, stdout=out, stderr=out, env=environment)


@pytest.fixture(scope="module")
def address():
    """Two nodes of one cluster, on this machine; only these processes are ended."""
    folder, port, nodes = Path(tempfile.mkdtemp(prefix="zoa-c-")), free_port(), []
    try:
        head = ["--head", f"--port={port}", "--num-cpus=0", "--include-dashboard=false"]
        log, node = start_node(folder, 0, [*head, f"--temp-dir={folder}"])
        nodes.append(node)
        found = re.compile(rf"--address='([^']+:{port})'")
        where = wait_until(lambda: found.search(log.read_text()), "the head starts").group(1)
        log, node = start_node(folder, 1, [f"--address={where}", "--num-cpus=2"])
        nodes.append(node)
        wait_until(lambda: "Ray runtime started" in log.read_text(), "the node starts")
        yield where
    finally:
        for node in reversed(nodes):
            node.send_signal(signal.SIGTERM)
            node.wait(timeout=30)
        shutil.rmtree(folder, ignore_errors=True)


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
    wait_until(lambda: program not in place.evaluations(), "its program ends with it", 10)
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
    wait_until(lambda: not place.evaluations(), "programs end", 10)
    assert not list((tmp_path / "runs").glob("*.jsonl"))


def test_kill_of_the_driver_ends_what_runs(place, tmp_path, address, start_sweep):
    words = write_grid(place, tmp_path, rounds=1000, seeds=1)
    process = start_sweep(*words, "--address", address)
    wait_until(place.evaluations, "a cell runs")
    process.kill()
    wait_until(lambda: not place.evaluations(), "the cluster ends its programs", 20)


def test_no_cluster_at_the_address(place, tmp_path, start_sweep):
    words = write_grid(place, tmp_path)
    process = start_sweep(*words, "--address", f"127.0.0.1:{free_port()}")
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "zoa: error: cluster 127.0.0.1:" in stderr
