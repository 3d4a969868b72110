# SPDX-License-Identifier: Apache-2.0
"""Ray: one of our own for the time of a sweep, or a cluster that is there already.

Placement, retries after lost workers and transport are all Ray's; this file only sets it up.
"""

import contextlib
import logging
import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoa.sweep import task
from zoa.sweep.grid import SweepError
from zoa.sweep.settings import Settings

OBJECT_STORE_BYTES = 200_000_000  # records are some MB; what does not fit goes to disk
CONNECT_SECONDS = 10


def import_ray() -> Any:
    """Ray, quiet: no usage statistics unless the user wants them."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # no warning about GPUs
    try:
        import ray
    except ImportError as error:
        raise SweepError(f"a sweep needs Ray ({error}): pip install 'zoa[sweep]'") from None
    return ray


def check_address(address: str) -> None:
    """Whether anything listens there: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdigit()):
        return  # "auto" and what else Ray may know
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except OSError as error:
        raise SweepError(f"cluster {address}: nothing answers there ({error})") from None


class Cluster:
    """A connection. remote functions take what task.py takes."""

    def __init__(self, ray: Any, settings: Settings, scratch: str | None) -> None:
        self.ray, self.scratch, self.shared = ray, scratch, scratch is None
        ray.cloudpickle.register_pickle_by_value(task)
        self.retries = settings.retries

    def cpus(self) -> list[int]:
        """Of each living node."""
        nodes = [node for node in self.ray.nodes() if node["Alive"]]
        return [int(node["Resources"].get("CPU", 0)) for node in nodes]

    def choose_threads(self, settings: Settings, jobs: int) -> int:
        """Threads of a cell. Raises SweepError if that would wait for ever."""
        most = max(self.cpus(), default=0)
        if settings.threads > most and not self.shared:
            raise SweepError(f"--threads {settings.threads}: only {most} CPUs here (--cpus)")
        if settings.threads:
            return settings.threads
        return max(1, min(most, sum(self.cpus()) // max(1, jobs)))

    def submit(self, function: Any, threads: int, *values: Any) -> Any:
        remote = self.ray.remote(num_cpus=threads, max_retries=self.retries)(function)
        return remote.remote(*values)

    def cancel(self, refs: list[Any]) -> None:
        """Stops running and waiting tasks; a worker that is cancelled kills its program."""
        for ref in refs:
            with contextlib.suppress(Exception):  # the cluster may be what ended the sweep
                self.ray.cancel(ref, force=True)


@contextlib.contextmanager
def connect(address: str | None, settings: Settings) -> Iterator[Cluster]:
    """Connects to address, or starts Ray here for as long as the context lasts."""
    ray = import_ray()
    if ray.is_initialized():  # a notebook, say: its Ray is used and left running
        yield Cluster(ray, settings, None)
        return
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    with contextlib.ExitStack() as stack:
        if address:
            scratch = None
            check_address(address)
            options["address"] = address
        else:
            # Short: the paths of Ray's sockets are in it, and these may have 107 characters.
            folder = settings.temp_dir or stack.enter_context(
                tempfile.TemporaryDirectory(prefix="zoa-ray-", ignore_cleanup_errors=True)
            )
            scratch = str(Path(folder).resolve())
            options.update(address="local", _temp_dir=scratch, include_dashboard=False)
            options["num_cpus"] = settings.cpus or len(os.sched_getaffinity(0))
            options["object_store_memory"] = OBJECT_STORE_BYTES
        try:
            ray.init(**options)
        except Exception as error:  # Ray has no one class for what can go wrong here
            what = f"cluster {address}: cannot connect" if address else "Ray does not start"
            raise SweepError(f"{what}: {error}") from error
        stack.callback(ray.shutdown)
        yield Cluster(ray, settings, scratch)
