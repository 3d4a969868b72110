# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/corruptions: what the authors' package makes of small pictures of our own.

    python3 -m venv ENV && ENV/bin/pip install --no-deps -r tools/requirements-corruptions.txt
    ENV/bin/python tools/make_golden_corruptions.py

pictures.npz holds the inputs (imagenet: 48 pixels, cifar: 32) and, for the corruptions without
chance, the outputs as PROFILE_NAME (severities, N, H, W, 3). statistics.json holds for the others
mean and standard deviation of the mean absolute change over REPEATS draws, per picture.
"""

import json
import pathlib

import numpy as np
import reference_corruptions as reference

FOLDER = pathlib.Path(__file__).parent.parent / "tests" / "data" / "corruptions"
SIDES = {"imagenet": 48, "cifar": 32}
FIXED = [
    "defocus_blur",
    "gaussian_blur",
    "zoom_blur",
    "brightness",
    "contrast",
    "saturate",
    "pixelate",
    "jpeg_compression",
]
REPEATS = 60


def make_pictures(side):
    """A landscape of waves with a bright block, and coloured noise of several sizes."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:side, :side] / side
    waves = np.stack([0.5 + 0.3 * np.sin(12 * x), 0.45 + 0.27 * np.cos(9 * y), 0.3 + 0.2 * x * y])
    waves[:, side // 4 : side // 2, side // 3 : side // 2] = [[[0.95]], [[0.9]], [[0.2]]]
    clouds = np.zeros((3, side, side))
    for cells in (2, 4, 8, 16):
        grid = rng.random((3, cells, cells))
        clouds += grid.repeat(side // cells, 1).repeat(side // cells, 2) / 4
    pictures = np.stack([waves, clouds]).transpose(0, 2, 3, 1)
    return np.uint8(np.clip(pictures, 0, 1) * 255)


def measure(functions, pictures, name):
    """[severity][picture] -> [mean, deviation] of the change over the draws."""
    rows = []
    for severity in range(1, 6):
        draws = [
            np.abs(
                reference.corrupt(functions, pictures, name, severity, seed).astype(int) - pictures
            ).mean((1, 2, 3))
            for seed in range(REPEATS)
        ]
        pairs = zip(np.mean(draws, 0), np.std(draws, 0), strict=True)
        rows.append([[round(float(m), 4), round(float(s), 4)] for m, s in pairs])
    return rows


def main():
    arrays, statistics = {}, {"repeats": REPEATS, "fixed": FIXED}
    for profile, side in SIDES.items():
        functions = reference.load(profile, side)
        pictures = make_pictures(side)
        arrays[profile] = pictures
        statistics[profile] = {}
        for name in reference.NAMES:
            if name in FIXED:
                arrays[f"{profile}_{name}"] = np.stack(
                    [reference.corrupt(functions, pictures, name, s) for s in range(1, 6)]
                )
            else:
                statistics[profile][name] = measure(functions, pictures, name)
            print(profile, name, flush=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(FOLDER / "pictures.npz", **arrays)
    text = json.dumps(statistics).replace('], "', '],\n"').replace("{", "{\n")
    (FOLDER / "statistics.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
