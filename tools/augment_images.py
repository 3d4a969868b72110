# SPDX-License-Identifier: Apache-2.0
"""Calibration images as small networks see them in training: shifted crops and mirror images.

usage: augment_images.py IMAGES.npz OUTPUT.npz [--copies 10] [--pad 4] [--seed 0]
Every image of `calib`, uint8 (N, H, W, 3), is padded with black and cropped at a random place,
mirrored half of the time. The other arrays are taken over. What for: a network's BatchNorm
statistics belong to such images, docs/design/folded-batch-norm.md. Needs numpy.
"""

import argparse

import numpy as np


def augment(images, copies, pad, rng):
    count, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    for _ in range(copies):
        for i in range(count):
            y, x = rng.integers(0, 2 * pad + 1, 2)
            crop = padded[i, y : y + height, x : x + width]
            yield crop[:, ::-1] if rng.random() < 0.5 else crop


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("images")
    parser.add_argument("output")
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--pad", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arrays = dict(np.load(arguments.images))
    rng = np.random.default_rng(arguments.seed)
    images = augment(arrays["calib"], arguments.copies, arguments.pad, rng)
    arrays["calib"] = np.stack(list(images))
    np.savez(arguments.output, **arrays)


if __name__ == "__main__":
    main()
