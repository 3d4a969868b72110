# SPDX-License-Identifier: Apache-2.0
"""The multiplication floor of a network: the time of its products alone, by the same int8 kernels.

    python bench/speed/floor.py NAME.zoa --batch 64 --threads 2

Each convolution, linear layer and product of attention is built as a network of its own, bytes in
and float32 out without anything fused, and timed by the runtime's clock of that one layer. The sum
is what a pass could not fall below with these kernels; printed beside the pass as it is.
"""

import numpy as np
import openvino as ov
from openvino import opset13 as ops
from runtime import compile_network, layer_times, median_ms, parse_network

PRODUCTS = ("MatMul", "Convolution", "GroupConvolution")
KERNELS = ("FullyConnected", "MatMul", "Convolution")


def is_constant(value):
    """Whether a value depends on constants only: a weight, however it is unpacked."""
    node = value.get_node()
    if node.get_type_name() == "Parameter":
        return False
    return all(is_constant(source) for source in node.input_values())


def signature_of(node):
    """All that the time of a product depends on."""
    weights = is_constant(node.input_value(1))
    shapes = tuple(tuple(node.input_value(i).get_shape()) for i in (0, 1))
    attributes = tuple(sorted((k, str(v)) for k, v in node.get_attributes().items()))
    return node.get_type_name(), weights, shapes, attributes


def quantized_input(shape, levels, least, most):
    source = ops.parameter(list(shape), np.float32)
    ends = [np.float32(x) for x in (least, most, least, most)]
    return source, ops.fake_quantize(source, *ends, levels)


def same_product(node, first, second):
    """The node's operation on other inputs."""
    attributes = node.get_attributes()
    if node.get_type_name() == "MatMul":
        return ops.matmul(first, second, attributes["transpose_a"], attributes["transpose_b"])
    make = ops.convolution if node.get_type_name() == "Convolution" else ops.group_convolution
    names = ("strides", "pads_begin", "pads_end", "dilations")
    return make(first, second, *(list(attributes[name]) for name in names))


def make_product(node, weights):
    """The product alone: bytes times bytes."""
    left, first = quantized_input(node.input_value(0).get_shape(), 256, 0, 2.55)
    shape, sources = node.input_value(1).get_shape(), [left]
    if weights:
        second = node.input_value(1)  # as the network unpacks and scales them
    else:
        right, second = quantized_input(shape, 255, -1.27, 1.27)
        sources.append(right)
    product = same_product(node, first, second)
    return ov.Model([ops.result(product)], sources, "product")


def floor_of(network, threads, steps):
    """(type, weights, count, ms of one, kernel) of each different product."""
    counts, samples = {}, {}
    for node in network.get_ordered_ops():
        if node.get_type_name() in PRODUCTS:
            signature = signature_of(node)
            counts[signature] = counts.get(signature, 0) + 1
            samples[signature] = node
    for signature, node in samples.items():
        model = make_product(node, signature[1])
        layers = layer_times(compile_network(model, threads, True), steps)
        products = [layer for layer in layers if layer[1].startswith(KERNELS)]
        if len(products) != 1:
            raise SystemExit(f"{node.get_friendly_name()}: {len(products)} products ran, not one")
        yield signature, counts[signature], products[0][3], products[0][2]


def main():
    network, arguments = parse_network(__doc__)
    floor = 0.0
    print("| product | shapes | count | ms each | ms | kernel |\n|---|---|---:|---:|---:|---|")
    for signature, count, ms, kernel in floor_of(network, arguments.threads, arguments.steps):
        kind = signature[0] if signature[1] else signature[0] + " of attention"
        shapes = " x ".join("(" + ",".join(map(str, shape)) + ")" for shape in signature[2])
        print(f"| {kind} | {shapes} | {count} | {ms:.2f} | {count * ms:.2f} | {kernel} |")
        floor += count * ms
    pass_ms = median_ms(compile_network(network, arguments.threads, False), arguments.steps)
    print(f"\nfloor {floor:.1f} ms, a pass {pass_ms:.1f} ms: {pass_ms / floor:.2f} floors")


if __name__ == "__main__":
    main()
