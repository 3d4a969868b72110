# SPDX-License-Identifier: Apache-2.0
"""Writes the networks of tests/data/models/ that other quantizers made, with reference logits.

    python tools/make_kept_fixtures.py FOLDER [NAME ...]

Needs onnx, onnxruntime, nncf and openvino; the .tflite files need tensorflow and are made in an
environment of its own. Weights are random and seeded; inputs are 16x16 RGB, outputs 10 logits.
NAME.npy holds the logits of kept-images.npy as a second program computes them: onnxruntime without
optimizations, TFLite's interpreter, OpenVINO for what NNCF made.
"""

import re
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
    """Folded BatchNorm; stages of 2, 1 and 1 blocks. skewed: weights that reach further up than
    down, but for the stem's."""
    g = Graph(opset)

    def conv(x, inputs, outputs, kernel=3, stride=1):
        shape = (outputs, inputs, kernel, kernel)
        values = g.numbers.standard_normal(shape)
        if skewed and x != "image":
            values = g.numbers.exponential(size=shape) - 1
        values /= (inputs * kernel * kernel) ** 0.5
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
    head = g.numbers.exponential(size=(inputs, CLASSES)) - 1 if skewed else None
    head = None if head is None else g.const(head / inputs**0.5)
    g.save(g.linear(x, inputs, CLASSES, head), path)


def images(count, seed=SEED):
    numbers = np.random.default_rng(seed)
    return numbers.standard_normal((count, 3, SIZE, SIZE)).astype(np.float32)


def quantize_onnxruntime(path, make, activations, weights, **extra):
    """quantize_static as people call it, and the logits of the result without optimizations."""
    import onnxruntime
    from onnxruntime import quantization as ort

    per_channel = extra.get("WeightSymmetric", True)
    batches = iter(
        [{"image": batch} for batch in images(64, SEED + 1).reshape(16, 4, 3, SIZE, SIZE)]
    )
    reader = SimpleNamespace(get_next=lambda: next(batches, None))
    whole = path.with_suffix(".float")
    make(whole)
    options = {
        "quant_format": ort.QuantFormat.QDQ,
        "per_channel": per_channel,
        "extra_options": extra,
    }
    options |= {"activation_type": getattr(ort.QuantType, activations)}
    options |= {"weight_type": getattr(ort.QuantType, weights)}
    ort.quantize_static(str(whole), str(path), reader, **options)
    whole.unlink()
    if per_channel:
        halve_weights(path)
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), settings)
    return session.run(None, {"image": np.load(path.parent / IMAGES)})[0]


def halve_weights(path):
    """Weights of 7 bits with the zero points of 8: sums of two 8-bit products can saturate on CPUs
    without VNNI, and the reference would not hold there."""
    import onnx
    from onnx import numpy_helper

    network = onnx.load(path)
    tensors = {tensor.name: tensor for tensor in network.graph.initializer}
    for node in network.graph.node:
        tensor = tensors.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
        if tensor is None or tensor.data_type not in (
            onnx.TensorProto.INT8,
            onnx.TensorProto.UINT8,
        ):
            continue
        values, scale, zero = (numpy_helper.to_array(tensors[name]) for name in node.input)
        axis = next((a.i for a in node.attribute if a.name == "axis"), 0)
        shape = [-1 if i == axis and zero.size > 1 else 1 for i in range(values.ndim)]
        centre = zero.astype(np.int32).reshape(shape if zero.ndim else ())
        halved = np.round((values.astype(np.int32) - centre) / 2) + centre
        tensor.CopyFrom(numpy_helper.from_array(halved.astype(values.dtype), tensor.name))
        doubled = numpy_helper.from_array((2 * scale).astype(scale.dtype), node.input[1])
        tensors[node.input[1]].CopyFrom(doubled)
    onnx.save(network, path)


def openvino_network(make, path):
    import openvino

    whole = path.with_suffix(".float")
    make(whole)
    network = openvino.convert_model(whole)
    whole.unlink()
    return network


def save_openvino(network, path):
    """Without what a reader works out by itself; returns the logits of plain OpenVINO in float."""
    import openvino

    openvino.save_model(network, path, compress_to_fp16=False)
    text = re.sub(r"\s*\n\s*", "", path.read_text())
    text = text[: text.index("</edges>")] + "</edges></net>\n"  # NNCF's settings
    text = re.sub(r"<dim>-?\d+</dim>", "", text)
    text = re.sub(r'(<port id="\d+"[^>]*)></port>', r"\1/>", text).replace('" />', '"/>')
    text = re.sub(
        "<input>.*?</input>", lambda ports: re.sub(r' precision="\w+"', "", ports[0]), text
    )
    path.write_text(text.replace("<layer ", "\n<layer "))
    # Quantizers simulated in float: what the file says, whatever the CPU's integer products do.
    settings = {"INFERENCE_PRECISION_HINT": "f32", "LP_TRANSFORMS_MODE": "NO"}
    settings["DYNAMIC_QUANTIZATION_GROUP_SIZE"] = "0"
    compiled = openvino.Core().compile_model(path, "CPU", settings)
    return compiled(np.load(path.parent / IMAGES))[0]


def make_nncf_mixed(path):
    """Block 0: int8; block 1: attention in float, the MLP on compressed weights."""
    import nncf

    network = openvino_network(make_vit, path)
    layers = [
        n for n in network.get_ordered_ops() if n.get_type_name() in ("MatMul", "Convolution")
    ]
    names = [layer.get_friendly_name() for layer in layers]  # patches, 4 a block, head
    attention, mlp = names[5:7], names[7:9]
    network = nncf.compress_weights(
        network,
        mode=nncf.CompressWeightsMode.INT8_ASYM,
        ignored_scope=nncf.IgnoredScope(names=[name for name in names if name not in mlp]),
    )
    data = nncf.Dataset(list(images(64, SEED + 1).reshape(16, 4, 3, SIZE, SIZE)))
    network = nncf.quantize(
        network,
        data,
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=16,
        ignored_scope=nncf.IgnoredScope(names=attention + mlp),
        advanced_parameters=nncf.AdvancedQuantizationParameters(
            overflow_fix=nncf.OverflowFix.ENABLE  # as in halve_weights
        ),
    )
    return save_openvino(network, path)


def make_nncf_weights4(path):
    """Weights of 4 bits in groups of 8 with zero points; the first and last layer have 8 bits."""
    import nncf

    network = nncf.compress_weights(
        openvino_network(make_vit, path), mode=nncf.CompressWeightsMode.INT4_ASYM, group_size=8
    )
    return save_openvino(network, path)


def make_tflite(path):
    """Keras, converted with integer input and output; the reference is TFLite's interpreter."""
    import tensorflow as tf
    from keras_resnet import make_converter

    def make_norm():
        uniform = tf.keras.initializers.RandomUniform
        scale, shift = uniform(0.7, 1.3), uniform(-0.3, 0.3)
        return tf.keras.layers.BatchNormalization(gamma_initializer=scale, beta_initializer=shift)

    converter = make_converter(SIZE, CLASSES, SEED, make_norm)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    batches = images(64, SEED + 1).transpose(0, 2, 3, 1).reshape(16, 4, SIZE, SIZE, 3)
    converter.representative_dataset = lambda: ([batch] for batch in batches)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    path.write_bytes(converter.convert())
    return run_tflite(path)


def run_tflite(path):
    """Logits from float images: quantized as the file's scale and zero point say, and back."""
    import tensorflow as tf

    pixels = np.load(path.parent / IMAGES).transpose(0, 2, 3, 1)
    interpreter = tf.lite.Interpreter(str(path))
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], pixels.shape)
    interpreter.allocate_tensors()
    image, logits = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero = image["quantization"]
    codes = np.clip(np.round(pixels / scale) + zero, -128, 127).astype(np.int8)
    interpreter.set_tensor(image["index"], codes)
    interpreter.invoke()
    scale, zero = logits["quantization"]
    return scale * (interpreter.get_tensor(logits["index"]).astype(np.float32) - zero)


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
    "resnet-int8io.tflite": make_tflite,
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
