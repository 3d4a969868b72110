# SPDX-License-Identifier: Apache-2.0
"""A small quantized network and pictures for the tests of the installed package."""

import os
from pathlib import Path

import numpy as np
import pytest

import zoa

SIDE = 16
OPTIONS = {"window": 4, "seed": 7, "threads": 1, "guard": "off"}
SOURCE = Path(os.environ["ZOA_SOURCE"])
NETWORK = SOURCE / "tests/data/models/vit-opset11.onnx"


def make_pictures(count, seed=0):
    """Smooth random pictures, uint8 (count, SIDE, SIDE, 3)."""
    dice = np.random.default_rng(seed)
    small = dice.integers(0, 256, (count, 4, 4, 3), np.uint8)
    return small.repeat(4, axis=1).repeat(4, axis=2)


@pytest.fixture(scope="session")
def pictures():
    return make_pictures(40, 1)


@pytest.fixture(scope="session")
def model():
    return zoa.quantize(NETWORK, calib=make_pictures(24), threads=1)


@pytest.fixture
def adapter(model):
    with zoa.Adapter(model, **OPTIONS) as made:
        yield made
