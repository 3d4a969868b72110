# SPDX-License-Identifier: Apache-2.0
"""A checkout has no compiled module: the plain part works, the rest says what is missing."""

import pytest
import zoa.sweep

import zoa


def test_plain_part():
    assert issubclass(zoa.BadFile, zoa.Error)
    assert "Model" in dir(zoa)
    assert zoa.sweep.__doc__


@pytest.mark.parametrize("name", ["Model", "quantize", "evaluate", "__version__"])
def test_compiled_part_is_missed_clearly(name):
    with pytest.raises(ImportError, match="install the wheel"):
        getattr(zoa, name)


def test_unknown_name():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = zoa.nonsense
