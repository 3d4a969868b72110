# SPDX-License-Identifier: Apache-2.0
"""Compares zoa's corruptions with those of their authors, image by image and by accuracy.

    python3 -m venv ENV && ENV/bin/pip install --no-deps -r tools/requirements-corruptions.txt
    ENV/bin/python tools/check_corruptions.py --zoa build/zoa --profile cifar --data clean.npz
        --count 1024 --model resnet20.onnx --mean .485,.456,.406 --std .229,.224,.225
    ENV/bin/python tools/check_corruptions.py --zoa build/zoa --profile imagenet --data FOLDER ...

--data is an .npz with `clean` and `labels`, or a folder of class folders, from which every fifth
picture (--every) is resized and cropped to 224 as ImageNet-C was. Prints one line per corruption
and severity and ends with 1 if one is outside the bands below (docs/design/corruptions.md).
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import reference_corruptions as reference
from PIL import Image

# Chance plays no part: pixel by pixel. Share of the values that may differ by more than 2 levels.
EXACT = {
    "defocus_blur": 0.001,
    "gaussian_blur": 0.001,
    "zoom_blur": 0.001,
    "brightness": 0.001,
    "contrast": 0.001,
    "saturate": 0.001,
    "pixelate": 0.001,
    "jpeg_compression": 0.001,
}
# The others: mean change of the pixels, its spread over the images, accuracy of a network.
MEAN_BAND = 0.03  # of the reference, plus 3 standard errors
SPREAD_BAND = 0.15
ACCURACY_BAND = 0.02  # plus 3 standard errors
# frost: photographs against pictures that zoa makes
LOOSE = {"frost": (0.10, 0.35, 0.05)}


def open_data(path, count, every):
    """Pictures (N, H, W, 3) and labels."""
    if path.suffix == ".npz":
        with np.load(path) as archive:
            return archive["clean"][:count], archive["labels"][:count]
    images, labels = [], []
    folders = sorted(folder for folder in path.iterdir() if folder.is_dir())
    for label, folder in list(enumerate(folders))[::every][:count]:
        picture = Image.open(sorted(folder.iterdir())[0]).convert("RGB")
        scale = 256 / min(picture.size)
        width, height = (int(side * scale + 1e-9) for side in picture.size)
        picture = picture.resize((width, height), Image.BILINEAR)
        left, top = round((width - 224) / 2), round((height - 224) / 2)
        images.append(np.asarray(picture.crop((left, top, left + 224, top + 224))))
        labels.append(label)
    return np.stack(images), np.array(labels, np.int64)


def make_ours(options, images, labels, folder):
    """zoa's corrupted copies: name -> (severities, N, H, W, 3)."""
    names = options.corruption.split(",")
    np.savez(folder / "clean.npz", clean=images, labels=labels.astype(np.int64))
    words = [options.zoa, "corrupt", f"npz:{folder / 'clean.npz'}", "-o", folder / "set", "--quiet"]
    words += ["--store", "npy", "--corruption", options.corruption, "--seed", options.seed]
    words += ["--profile", options.profile]
    subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)
    shape = (5, *images.shape)
    return {
        name: np.load(folder / "set" / f"{name}.npy", mmap_mode="r").reshape(shape)
        for name in names
    }


class Network:
    """Top-1 hits of an ONNX network on pictures; without a path, nothing."""

    def __init__(self, options, labels):
        self.labels = labels
        self.model = None
        if options.model:
            import openvino

            self.mean = np.float32(options.mean.split(","))
            self.std = np.float32(options.std.split(","))
            core = openvino.Core()
            network = core.read_model(options.model)
            side = 32 if options.profile == "cifar" else 224
            network.reshape([-1, 3, side, side])
            self.model = core.compile_model(network, "CPU")

    def hits(self, images):
        if self.model is None:
            return np.full(len(images), np.nan)
        hits = []
        for first in range(0, len(images), 64):
            batch = images[first : first + 64].astype(np.float32) / 255
            batch = ((batch - self.mean) / self.std).transpose(0, 3, 1, 2)
            answers = self.model(np.ascontiguousarray(batch))[0].argmax(1)
            hits.append(answers == self.labels[first : first + 64])
        return np.concatenate(hits).astype(float)


def changes(images, clean):
    return np.abs(images.astype(np.int16) - clean).mean((1, 2, 3))


def compare(name, severity, pair, clean, network):
    """One line of the table and what is wrong with it."""
    ours, theirs = pair
    change = [changes(images, clean) for images in pair]
    hits = [network.hits(images) for images in pair]
    gap = np.abs(ours.astype(np.int16) - theirs)
    far = (gap > 2).mean()
    count = len(clean)
    mean, spread = [c.mean() for c in change], [c.std() for c in change]
    top1 = [h.mean() for h in hits]
    line = f"{name:18}{severity:2} {mean[0]:8.2f}{mean[1]:8.2f} {spread[0]:7.2f}{spread[1]:7.2f}"
    line += f" {100 * top1[0]:7.1f}{100 * top1[1]:7.1f}"
    problems = []
    if name in EXACT:
        line += f"   {100 * (gap == 0).mean():6.2f} % equal, {100 * far:.3f} % over 2"
        line += f", most {gap.max()}"
        if far > EXACT[name]:
            problems.append("pixels")
    else:
        bands = LOOSE.get(name, (MEAN_BAND, SPREAD_BAND, ACCURACY_BAND))
        error = np.std(change[0] - change[1]) / np.sqrt(count)
        if abs(mean[0] - mean[1]) > bands[0] * mean[1] + 3 * error:
            problems.append("mean")
        if abs(spread[0] - spread[1]) > bands[1] * spread[1] + 3 * spread[1] / np.sqrt(2 * count):
            problems.append("spread")
        error = np.std(hits[0] - hits[1]) / np.sqrt(count)
        if abs(top1[0] - top1[1]) > bands[2] + 3 * error:
            problems.append("accuracy")
    if problems:
        line += "   <-- " + ", ".join(problems)
    return line, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zoa", default="build/zoa")
    parser.add_argument("--profile", choices=("imagenet", "cifar"), required=True)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--model")
    parser.add_argument("--mean", default=".485,.456,.406")
    parser.add_argument("--std", default=".229,.224,.225")
    parser.add_argument("--severity", default="1,2,3,4,5")
    parser.add_argument("--corruption", default=",".join(reference.NAMES))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    images, labels = open_data(options.data, options.count, options.every)
    functions = reference.load(options.profile)
    network = Network(options, labels)
    print(f"{len(images)} images, clean top-1 {100 * network.hits(images).mean():.1f} %")
    print(f"{'':20}   mean change      its spread        top-1 %")
    print(f"{'':20}" + 3 * "    zoa   PyPI")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        ours = make_ours(options, images, labels, pathlib.Path(folder))
        for name in options.corruption.split(","):
            for severity in map(int, options.severity.split(",")):
                theirs = reference.corrupt(functions, images, name, severity, options.seed)
                pair = (ours[name][severity - 1], theirs)
                line, problems = compare(name, severity, pair, images, network)
                print(line, flush=True)
                failed += bool(problems)
    print(f"{failed} outside the bands")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
