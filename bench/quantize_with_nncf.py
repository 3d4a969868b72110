# SPDX-License-Identifier: Apache-2.0
"""Quantizes a network to 8 bits with NNCF, for comparisons with zoa's own quantizer.

    python bench/quantize_with_nncf.py NETWORK OUTPUT.xml --calib SPEC [--transformer]

NETWORK is an ONNX or IR file with input (batch, 3, height, width). The preprocessing flags and what
they do are those of `zoa quantize`, so that both quantizers see the same numbers:

    npz:FILE    the array `calib`, uint8 (N, H, W, 3)
    images:DIR  all pictures below DIR; which of them, --seed says
    zoa quantize OUTPUT.xml --bits keep ...  then makes a model folder of the result

Everything that no flag names is NNCF's default. Needs nncf, openvino, numpy, pillow.
"""

import argparse
import time
from pathlib import Path

import nncf
import numpy as np
import openvino as ov
from PIL import Image

PRESETS = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "inception": ((0.5,), (0.5,)),
}
PICTURES = (".jpg", ".jpeg", ".png")
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


class Preprocessing:
    """From a picture to (1, 3, height, width), with the rounding of zoa's preprocess()."""

    def __init__(self, arguments, height, width):
        mean, std = PRESETS[arguments.preset]
        self.mean = np.float32(arguments.mean or mean)
        self.std = np.float32(arguments.std or std)
        self.filter = FILTERS[arguments.interpolation]
        self.height, self.width = height, width
        self.crop = min(height, width) / arguments.resize if arguments.resize else arguments.crop

    def fit(self, picture):
        """Larger pictures: resize in proportion, then the centre; others: straight to the size."""
        width, height = picture.size
        if width <= self.width or height <= self.height:
            return picture.resize((self.width, self.height), self.filter)
        to_width, to_height = int(self.width / self.crop), int(self.height / self.crop)
        if width * to_height <= height * to_width:
            to_height = to_width * height // width
        else:
            to_width = to_height * width // height
        picture = picture.resize((to_width, to_height), self.filter)
        left, top = round((to_width - self.width) / 2), round((to_height - self.height) / 2)
        return picture.crop((left, top, left + self.width, top + self.height))

    def __call__(self, picture):
        pixels = np.float32(self.fit(picture.convert("RGB"))) / np.float32(255)
        return ((pixels - self.mean) / self.std).transpose(2, 0, 1)[None]


def open_calibration(spec, count, seed):
    """`count` pictures (0 = all), not yet decoded, and the function that decodes one."""
    kind, _, path = spec.partition(":")
    if kind == "npz":
        items = list(np.load(path)["calib"])
        load = Image.fromarray
    elif kind == "images":
        items = sorted(p for p in Path(path).rglob("*") if p.suffix.lower() in PICTURES)
        load = Image.open
    else:
        raise SystemExit(f"--calib {spec}: expected npz:FILE or images:DIR")
    order = np.random.default_rng(seed).permutation(len(items))[: count or None]
    return [items[i] for i in order], load


def quantize(arguments):
    network = ov.Core().read_model(arguments.network)
    _, channels, height, width = network.input(0).partial_shape
    if channels != 3 or height.is_dynamic or width.is_dynamic:
        raise SystemExit(f"{arguments.network}: input {network.input(0).partial_shape}, not RGB")
    preprocess = Preprocessing(arguments, height.get_length(), width.get_length())
    items, load = open_calibration(arguments.calib, arguments.calib_size, arguments.seed)
    if not items:
        raise SystemExit(f"--calib {arguments.calib}: no pictures")
    overflow_fix = arguments.overflow_fix and nncf.OverflowFix(arguments.overflow_fix)
    return len(items), nncf.quantize(
        network,
        nncf.Dataset(items, lambda item: preprocess(load(item))),
        preset=nncf.QuantizationPreset(arguments.nncf_preset) if arguments.nncf_preset else None,
        target_device=nncf.TargetDevice.CPU,
        subset_size=len(items),
        model_type=nncf.ModelType.TRANSFORMER if arguments.transformer else None,
        advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=overflow_fix),
    )


def parse_numbers(text):
    return tuple(float(part) for part in text.split(","))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("network", help=".onnx or .xml")
    add("output", help=".xml; the weights go beside it")
    add("--calib", metavar="SPEC", required=True, help="npz:FILE or images:DIR")
    add("--calib-size", metavar="N", type=int, default=300, help="number of images, 0 = all")
    add("--seed", type=int, default=0, help="of the choice of images")
    add("--transformer", action="store_true", help="NNCF's scheme for transformers")
    add("--nncf-preset", choices=["performance", "mixed"], help="left out: NNCF chooses")
    add("--overflow-fix", choices=["enable", "first_layer_only", "disable"], help="likewise")
    group = parser.add_argument_group("preprocessing, as in zoa quantize")
    add = group.add_argument
    add("--preset", choices=list(PRESETS), default="imagenet")
    add("--mean", metavar="A[,B,C]", type=parse_numbers, help="subtracted after / 255")
    add("--std", metavar="A[,B,C]", type=parse_numbers, help="divided by")
    add("--interpolation", choices=list(FILTERS), default="bicubic")
    add(
        "--resize", metavar="PIXELS", type=int, help="short side of larger pictures before the crop"
    )
    add("--crop", metavar="SHARE", type=float, default=0.875, help="part of the short side kept")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    start = time.perf_counter()
    count, network = quantize(arguments)
    print(f"{count} images, {time.perf_counter() - start:.1f} s")
    ov.save_model(network, arguments.output, compress_to_fp16=False)


if __name__ == "__main__":
    main()
