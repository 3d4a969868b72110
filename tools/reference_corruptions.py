# SPDX-License-Identifier: Apache-2.0
"""The corruptions as their authors published them on PyPI, for the two scripts that compare.

The package imagenet-c 0.0.3 (2018) is loaded from its file with what later versions of numpy, scipy
and scikit-image renamed; its code is not changed otherwise for 224 pixels. It has no CIFAR-10-C
variant: for that profile the same functions get the strengths of the authors' make_cifar_c.py and
32 for 224; pictures of other sides are done likewise. The frost photographs lie in the package
imagecorruptions, unchanged. Motion blur and snow need ImageMagick (libmagickwand-6.q16-6), as
published.
"""

import ast
import importlib.util
import pathlib
import sys
import types

import cv2
import numpy as np
import scipy.ndimage
import skimage.filters
from PIL import Image

# Strengths by severity, from make_cifar_c.py of github.com/hendrycks/robustness. The order is the
# paper's, then the 4 extra ones; seeds are made from it.
CIFAR = {
    "gaussian_noise": [0.04, 0.06, 0.08, 0.09, 0.10],
    "shot_noise": [500, 250, 100, 75, 50],
    "impulse_noise": [0.01, 0.02, 0.03, 0.05, 0.07],
    "defocus_blur": [(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)],
    "glass_blur": [(0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)],
    "motion_blur": [(6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)],
    "zoom_blur": [np.arange(1, stop, 0.01) for stop in (1.06, 1.11, 1.16, 1.21, 1.26)],
    "snow": [
        (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
        (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
        (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
        (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
        (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
    ],
    "frost": [(1, 0.2), (1, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45)],
    "fog": [(0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)],
    "brightness": [0.05, 0.1, 0.15, 0.2, 0.3],
    "contrast": [0.75, 0.5, 0.4, 0.3, 0.15],
    "elastic_transform": [
        (0, 0, 2.56),
        (1.6, 6.4, 2.24),
        (2.56, 1.92, 1.92),
        (3.2, 1.28, 1.6),
        (3.2, 0.96, 0.96),
    ],
    "pixelate": [0.95, 0.9, 0.85, 0.75, 0.65],
    "jpeg_compression": [80, 65, 58, 50, 40],
    "speckle_noise": [0.06, 0.1, 0.12, 0.16, 0.2],
    "gaussian_blur": [0.4, 0.6, 0.7, 0.8, 1],
    "spatter": [
        (0.62, 0.1, 0.7, 0.7, 0.5, 0),
        (0.65, 0.1, 0.8, 0.7, 0.5, 0),
        (0.65, 0.3, 1, 0.69, 0.5, 0),
        (0.65, 0.1, 0.7, 0.69, 0.6, 1),
        (0.65, 0.1, 0.5, 0.68, 0.6, 1),
    ],
    "saturate": [(0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)],
}
NAMES = list(CIFAR)


class _Resized(ast.NodeTransformer):
    """Turns functions for 224 pixels into those for another side, strengths into CIFAR's."""

    def __init__(self, side, profile):
        power = 1 << (side - 1).bit_length()  # of the plasma's map
        self.sizes = {224: side, 256: power, 244: side * 244 / 224}
        self.strengths = CIFAR if profile == "cifar" else {}

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        if node.name in self.strengths and node.args.args[-1].arg == "severity":
            pick = ast.parse(f"c = STRENGTHS['{node.name}'][severity - 1]").body[0]
            at = next(
                i
                for i, line in enumerate(node.body)
                if isinstance(line, ast.Assign) and getattr(line.targets[0], "id", "") == "c"
            )
            node.body[at] = pick
        return node

    def visit_Constant(self, node):
        size = self.sizes.get(node.value) if type(node.value) is int else None
        return node if size is None else ast.copy_location(ast.Constant(size), node)


def _old_gaussian(image, sigma=1, multichannel=False, **rest):
    axis = -1 if multichannel else None
    return skimage.filters.gaussian(image, sigma=sigma, channel_axis=axis, **rest)


def _add_old_names():
    """What the package of 2018 still asks for."""
    np.float_ = np.float64
    np.fromstring = np.frombuffer
    old = types.ModuleType("scipy.ndimage.interpolation")
    old.map_coordinates = scipy.ndimage.map_coordinates
    sys.modules["scipy.ndimage.interpolation"] = old
    resources = types.ModuleType("pkg_resources")
    folder = pathlib.Path(importlib.util.find_spec("imagecorruptions").origin).parent
    resources.resource_filename = lambda _, name: str(folder / "frost" / pathlib.Path(name).name)
    sys.modules["pkg_resources"] = resources


def load(profile, side=None):
    """name -> function(PIL image, severity) of a profile, "imagenet" or "cifar".

    side: of the pictures, if it is not the published 224 or 32.
    """
    _add_old_names()
    path = pathlib.Path(importlib.util.find_spec("imagenet_c").origin).parent / "corruptions.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    side = side or (32 if profile == "cifar" else 224)
    if side != 224 or profile == "cifar":
        tree = ast.fix_missing_locations(_Resized(side, profile).visit(tree))
    module = types.ModuleType("reference_corruptions_" + profile)
    module.STRENGTHS = CIFAR
    exec(compile(tree, str(path), "exec"), module.__dict__)
    module.gaussian = _old_gaussian
    if profile == "cifar":  # make_cifar_c.py shrinks the photographs first
        module.cv2 = types.SimpleNamespace(**vars(cv2))
        module.cv2.imread = lambda name: cv2.resize(cv2.imread(name), (0, 0), fx=0.2, fy=0.2)
    return {name: getattr(module, name) for name in NAMES}


def corrupt(functions, images, name, severity, seed=0):
    """All images (N, H, W, 3) under one corruption, as the authors' scripts saved them."""
    np.random.seed(seed * 1000 + NAMES.index(name) * 10 + severity)
    done = [np.uint8(functions[name](Image.fromarray(image), severity)) for image in images]
    return np.stack(done)
