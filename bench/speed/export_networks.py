# SPDX-License-Identifier: Apache-2.0
"""Writes the networks of the speed table, with random weights, as ONNX.

    python bench/speed/export_networks.py FOLDER [--network vit_b16,resnet50] [--size 224]

Times do not depend on what a network was trained for, so nothing is downloaded: architectures and
initial weights are those of timm, drawn with --seed. What a random network needs to have usual
activations is done here: the last BatchNorm of a residual branch starts at one instead of zero, and
running statistics are measured on noise. BatchNorms stay nodes, as zoa's CNN methods want them.
The input is `input`, float (batch, 3, size, size), the output `logits`, (batch, 1000).
"""

import argparse
from pathlib import Path

import torch
from timm import create_model
from timm.layers import set_fused_attn

NETWORKS = {
    "vit_b16": ("vit_base_patch16_224", {}),
    "vit_s16": ("vit_small_patch16_224", {}),
    "resnet50": ("resnet50", {"zero_init_last": False}),
}
STATISTICS_BATCHES, STATISTICS_BATCH = 4, 16
OPSET = 17


def make_network(name, size, seed):
    """The network in evaluation mode; BatchNorms have the statistics of noise."""
    torch.manual_seed(seed)
    set_fused_attn(False)  # attention as products and softmax, which every reader of ONNX knows
    architecture, arguments = NETWORKS[name]
    if name.startswith("vit"):
        arguments = {**arguments, "img_size": size}
    network = create_model(architecture, pretrained=False, **arguments)
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    if norms:
        for norm in norms:
            norm.momentum = None  # a plain mean over the batches
        network.train()
        with torch.no_grad():
            for _ in range(STATISTICS_BATCHES):
                network(torch.randn(STATISTICS_BATCH, 3, size, size))
    return network.eval()


def export(network, size, path):
    torch.onnx.export(
        network,
        (torch.zeros(2, 3, size, size),),
        str(path),
        dynamo=False,
        opset_version=OPSET,
        input_names=["input"],
        output_names=["logits"],
        dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}},
        training=torch.onnx.TrainingMode.PRESERVE,  # EVAL would fold the BatchNorms
        do_constant_folding=False,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--network", default="vit_b16,resnet50", help=", ".join(NETWORKS))
    parser.add_argument("--size", type=int, default=224, help="pixels of a side")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    names = arguments.network.split(",")
    unknown = [name for name in names if name not in NETWORKS]
    if unknown:
        parser.error(f"unknown network {unknown[0]!r}; known are {', '.join(NETWORKS)}")
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        suffix = "" if arguments.size == 224 else f"_{arguments.size}"
        path = arguments.folder / f"{name}{suffix}.onnx"
        export(make_network(name, arguments.size, arguments.seed), arguments.size, path)
        print(path)


if __name__ == "__main__":
    main()
