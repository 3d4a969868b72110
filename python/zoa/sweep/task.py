# SPDX-License-Identifier: Apache-2.0
"""What a Ray worker does: one call of the program, its files sent back as bytes.

Only the standard library: Ray ships these functions by value, so that a node of a cluster needs
Python, Ray and the program, but not this package.
"""

import ctypes
import hashlib
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1  # of Linux, see prctl(2)
LOG_CHARACTERS = 100_000


def read_folder(folder: str) -> dict[str, bytes]:
    """The files of a model folder."""
    return {p.name: p.read_bytes() for p in sorted(Path(folder).iterdir()) if p.is_file()}


def fingerprint(folder: str) -> str | None:
    """Of zoa.json, which holds hashes of the other files; None where there is none."""
    try:
        return hashlib.sha256(Path(folder, "zoa.json").read_bytes()).hexdigest()
    except OSError:
        return None


def die_with_parent():
    """For preexec_fn: the kernel kills the child as soon as the worker ends, however it ends."""
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def prepare():
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # ended before the call above
            os._exit(1)

    return prepare


def find_here(program: str) -> str:
    found = shutil.which(program) or shutil.which("zoa")
    if not found:
        raise FileNotFoundError(f"{program}: no such program here, and no zoa on PATH")
    return found


def call(words: list[str], cwd: str) -> dict[str, Any]:
    """Runs the program to its end. Cancelled or killed, this takes the program with it."""
    process = subprocess.Popen(
        words,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=die_with_parent(),
    )
    try:
        stderr = process.communicate()[1].decode(errors="replace")
    finally:
        process.kill()
        process.wait()
    status = process.returncode
    if status < 0:
        stderr += f"ended by signal {-status} ({signal.Signals(-status).name})\n"
    return {"status": status, "stderr": stderr[-LOG_CHARACTERS:]}


def run_job(job: dict[str, Any], work) -> dict[str, Any]:
    """work(job, scratch folder) with times and place; an OSError is an outcome like any other."""
    start = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="zoa-cell-", dir=job["scratch"]) as scratch:
            outcome = work(job, scratch)
    except OSError as error:
        outcome = {"status": 1, "stderr": f"{error}\n"}
    place = {"seconds": time.monotonic() - start, "host": socket.gethostname()}
    return {"command": shlex.join(["zoa", *job["words"]]), **outcome, **place}


def shipped_model(job: dict[str, Any], files: dict[str, bytes], scratch: str) -> str:
    """A copy of the model in the scratch folder, under the folder's own name."""
    folder = Path(scratch, Path(job["model"]).name)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return str(folder)


def name_as_given(text: str, used: str, given: str) -> str:
    """Puts the given path of the model into the command of the header, which repeats the run."""

    def quoted(path):
        return json.dumps(shlex.quote(path), ensure_ascii=False)[1:-1]

    head, newline, rest = text.partition("\n")
    return head.replace(quoted(used), quoted(given)) + newline + rest


def evaluate(job: dict[str, Any], files: dict[str, bytes] | None) -> dict[str, Any]:
    """One cell. files  the model, where the sweep ships it; used if this node has not the same."""

    def work(job, scratch):
        model = job["model"]
        here = fingerprint(os.path.join(job["cwd"], model))
        if files is not None and here != hashlib.sha256(files["zoa.json"]).hexdigest():
            model = shipped_model(job, files, scratch)
        records = os.path.join(scratch, "records.jsonl")
        words = [find_here(job["program"]), "eval", model, *job["flags"]]
        outcome = call([*words, "-o", records, "--threads", str(job["threads"])], job["cwd"])
        if outcome["status"] == 0:
            text = Path(records).read_bytes().decode()
            outcome["text"] = (
                text if model == job["model"] else name_as_given(text, model, job["model"])
            )
        return outcome

    return run_job({**job, "words": ["eval", job["model"], *job["flags"]]}, work)


def quantize(job: dict[str, Any]) -> dict[str, Any]:
    """One model folder, made in the scratch folder."""

    def work(job, scratch):
        folder = os.path.join(scratch, job["name"] + ".zoa")
        words = [find_here(job["program"]), *job["words"]]
        outcome = call([*words, "-o", folder, "--threads", str(job["threads"])], job["cwd"])
        if outcome["status"] == 0:
            outcome["files"] = read_folder(folder)
        return outcome

    return run_job(job, work)
