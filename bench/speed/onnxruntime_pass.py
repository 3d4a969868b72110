# SPDX-License-Identifier: Apache-2.0
"""Times plain passes of an ONNX network in onnxruntime on the CPU, a rival of bench/speed.

    python bench/speed/onnxruntime_pass.py quantize vit_b16.onnx vit_b16-int8.onnx
    python bench/speed/onnxruntime_pass.py time vit_b16-int8.onnx --batch 64 --threads 2

`quantize` is onnxruntime's own static quantization to QDQ form: unsigned activations, signed
weights per channel of 7 bits, as its documentation asks for on processors without VNNI. Of a
transformer convolutions and products are quantized, of a CNN all that onnxruntime knows. Ranges
come from noise: times do not depend on them. `time` prints one JSON object.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

CALIBRATION_IMAGES = 4
PRODUCTS = ["Conv", "MatMul", "Gemm"]


def noise(shape, batch):
    sizes = [batch, *(int(n) for n in shape[1:])]
    return np.random.default_rng(0).standard_normal(sizes, dtype=np.float32)


class Noise(CalibrationDataReader):
    def __init__(self, graph_input):
        shape = [d.dim_value for d in graph_input.type.tensor_type.shape.dim]
        self.batches = iter(
            {graph_input.name: image[None]} for image in noise(shape, CALIBRATION_IMAGES)
        )

    def get_next(self):
        return next(self.batches, None)


def quantize(source, target):
    network = onnx.load(source)
    is_transformer = any(node.op_type == "Softmax" for node in network.graph.node)
    with tempfile.TemporaryDirectory() as folder:
        prepared = str(Path(folder) / "prepared.onnx")  # BatchNorms are folded here
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            target,
            Noise(network.graph.input[0]),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            op_types_to_quantize=PRODUCTS if is_transformer else None,
        )


def time_passes(arguments):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.inter_op_num_threads = 1
    start = time.perf_counter()
    session = onnxruntime.InferenceSession(
        arguments.network, options, providers=["CPUExecutionProvider"]
    )
    start_ms = 1000 * (time.perf_counter() - start)
    feed = {session.get_inputs()[0].name: noise(session.get_inputs()[0].shape, arguments.batch)}
    milliseconds = []
    for step in range(-arguments.warmup, arguments.steps):
        start = time.perf_counter()
        session.run(None, feed)
        if step >= 0:
            milliseconds.append(1000 * (time.perf_counter() - start))
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    versions = {"onnxruntime": onnxruntime.__version__}
    result = {"ms": milliseconds, "start_ms": start_ms, "rss_mb": rss, "versions": versions}
    print(json.dumps(result))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    making = verbs.add_parser("quantize")
    making.add_argument("source")
    making.add_argument("target")
    timing = verbs.add_parser("time")
    timing.add_argument("network")
    timing.add_argument("--batch", type=int, default=64)
    timing.add_argument("--steps", type=int, default=3)
    timing.add_argument("--warmup", type=int, default=1)
    timing.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.verb == "quantize":
        quantize(arguments.source, arguments.target)
    else:
        time_passes(arguments)


if __name__ == "__main__":
    main()
