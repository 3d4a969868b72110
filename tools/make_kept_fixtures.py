# SPDX-License-Identifier: Apache-2.0
"""Writes the networks of tests/data/models/ that other quantizers made, with reference logits.

    python tools/make_kept_fixtures.py FOLDER [NAME ...]

Needs onnx, onnxruntime, nncf and openvino; the .tflite files need tensorflow and are made in an
environment of its own. Weights are random and seeded; inputs are 16x16 RGB, outputs 10 logits.
NAME.npy holds the logits of kept-images.npy as a second program computes them: onnxruntime without
optimizations, TFLite's interpreter, OpenVINO for what NNCF made.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

SEED = 20261126
SIZE, CLASSES, WIDTH, HEADS, PATCH = 16, 10, 16, 2, 4
DEPTH = WIDTH // HEADS
IMAGES = "kept-images.npy"


class Graph:
    """ONNX nodes with short names: most of a small file is names."""

    def __init__(self, opset):
        self.opset, self.nodes, self.constants = opset, [], []
        self.numbers = np.random.default_rng(SEED)

    def const(self, values, kind=np.float32):
        from onnx import numpy_helper

        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def random(self, *shape, fan=None):
        """Weights with their fan-in, or values of about 0.2."""
        scale = 0.2 if fan is None else fan**-0.5
        return self.const(self.numbers.standard_normal(shape) * scale)

    def op(self, kind, *inputs, outputs=1, **attributes):
        from onnx import helper

        number = len(self.nodes)
        names = [f"v{number}" + "abc"[i] * (outputs > 1) for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, name=f"n{number}", **attributes))
        return names[0] if outputs == 1 else names

    def linear(self, x, inputs, outputs, weights=None):
        product = self.op("MatMul", x, weights or self.random(inputs, outputs, fan=inputs))
        return self.op("Add", product, self.random(outputs))

    def save(self, logits, path):
        import onnx
        from onnx import TensorProto, helper

        self.nodes[-1].output[0] = "logits"
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, SIZE, SIZE])
        result = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", CLASSES])
        graph = helper.make_graph(self.nodes, "g", [image], [result], self.constants)
        opset = [helper.make_opsetid("", self.opset)]
        onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)


def attention(g, x):
    """One linear layer for q, k and v, taken apart by reshape, transpose and split, as in timm."""
    qkv = g.linear(x, WIDTH, 3 * WIDTH)
    shape = g.const([0, -1, 3, HEADS, DEPTH], np.int64)
    turned = g.op("Transpose", g.op("Reshape", qkv, shape), perm=[2, 0, 3, 1, 4])
    axis = g.const([0], np.int64)
    parts = g.op("Split", turned, g.const([1, 1, 1], np.int64), outputs=3, axis=0)
    q, k, v = (g.op("Squeeze", part, axis) for part in parts)
    q = g.op("Mul", q, g.const(DEPTH**-0.5))
    scores = g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2]))
    mixed = g.op("MatMul", g.op("Softmax", scores, axis=-1), v)
    mixed = g.op("Transpose", mixed, perm=[0, 2, 1, 3])
    return g.linear(g.op("Reshape", mixed, g.const([0, -1, WIDTH], np.int64)), WIDTH, WIDTH)


def norm(g, x):
    gamma = g.const(1 + 0.2 * g.numbers.standard_normal(WIDTH).clip(-2, 2))
    return g.op("LayerNormalization", x, gamma, g.random(WIDTH), axis=-1, epsilon=1e-6)


def make_vit(path, opset=20, blocks=2):
    """A ViT whose head reads the mean over tokens."""
    g = Graph(opset)
    weights = g.random(WIDTH, 3, PATCH, PATCH, fan=3 * PATCH * PATCH)
    strides = {"kernel_shape": [PATCH, PATCH], "strides": [PATCH, PATCH]}
    x = g.op("Conv", "image", weights, g.random(WIDTH), **strides)
    x = g.op("Reshape", x, g.const([0, WIDTH, -1], np.int64))
    x = g.op("Transpose", x, perm=[0, 2, 1])
    x = g.op("Add", x, g.random(1, (SIZE // PATCH) ** 2, WIDTH))
    for _ in range(blocks):
        x = g.op("Add", x, attention(g, norm(g, x)))
        hidden = g.op("Gelu", g.linear(norm(g, x), WIDTH, 2 * WIDTH))
        x = g.op("Add", x, g.linear(hidden, 2 * WIDTH, WIDTH))
    x = g.op("ReduceMean", norm(g, x), g.const([1], np.int64), keepdims=0)
    g.save(g.linear(x, WIDTH, CLASSES), path)


def make_resnet(path, opset=17, skewed=False):
    """Folded BatchNorm; stages of 2, 1 and 1 blocks. skewed: weights with a mean far from zero,
    but for the stem's."""
    g = Graph(opset)

    def conv(x, inputs, outputs, kernel=3, stride=1):
        values = g.numbers.standard_normal((outputs, inputs, kernel, kernel))
        shift = 0.7 if skewed and x != "image" else 0.0
        values = (values + shift) / (inputs * kernel * kernel) ** 0.5
        attributes = {"kernel_shape": [kernel] * 2, "pads": [kernel // 2] * 4}
        bias = g.random(outputs)
        return g.op("Conv", x, g.const(values), bias, strides=[stride] * 2, **attributes)

    x = g.op("Relu", conv("image", 3, 8))
    inputs = 8
    for width, stride in ((8, 1), (8, 1), (16, 2), (16, 2)):
        main = conv(g.op("Relu", conv(x, inputs, width, 3, stride)), width, width)
        shortcut = x if stride == 1 else conv(x, inputs, width, 1, stride)
        x, inputs = g.op("Relu", g.op("Add", main, shortcut)), width
    x = g.op("Flatten", g.op("GlobalAveragePool", x))
    head = g.numbers.standard_normal((inputs, CLASSES)) + (0.7 if skewed else 0.0)
    g.save(g.linear(x, inputs, CLASSES, g.const(head / inputs**0.5)), path)


def images(count, seed=SEED):
    numbers = np.random.default_rng(seed)
    return numbers.standard_normal((count, 3, SIZE, SIZE)).astype(np.float32)


def quantize_onnxruntime(path, make, activations, weights, **extra):
    """quantize_static as people call it, and the logits of the result without optimizations."""
    import onnxruntime
    from onnxruntime import quantization as ort

    batches = iter([{"image": batch} for batch in images(64, SEED + 1).reshape(16, 4, 3, SIZE, SIZE)])
    reader = SimpleNamespace(get_next=lambda: next(batches, None))
    whole = path.with_suffix(".float")
    make(whole)
    options = {"quant_format": ort.QuantFormat.QDQ, "per_channel": True, "extra_options": extra}
    options |= {"activation_type": getattr(ort.QuantType, activations)}
    options |= {"weight_type": getattr(ort.QuantType, weights)}
    ort.quantize_static(str(whole), str(path), reader, **options)
    whole.unlink()
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), settings)
    return session.run(None, {"image": np.load(path.parent / IMAGES)})[0]


def openvino_network(make, path):
    import openvino

    whole = path.with_suffix(".float")
    make(whole)
    network = openvino.convert_model(whole)
    whole.unlink()
    return network


def save_openvino(network, path):
    """Without indentation; returns the logits of the file in plain OpenVINO."""
    import openvino

    openvino.save_model(network, path, compress_to_fp16=False)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line.strip() for line in lines) + "\n")
    settings = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}
    compiled = openvino.Core().compile_model(path, "CPU", settings)
    return compiled(np.load(path.parent / IMAGES))[0]


def products(network):
    """Names of the products with constant weights, in order."""
    return [
        node.get_friendly_name()
        for node in network.get_ordered_ops()
        if node.get_type_name() in ("MatMul", "Convolution")
        and not any(i.get_node().get_type_name() == "Softmax" for i in node.input_values())
    ]


def make_nncf_mixed(path):
    """Block 0: int8; block 1: attention in float, the MLP on compressed weights."""
    import nncf

    network = openvino_network(make_vit, path)
    names = [node.get_friendly_name() for node in network.get_ordered_ops()]
    kinds = [node.get_type_name() for node in network.get_ordered_ops()]
    matmuls = [name for name, kind in zip(names, kinds, strict=True) if kind == "MatMul"]
    block, mlp = matmuls[6:10], matmuls[10:12]  # 6 products a block, after those of block 0
    scope = nncf.IgnoredScope(names=[n for n in names if n in matmuls and n not in mlp])
    network = nncf.compress_weights(
        network, mode=nncf.CompressWeightsMode.INT8_ASYM, ignored_scope=scope
    )
    data = nncf.Dataset(list(images(64, SEED + 1).reshape(16, 4, 3, SIZE, SIZE)))
    scope = nncf.IgnoredScope(names=block + mlp)
    network = nncf.quantize(
        network, data, model_type=nncf.ModelType.TRANSFORMER, subset_size=16, ignored_scope=scope
    )
    return save_openvino(network, path)


def make_nncf_weights4(path):
    """Weights of 4 bits in groups of 8 with zero points; the first and last layer have 8 bits."""
    import nncf

    network = nncf.compress_weights(
        openvino_network(make_vit, path), mode=nncf.CompressWeightsMode.INT4_ASYM, group_size=8
    )
    return save_openvino(network, path)


FIXTURES = {
    "vit-qdq-u8w.onnx": lambda path: quantize_onnxruntime(
        path, make_vit, "QUInt8", "QUInt8", WeightSymmetric=True
    ),
    "vit-qdq-16bit.onnx": lambda path: quantize_onnxruntime(
        path, lambda whole: make_vit(whole, 21), "QUInt16", "QInt8"
    ),
    "resnet-qdq-asym-weights.onnx": lambda path: quantize_onnxruntime(
        path,
        lambda whole: make_resnet(whole, skewed=True),
        "QUInt8",
        "QUInt8",
        WeightSymmetric=False,
    ),
    "vit-nncf-mixed.xml": make_nncf_mixed,
    "vit-nncf-weights4.xml": make_nncf_weights4,
}


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / IMAGES, images(3))
    for name in sys.argv[2:] or FIXTURES:
        path = folder / name
        logits = FIXTURES[name](path)
        np.save(path.with_suffix(".npy"), logits.astype(np.float32))
        print(name, path.stat().st_size, logits.std())


if __name__ == "__main__":
    main()
