# SPDX-License-Identifier: Apache-2.0
"""Writes the pictures beside it, once, with Pillow: python tests/data/images/make_images.py
Each NAME.jpg or NAME.png comes with expected_NAME.png, Pillow's own decoding of it as RGB."""

import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
Y, X = np.mgrid[0:11, 0:19]
RGB = np.stack([X * 13, Y * 23, (X * Y * 7) % 256], -1).astype(np.uint8)


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png16(samples, colour):
    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def save(name, image, **options):
    image.save(HERE / name, **options)
    rgb = Image.open(HERE / name).convert("RGB")
    rgb.save(HERE / f"expected_{name.replace('.', '_')}.png", optimize=True)


picture = Image.fromarray(RGB)
save("baseline.jpg", picture, quality=80)
save("progressive.jpg", picture, quality=80, progressive=True)
save("sampling444.jpg", picture, quality=90, subsampling=0)
save("restart.jpg", picture, quality=80, subsampling=0, restart_marker_blocks=1)
save("gray.jpg", picture.convert("L"))
save("cmyk.jpg", picture.convert("CMYK"), quality=90)
save("rgb.png", picture)
save("gray.png", picture.convert("L"))
save("bits1.png", picture.convert("1"))
save("palette.png", picture.quantize(16))
exif = Image.Exif()
exif[0x0112] = 6  # orientation: turned by 90 degrees
save("exif.jpg", picture, quality=80, exif=exif)
alpha = np.dstack([RGB, (X * 10).astype(np.uint8)])
save("alpha.png", Image.fromarray(alpha))
# 16 bits: expected is the high byte, which Pillow has no single call for.
wide = RGB.astype(np.uint16) * 256 + 200
(HERE / "rgb16.png").write_bytes(png16(wide, 2))
(HERE / "gray16.png").write_bytes(png16(wide[:, :, 1], 0))
picture.save(HERE / "expected_rgb16_png.png", optimize=True)
Image.fromarray(RGB[:, :, 1]).convert("RGB").save(HERE / "expected_gray16_png.png", optimize=True)
