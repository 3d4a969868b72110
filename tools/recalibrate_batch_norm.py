# SPDX-License-Identifier: Apache-2.0
"""Sets the running statistics of an ONNX network's BatchNorms to those of given images.

usage: recalibrate_batch_norm.py NETWORK.onnx IMAGES.npz OUTPUT.onnx [--fold]
IMAGES.npz holds `calib`, uint8 (N, H, W, 3); ImageNet mean and std are applied. With --fold the
norms are then folded into their convolutions, as most exporters do. The pair (with and without
--fold) shows how well zoa recovers folded norms: docs/design/folded-batch-norm.md.
Needs numpy, onnx, openvino.
"""

import argparse

import numpy as np
import onnx
import openvino as ov
from onnx import numpy_helper

MEAN = np.array([0.485, 0.456, 0.406])
STD = np.array([0.229, 0.224, 0.225])


def output_of(model, name, images):
    part = onnx.ModelProto()
    part.CopyFrom(model)
    del part.graph.output[:]
    part.graph.output.append(onnx.helper.make_tensor_value_info(name, 1, None))
    network = ov.Core().compile_model(
        ov.Core().read_model(part.SerializeToString()), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    parts = [network(images[i : i + 50])[0] for i in range(0, len(images), 50)]
    return np.concatenate(parts).astype(np.float64)


class Weights:
    def __init__(self, graph):
        self.by_name = {tensor.name: tensor for tensor in graph.initializer}

    def get(self, name):
        return numpy_helper.to_array(self.by_name[name]).astype(np.float64)

    def put(self, name, values):
        self.by_name[name].CopyFrom(numpy_helper.from_array(values.astype(np.float32), name))


def recalibrate(model, images):
    weights = Weights(model.graph)
    for norm in [n for n in model.graph.node if n.op_type == "BatchNormalization"]:
        values = output_of(model, norm.input[0], images)
        weights.put(norm.input[3], values.mean((0, 2, 3)))
        weights.put(norm.input[4], values.var((0, 2, 3)))


def fold(model):
    graph = model.graph
    weights = Weights(graph)
    producers = {node.output[0]: node for node in graph.node}
    for norm in [n for n in graph.node if n.op_type == "BatchNormalization"]:
        convolution = producers[norm.input[0]]
        gamma, beta, mean, variance = (weights.get(name) for name in norm.input[1:5])
        eps = next(a.f for a in norm.attribute if a.name == "epsilon")
        scale = gamma / np.sqrt(variance + eps)
        bias = weights.get(convolution.input[2]) if len(convolution.input) > 2 else 0.0
        kernel = weights.get(convolution.input[1])
        weights.put(convolution.input[1], kernel * scale[:, None, None, None])
        name = norm.output[0] + "_bias"
        folded = (beta + (bias - mean) * scale).astype(np.float32)
        graph.initializer.append(numpy_helper.from_array(folded, name))
        del convolution.input[2:]
        convolution.input.append(name)
        convolution.output[0] = norm.output[0]
        graph.node.remove(norm)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network")
    parser.add_argument("images")
    parser.add_argument("output")
    parser.add_argument("--fold", action="store_true")
    arguments = parser.parse_args()
    model = onnx.load(arguments.network)
    pictures = np.load(arguments.images)["calib"]
    images = ((pictures / 255 - MEAN) / STD).transpose(0, 3, 1, 2).astype(np.float32)
    recalibrate(model, images)
    if arguments.fold:
        fold(model)
    onnx.save(model, arguments.output)


if __name__ == "__main__":
    main()
