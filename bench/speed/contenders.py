# SPDX-License-Identifier: Apache-2.0
"""What run.py lets compete: for each contender the command of one round and how to read its output.

A command runs in a process of its own, warms up, repeats its work and ends. It gives one or several
values: medians in milliseconds for one batch, or "NAME.rss_mb", the most memory of its process.
All run on the same CPUs and with as many threads; benchmark_app in three ways: with zoa's settings
(one stream, float32 beside int8), and with its own defaults under the hints latency and throughput.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass
class Setup:
    """One case on this machine."""

    folder: Path
    zoa: Path
    network: dict
    batch: int
    threads: int
    steps: int
    warmup: int

    def path(self, kind):
        return str(self.folder / self.network[kind])

    def repeats(self):
        return ["--steps", str(self.steps), "--warmup", str(self.warmup)]

    def size(self):
        return ["--batch", str(self.batch), "--threads", str(self.threads)]


class ContenderError(Exception):
    pass


def run_process(command, cpus):
    """Standard output and peak memory in MB of a process that may use these CPUs only."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(
            command, stdout=out, stderr=err, preexec_fn=lambda: os.sched_setaffinity(0, cpus)
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            text = (err.read() + out.read()).strip()[-600:]
            raise ContenderError(f"{' '.join(command)}: exit status {process.returncode}\n{text}")
        return out.read(), usage.ru_maxrss * 1024 / 1e6


def zoa_bench(setup, models, methods):
    reps = ["--reps", str(setup.steps), "--warmup", str(setup.warmup)]
    command = [str(setup.zoa), "bench", ",".join(models), "--method", methods, *setup.size(), *reps]
    return [*command, "--quiet", "-o", "json"]


def run_zoa(setup, cpus):
    """Plain pass and step, taking turns."""
    out, _ = run_process(zoa_bench(setup, [setup.path("w8a8")], "noadapt,zoa"), cpus)
    plain, step = json.loads(out)["rows"]
    parts = {f"zoa.{part}": step[part + "_ms"] for part in ("prefix", "suffix", "pass2", "update")}
    return {"zoa.plain": plain["step_ms"], "zoa.step": step["step_ms"]} | parts


def run_zoa_step(setup, cpus):
    """The step alone, for its memory."""
    out, rss = run_process(zoa_bench(setup, [setup.path("w8a8")], "zoa"), cpus)
    return {"zoa_step": json.loads(out)["rows"][0]["step_ms"], "zoa_step.rss_mb": rss}


def run_zoa_bits(setup, cpus):
    """Steps of two widths, taking turns."""
    models = [setup.path("w8a8"), setup.path("w6a6")]
    out, _ = run_process(zoa_bench(setup, models, "zoa"), cpus)
    wide, narrow = json.loads(out)["rows"]
    return {"bits.w8a8": wide["step_ms"], "bits.w6a6": narrow["step_ms"]}


def run_zoa_frames(setup, cpus):
    """Answers to single frames, adaptation off, and on with all updates between the frames."""
    command = [str(setup.zoa), "bench", setup.path("w8a8"), "--threads", str(setup.threads)]
    frames = max(100, 20 * setup.steps)
    command += ["--frames", str(frames), "--window", "64", "--quiet", "-o", "json"]
    out, _ = run_process(command, cpus)
    rows = json.loads(out)["frames"][0]["rows"]
    answers = {(row["method"], row["budget_ms"]): row["p50_ms"] for row in rows}
    return {"frames.plain": answers["noadapt", None], "frames.answer": answers["zoa", 0]}


def run_benchmark_app(setup, cpus, name, settings, key):
    model = Path(setup.path("w8a8")) / "model.xml"
    shape = subprocess.run(
        [sys.executable, str(HERE / "input_shape.py"), str(model), str(setup.batch)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).parent / "benchmark_app"), "-m", str(model), "-d"]
        command += ["CPU", "-shape", shape, "-niter", str(setup.steps), *settings]
        report = ["-report_type", "no_counters", "-json_stats", "-report_folder", folder]
        _, rss = run_process(command + report, cpus)
        results = json.loads((Path(folder) / "benchmark_report.json").read_text())
    value = float(results["execution_results"][key])
    if key == "throughput":  # images per second
        value = 1000 * setup.batch / value
    return {name: value, name + ".rss_mb": rss}


def run_openvino(setup, cpus):
    """With zoa's own settings. The first inference is not timed, as benchmark_app does it."""
    settings = ["-hint", "none", "-nstreams", "1", "-nthreads", str(setup.threads)]
    settings += ["-infer_precision", "f32", "-api", "sync"]
    return run_benchmark_app(setup, cpus, "openvino", settings, "latency (ms)")


def run_openvino_latency(setup, cpus):
    return run_benchmark_app(setup, cpus, "openvino_latency", ["-hint", "latency"], "latency (ms)")


def run_openvino_throughput(setup, cpus):
    return run_benchmark_app(
        setup, cpus, "openvino_throughput", ["-hint", "throughput"], "throughput"
    )


def run_script(name, words, cpus):
    """A script of this folder that prints {"ms": [...], "rss_mb": ...} in its last line."""
    out, rss = run_process([sys.executable, str(HERE / words[0]), *words[1:]], cpus)
    result = json.loads(out.strip().splitlines()[-1])
    return {name: statistics.median(result["ms"]), name + ".rss_mb": rss}


def run_onnxruntime(setup, cpus, name, kind):
    words = ["onnxruntime_pass.py", "time", setup.path(kind), *setup.size(), *setup.repeats()]
    return run_script(name, words, cpus)


def run_torch(setup, cpus):
    words = ["torch_step.py", *setup.network["torch"], *setup.size(), *setup.repeats()]
    return run_script("torch", words, cpus)


CONTENDERS = {
    "zoa": run_zoa,
    "zoa_step": run_zoa_step,
    "zoa_bits": run_zoa_bits,
    "zoa_frames": run_zoa_frames,
    "openvino": run_openvino,
    "openvino_latency": run_openvino_latency,
    "openvino_throughput": run_openvino_throughput,
    "onnxruntime_int8": lambda s, c: run_onnxruntime(s, c, "onnxruntime_int8", "int8"),
    "onnxruntime_float": lambda s, c: run_onnxruntime(s, c, "onnxruntime_float", "float"),
    "torch": run_torch,
}

# The files of a network that each reads (cases.toml).
NEEDS = {
    "zoa": ["w8a8"],
    "zoa_step": ["w8a8"],
    "zoa_frames": ["w8a8"],
    "zoa_bits": ["w8a8", "w6a6"],
    "openvino": ["w8a8"],
    "openvino_latency": ["w8a8"],
    "openvino_throughput": ["w8a8"],
    "onnxruntime_int8": ["float", "int8"],
    "onnxruntime_float": ["float"],
    "torch": [],
}
