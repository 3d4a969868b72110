# SPDX-License-Identifier: Apache-2.0
"""What a worker does, without Ray: shipped models, failures, and programs that must not stay."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap

import ray
from conftest import ROOT, wait_until
from zoa.sweep import task


def make_job(place, tmp_path, model, *flags):
    return {
        "program": place.program,
        "cwd": str(tmp_path),
        "scratch": None,
        "threads": 1,
        "model": model,
        "flags": ["--data", place.data, "--method", "zoa", "--no-timings", "--quiet", *flags],
    }


def test_a_shipped_model_gives_the_same_bytes(place, tmp_path):
    """The node has no folder at the path, or another one: the records name the path as given."""
    files = task.read_folder(place.model)
    shutil.copytree(place.model, tmp_path / "my model.zoa")
    job = make_job(place, tmp_path, "my model.zoa")
    here = task.evaluate(job, None)
    assert here["status"] == 0
    assert "zoa eval 'my model.zoa' --data" in here["text"].partition("\n")[0]
    (tmp_path / "my model.zoa" / "zoa.json").write_text("{}")
    assert task.evaluate(job, files)["text"] == here["text"]
    shutil.rmtree(tmp_path / "my model.zoa")
    assert task.evaluate(job, files)["text"] == here["text"]
    assert task.evaluate(job, None)["status"] != 0


def test_failures_are_outcomes(place, tmp_path):
    outcome = task.evaluate(make_job(place, tmp_path, place.model, "--domains", "hail"), None)
    assert outcome["status"] == 2
    assert "hail" in outcome["stderr"]
    assert "text" not in outcome
    gone = make_job(place, tmp_path / "gone", place.model)
    assert "gone" in task.evaluate(gone, None)["stderr"]


def test_a_node_needs_no_package():
    """Ray gets the functions by value: they load where there is no zoa to import."""
    cloudpickle = ray.cloudpickle
    cloudpickle.register_pickle_by_value(task)
    code = "import pickle, sys; print(pickle.load(sys.stdin.buffer).__name__, 'zoa' in sys.modules)"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    for function in (task.evaluate, task.quantize):
        node = subprocess.run(
            [sys.executable, "-c", code],
            input=cloudpickle.dumps(function),
            capture_output=True,
            env=environment,
            check=True,
        )
        assert node.stdout.decode().split() == [function.__name__, "False"]


def test_a_signal_is_named(tmp_path):
    outcome = task.call(["sh", "-c", "kill -SEGV $$"], str(tmp_path))
    assert outcome["status"] == -signal.SIGSEGV
    assert "SIGSEGV" in outcome["stderr"]


def test_the_program_dies_with_its_worker(place, tmp_path):
    seconds = f"271.{os.getpid()}"
    words = "sleep\x00" + seconds
    code = f"""
        import sys
        sys.path.insert(0, {str(ROOT / "python")!r})
        from zoa.sweep import task
        task.call(["sleep", {seconds!r}], {str(tmp_path)!r})
    """
    worker = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)])
    try:
        sleeps = wait_until(lambda: place.processes(words), "the program runs")
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
        wait_until(lambda: not place.processes(words), f"{sleeps} ended", 30)
    finally:
        worker.kill()
        worker.wait()
