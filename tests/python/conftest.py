# SPDX-License-Identifier: Apache-2.0
"""A small model, small data, a cluster, processes to look at. ctest sets ZOA_PROGRAM."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
sys.path[:0] = [str(ROOT / "python"), str(TESTS / "cli")]

from make_fixtures import write_npz  # noqa: E402  after the path
from zoa.program import find_program  # noqa: E402

# A token of these tests for every Ray they start; Ray's default would write one to the home folder.
os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))

NETWORK = TESTS / "data" / "models" / "resnet-folded.onnx"
QUANTIZE = {"preset": "inception", "calib-size": 8}
SECONDS = 120
RAY_WORDS = ["--object-store-memory=100000000", "--block", "--disable-usage-stats"]


class Place:
    """What the tests share: program, data spec, network, and the model made from it."""

    def __init__(self, folder):
        self.folder, self.program = folder, find_program()
        write_npz(folder / "two.npz", ["fog", "snow"], 40)
        self.data, self.network = f"npz:{folder / 'two.npz'}", str(NETWORK)
        self.model = str(folder / "tiny.zoa")
        words = ["quantize", self.network, "--calib", self.data, "-o", self.model, "--quiet"]
        self.zoa(*words, "--preset", "inception", "--calib-size", "8")

    def zoa(self, *words, cwd=None):
        command = [self.program, *words]
        return subprocess.run(command, cwd=cwd, check=True, capture_output=True, timeout=SECONDS)

    def processes(self, part):
        """Ids of the processes that have the text in their command line, but not this one."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and part.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:  # ended meanwhile
                continue
        return [pid for pid in found if pid != os.getpid()]

    def evaluations(self):
        """Ids of the running zoa eval over our data."""
        return [
            pid
            for pid in self.processes(str(self.folder))
            if os.path.basename(program_of(pid)) == "zoa"
        ]


def program_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def wait_until(condition, what, seconds=60):
    """Waits for a true value and returns it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s: {what}")


def sweep_words(*words):
    return [sys.executable, "-m", "zoa.sweep", *map(str, words)]


def sweep_environment(place):
    path = str(ROOT / "python")
    return {**os.environ, "PYTHONPATH": path, "ZOA_PROGRAM": place.program}


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    return Place(tmp_path_factory.mktemp("place"))


@pytest.fixture
def start_sweep(place, tmp_path):
    """Starts python -m zoa.sweep in the test's folder; what still runs at the end is killed."""
    started = []

    def start(*words):
        process = subprocess.Popen(
            sweep_words(*words),
            cwd=tmp_path,
            env=sweep_environment(place),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


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


@pytest.fixture(scope="session")
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
