# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/resize/golden.txt: what Pillow makes of small pictures, for resize_test.cpp.

    pip install "pillow<13" numpy && python tools/make_golden_resize.py

Inputs are pseudo-random bytes that the test makes again: state = state * 1664525 + 1013904223
modulo 2^32 from state 1, the top 8 bits are the next byte. One case per line:
    filter in_width in_height out_width out_height HEX
HEX is the output, or "fnv:" and the 64-bit FNV-1a hash of it where it is long.

Pillow 13 runs the vertical pass first where the height shrinks much more than the width, which
moves a few values by one; zoa keeps the order of all earlier versions.
"""

import pathlib

import numpy as np
import PIL
from PIL import Image

FILTERS = {
    "nearest": Image.NEAREST,
    "bilinear": Image.BILINEAR,
    "bicubic": Image.BICUBIC,
    "box": Image.BOX,
}
SIZES = [  # in_width, in_height, out_width, out_height
    (1, 1, 5, 4),
    (5, 4, 1, 1),
    (7, 5, 3, 4),
    (3, 4, 7, 5),
    (6, 6, 6, 3),
    (6, 6, 3, 6),
    (2, 9, 9, 2),
    (8, 8, 8, 8),
    (32, 32, 84, 84),
    (28, 28, 32, 32),
    (500, 375, 341, 256),
    (375, 500, 256, 341),
    (257, 300, 256, 298),
    (640, 10, 256, 4),
    (1000, 37, 3, 224),
    (224, 224, 299, 299),
    (31, 33, 224, 224),
    (333, 333, 100, 100),
]


def pattern(width, height):
    state, out = 1, bytearray()
    for _ in range(width * height * 3):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(state >> 24)
    return Image.fromarray(np.frombuffer(bytes(out), np.uint8).reshape(height, width, 3))


def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def main():
    folder = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "resize"
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"# Pillow {PIL.__version__}, by tools/make_golden_resize.py"]
    for in_width, in_height, out_width, out_height in SIZES:
        image = pattern(in_width, in_height)
        for name, code in FILTERS.items():
            data = image.resize((out_width, out_height), code).tobytes()
            text = data.hex() if len(data) <= 120 else "fnv:" + fnv1a(data)
            lines.append(f"{name} {in_width} {in_height} {out_width} {out_height} {text}")
    (folder / "golden.txt").write_text("\n".join(lines) + "\n")


main()
