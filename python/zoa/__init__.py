# SPDX-License-Identifier: Apache-2.0
"""zoa from Python: test-time adaptation of quantized vision networks.

Model, quantize, Adapter, evaluate and corrupt are compiled (zoa._core) and come with the wheel.
zoa.sweep, which runs grids of evaluations on one machine or a cluster, is plain Python and works
in a checkout that has no compiled module.
"""

from typing import TYPE_CHECKING

from zoa.errors import (
    BadFile,
    Error,
    InternalError,
    InvalidArgument,
    IoError,
    LimitExceeded,
    StateMismatch,
    UnsupportedModel,
)

if TYPE_CHECKING:
    from zoa._core import Adapter, Model, Prediction, corrupt, corruptions, methods
    from zoa.evaluation import Evaluation, evaluate

    quantize = Model.quantize

_COMPILED = ("Adapter", "Model", "Prediction", "corrupt", "corruptions", "methods")
__all__ = [
    "Adapter",
    "BadFile",
    "Error",
    "Evaluation",
    "InternalError",
    "InvalidArgument",
    "IoError",
    "LimitExceeded",
    "Model",
    "Prediction",
    "StateMismatch",
    "UnsupportedModel",
    "corrupt",
    "corruptions",
    "evaluate",
    "methods",
    "quantize",
]


def _load_core():
    try:
        from zoa import _core
    except ImportError as error:
        raise ImportError(
            f"the compiled part of zoa does not load ({error}); install the wheel: "
            "'pip install .' in a checkout of zoa. zoa.sweep works without it"
        ) from error
    return _core


def __getattr__(name):
    """Loads the compiled part when it is first asked for."""
    if name in _COMPILED:
        value = getattr(_load_core(), name)
    elif name == "quantize":
        value = _load_core().Model.quantize
    elif name in ("evaluate", "Evaluation"):
        _load_core()
        from zoa import evaluation

        value = getattr(evaluation, name)
    elif name == "__version__":
        value = _load_core().__version__
    else:
        raise AttributeError(f"module 'zoa' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__():
    return sorted(set(globals()) | set(__all__))
