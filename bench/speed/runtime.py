# SPDX-License-Identifier: Apache-2.0
"""OpenVINO with zoa's settings and its per-layer clock, for profile.py and floor.py."""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import openvino as ov


def parse_network(doc):
    """The arguments of both tools; `network` is read at the batch size."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("network", type=Path, help="model folder, or a file that OpenVINO reads")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--steps", type=int, default=5)
    arguments = parser.parse_args()
    return read_network(arguments.network, arguments.batch), arguments


def read_network(folder, batch):
    """The network of a model folder (or a file) at a fixed batch size."""
    path = folder / "model.xml" if folder.is_dir() else folder
    network = ov.Core().read_model(path)
    shape = network.input(0).partial_shape
    network.reshape([batch, *(d.get_length() for d in list(shape)[1:])])
    return network


def compile_network(network, threads, counts):
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0",
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": str(threads),
        "ENABLE_CPU_PINNING": "NO",
        "PERF_COUNT": "YES" if counts else "NO",
    }
    return ov.Core().compile_model(network, "CPU", settings)


def feed_of(compiled):
    random = np.random.default_rng(0)
    return [random.standard_normal(i.shape, dtype=np.float32) for i in compiled.inputs]


def median_ms(compiled, steps):
    """Of whole inferences."""
    request, feed = compiled.create_infer_request(), feed_of(compiled)
    times = []
    for step in range(steps + 1):
        start = time.perf_counter()
        request.infer(feed)
        times += [1000 * (time.perf_counter() - start)] if step else []
    return statistics.median(times)


def layer_times(compiled, steps):
    """(name, type, kernel, median ms) of every layer that ran; compiled with counts."""
    request, feed = compiled.create_infer_request(), feed_of(compiled)
    times, kinds = {}, {}
    for step in range(steps + 1):
        request.infer(feed)
        for layer in request.profiling_info if step else []:
            if layer.real_time.total_seconds() > 0:
                kinds[layer.node_name] = (layer.node_type, layer.exec_type)
                ms = 1000 * layer.real_time.total_seconds()
                times.setdefault(layer.node_name, []).append(ms)
    return [(name, *kinds[name], statistics.median(values)) for name, values in times.items()]
