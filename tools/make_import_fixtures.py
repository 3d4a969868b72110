# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/models/: tiny classifiers in the spellings that exporters and quantizers use.

    python tools/make_import_fixtures.py FOLDER [NAME ...]

Needs torch, onnx, onnxscript, onnxruntime, nncf and openvino; resnet-tflite needs tensorflow alone.
Weights are random and seeded; inputs are 16x16 RGB, outputs 10 logits.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

try:
    import torch
    import torch.nn.functional as F
    from torch import nn

    Module = nn.Module
except ImportError:  # the environment of tensorflow; only resnet-tflite can be made
    Module = object

SEED = 20261125
SIZE, CLASSES, WIDTH, HEADS = 16, 10, 16, 2


class SpelledLayerNorm(Module):
    """LayerNorm by hand: the square as d * d; root as Div(d, sqrt) or Mul(d, 1 / sqrt)."""

    def __init__(self, width, inverse):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.inverse = inverse

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        variance = (centred * centred).mean(-1, keepdim=True) + 1e-6
        root = torch.rsqrt(variance) if self.inverse else torch.sqrt(variance)
        normed = centred * root if self.inverse else centred / root
        return normed * self.weight + self.bias


class FusedAttention(Module):
    """One linear layer for q, k and v, taken apart by reshape and unbind, as in timm."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        batch, tokens, width = x.shape
        qkv = self.qkv(x).reshape(batch, tokens, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        scores = (q * (width // HEADS) ** -0.5) @ k.transpose(-2, -1)
        mixed = scores.softmax(-1) @ v
        return self.proj(mixed.transpose(1, 2).reshape(batch, tokens, width))


class SeparateAttention(Module):
    """Three linear layers and scaled_dot_product_attention, as in transformers."""

    def __init__(self):
        super().__init__()
        self.query, self.key, self.value, self.proj = (nn.Linear(WIDTH, WIDTH) for _ in range(4))

    def forward(self, x):
        q, k, v = (
            layer(x).unflatten(-1, (HEADS, WIDTH // HEADS)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class VitBlock(Module):
    def __init__(self, norm, attention, scale):
        super().__init__()
        self.norm1, self.attention, self.norm2 = norm(0), attention(), norm(1)
        self.scale1 = nn.Parameter(torch.ones(WIDTH)) if scale else None
        self.scale2 = nn.Parameter(torch.ones(WIDTH)) if scale else None
        wide = 2 * WIDTH
        self.mlp = nn.Sequential(nn.Linear(WIDTH, wide), nn.GELU(), nn.Linear(wide, WIDTH))

    def forward(self, x):
        branch = self.attention(self.norm1(x))
        x = x + (branch if self.scale1 is None else branch * self.scale1)
        branch = self.mlp(self.norm2(x))
        return x + (branch if self.scale2 is None else branch * self.scale2)


class Vit(Module):
    def __init__(self, blocks=3, norm=None, attention=None, scale=False, token=True):
        super().__init__()
        norm = norm or (lambda _: nn.LayerNorm(WIDTH, eps=1e-6))
        self.patches = nn.Conv2d(3, WIDTH, 4, 4)
        tokens = (SIZE // 4) ** 2
        self.token = nn.Parameter(torch.zeros(1, 1, WIDTH)) if token else None
        self.positions = nn.Parameter(torch.zeros(1, tokens + int(token), WIDTH))
        attention = attention or FusedAttention
        self.blocks = nn.Sequential(*(VitBlock(norm, attention, scale) for _ in range(blocks)))
        self.norm = norm(0)
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, image):
        x = self.patches(image).flatten(2).transpose(1, 2)
        if self.token is not None:
            x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1)
        x = self.norm(self.blocks(x + self.positions))
        return self.head(x.mean(1) if self.token is None else x[:, 0])


class ResnetBlock(Module):
    """convolutions: (kernel, outputs) each; a 1x1 convolution on the shortcut where shapes ask."""

    def __init__(self, inputs, convolutions, stride, norm):
        super().__init__()
        layers = []
        width = inputs
        for i, (kernel, outputs) in enumerate(convolutions):
            # torchvision strides in the 3x3 of a bottleneck
            step = stride if i == int(convolutions[0][0] == 1) else 1
            layers += [nn.Conv2d(width, outputs, kernel, step, kernel // 2, bias=False)]
            layers += [norm(outputs), nn.ReLU()]
            width = outputs
        self.main = nn.Sequential(*layers[:-1])
        self.shortcut = nn.Identity()
        if stride > 1 or inputs != width:
            project = nn.Conv2d(inputs, width, 1, stride, bias=False)
            self.shortcut = nn.Sequential(project, norm(width))

    def forward(self, x):
        return F.relu(self.main(x) + self.shortcut(x))


class Resnet(Module):
    """Stages of 2, 1 and 1 blocks."""

    def __init__(self, bottleneck=False, norm=None):
        super().__init__()
        norm = norm or nn.BatchNorm2d
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1, bias=False), norm(8), nn.ReLU())
        blocks, inputs = [], 8
        for width, stride in ((8, 1), (8, 1), (16, 2), (16, 2)):
            outputs = 2 * width if bottleneck else width
            convolutions = ((3, width), (3, width))
            if bottleneck:
                convolutions = ((1, width), (3, width), (1, outputs))
            blocks.append(ResnetBlock(inputs, convolutions, stride, norm))
            inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(inputs, CLASSES)

    def forward(self, image):
        return self.head(self.pool(self.blocks(self.stem(image))).flatten(1))


def randomize(model):
    """Weights of a trained network's size; scales near 1, so that no norm is neutral."""
    generator = torch.Generator().manual_seed(SEED)
    for name, value in list(model.named_parameters()) + list(model.named_buffers()):
        if not value.is_floating_point():
            continue  # a BatchNorm's count of batches
        noise = torch.randn(value.shape, generator=generator)
        if value.ndim > 1 and "token" not in name and "positions" not in name:
            noise /= value[0].numel() ** 0.5
        elif name.endswith("running_var") or (value.ndim == 1 and bool((value == 1).all())):
            noise = 1 + 0.2 * noise.clamp(-2, 2)
        else:
            noise *= 0.2
        value.data.copy_(noise)
    return model.eval()


def export(model, path, opset, **options):
    options.setdefault("dynamic_axes", {"image": {0: "batch"}, "logits": {0: "batch"}})
    options.setdefault("dynamo", False)
    randomize(model)
    images = torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(SEED))
    if options.pop("fixed_batch", False):
        images = images[:1]
        del options["dynamic_axes"]
    names = {"input_names": ["image"], "output_names": ["logits"]}
    torch.onnx.export(model, (images,), str(path), opset_version=opset, **names, **options)


def export_dynamo(model, path, opset):
    import onnx

    shapes = {"image": {0: torch.export.Dim("batch", min=1, max=256)}}
    options = {"dynamo": True, "external_data": False, "verbose": False}
    export(model, path, opset, dynamic_axes=None, dynamic_shapes=shapes, **options)
    network = onnx.load(path)
    for part in (*network.graph.node, *network.graph.value_info, *network.graph.input):
        del part.metadata_props[:]  # Python stack traces
    onnx.save(network, path)


def calibration(count=16):
    numbers = np.random.default_rng(SEED)
    return [numbers.standard_normal((4, 3, SIZE, SIZE)).astype(np.float32) for _ in range(count)]


def quantize_onnxruntime(model, path, opset):
    from onnxruntime import quantization as ort
    from onnxruntime.quantization.shape_inference import quant_pre_process

    batches = iter([{"image": images} for images in calibration()])
    reader = SimpleNamespace(get_next=lambda: next(batches, None))
    whole = path.with_suffix(".float")
    export(model, whole, opset)
    quant_pre_process(str(whole), str(whole), skip_symbolic_shape=True)
    options = {"quant_format": ort.QuantFormat.QDQ, "per_channel": True}
    options |= {"activation_type": ort.QuantType.QUInt8, "weight_type": ort.QuantType.QInt8}
    ort.quantize_static(str(whole), str(path), reader, **options)
    whole.unlink()


def quantize_nncf(model, path):
    import nncf
    import openvino

    shape = [-1, 3, SIZE, SIZE]
    image = torch.zeros(2, 3, SIZE, SIZE)
    network = openvino.convert_model(randomize(model), example_input=image, input=shape)
    data, kind = nncf.Dataset(calibration()), nncf.ModelType.TRANSFORMER
    network = nncf.quantize(network, data, model_type=kind, subset_size=16)
    openvino.save_model(network, path, compress_to_fp16=False)


def convert_tflite(path):
    import tensorflow as tf
    from keras_resnet import make_converter

    def make_norm():
        gamma = tf.keras.initializers.RandomUniform(0.7, 1.3)
        return tf.keras.layers.BatchNormalization(gamma_initializer=gamma)

    path.write_bytes(make_converter(SIZE, CLASSES, SEED, make_norm).convert())


def export_unfolded(model, path, opset):
    mode = torch.onnx.TrainingMode.PRESERVE
    export(model, path, opset, training=mode, do_constant_folding=False)


FIXTURES = {
    "vit-opset11.onnx": lambda path: export(Vit(blocks=4), path, 11),
    "vit-mul-square.onnx": lambda path: export(
        Vit(norm=lambda i: SpelledLayerNorm(WIDTH, inverse=i == 1)), path, 13
    ),
    "vit-noaffine.onnx": lambda path: export(
        Vit(norm=lambda _: nn.LayerNorm(WIDTH, elementwise_affine=False)), path, 13
    ),
    "vit-layerscale-fused-qkv.onnx": lambda path: export(Vit(scale=True), path, 17),
    "vit-separate-qkv.onnx": lambda path: export_dynamo(
        Vit(attention=SeparateAttention, token=False), path, 21
    ),
    "vit-fixed-batch.onnx": lambda path: export(Vit(), path, 17, fixed_batch=True),
    "resnet-bn.onnx": lambda path: export_unfolded(Resnet(), path, 13),
    "resnet-folded.onnx": lambda path: export(Resnet(), path, 13),
    "resnet-groupnorm.onnx": lambda path: export(
        Resnet(norm=lambda channels: nn.GroupNorm(4, channels)), path, 17
    ),
    "bottleneck-resnet.onnx": lambda path: export_unfolded(Resnet(bottleneck=True), path, 17),
    "vit-qdq.onnx": lambda path: quantize_onnxruntime(Vit(blocks=2), path, 17),
    "resnet-qdq.onnx": lambda path: quantize_onnxruntime(Resnet(), path, 13),
    "vit-nncf.xml": lambda path: quantize_nncf(Vit(blocks=2), path),
    "resnet-tflite.tflite": convert_tflite,
}


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or FIXTURES:
        FIXTURES[name](folder / name)
        print(name, (folder / name).stat().st_size)


if __name__ == "__main__":
    main()
