# SPDX-License-Identifier: Apache-2.0
"""What a sweep runs: models, methods, data, seeds, flags; from TOML or JSON, or made in code.

A table's keys that are not its own are flags of the program (of 'zoa quantize' for models, of
'zoa eval' for methods and data), so that a flag which the program learns works here at once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

Flags = Mapping[str, Any]

# Flags that belong to the sweep: it gives them itself, or they would break one cell = one record.
OWN_EVAL_FLAGS = {
    "data": "a [[data]] entry",
    "method": "a [[methods]] entry",
    "set": "set = {...} of a [[methods]] entry",
    "seed": "seeds = [...]",
    "seeds": "seeds = [...]",
    "threads": "--threads of the sweep",
    "output": "--output of the sweep",
    "report": "the table [report]",
    "title": "the table [report]",
    "quiet": "--quiet of the sweep",
    "list-methods": "zoa eval --list-methods",
    "help": "zoa eval --help",
}
OWN_QUANTIZE_FLAGS = {
    "output": "--output of the sweep",
    "threads": "--threads of the sweep",
    "quiet": "--quiet of the sweep",
    "bits": "bits = [...]",
    "calib": "calib = SPEC",
    "help": "zoa quantize --help",
}
OWN_REPORT_FLAGS = {"output": "--output of the sweep"}


class SweepError(ValueError):
    """A grid, an argument or a machine that a sweep cannot start with; the text says what to do."""


def flag_name(key: str) -> str:
    """calib_size and calib-size are the same flag."""
    return key.replace("_", "-").lstrip("-")


def clean_flags(flags: Flags, own: Mapping[str, str], where: str) -> dict[str, Any]:
    """Flags by their names, those of the sweep refused."""
    clean: dict[str, Any] = {}
    for key, value in flags.items():
        name = flag_name(key)
        if name in own:
            raise SweepError(f"{where}: flag '{key}' belongs to the sweep; use {own[name]}")
        if name in clean:
            raise SweepError(f"{where}: flag '{name}' is given twice")
        if isinstance(value, Mapping):
            raise SweepError(f"{where}: unknown table '{key}'; expected a flag with a value")
        clean[name] = value
    return clean


@dataclass(frozen=True)
class Model:
    """A model folder; or a float network that is quantized once for each of bits."""

    folder: str = ""
    network: str = ""
    calib: str = ""  # data spec of the calibration images
    bits: Sequence[str] = ("w8a8",)
    name: str = ""  # in file names; default: from the file
    flags: Flags = field(default_factory=dict)  # of zoa quantize

    def __post_init__(self) -> None:
        where = f"model '{self.name or self.folder or self.network}'"
        if bool(self.folder) == bool(self.network):
            raise SweepError(f"{where}: give either folder (NAME.zoa) or network and calib")
        if self.network and not (self.calib and self.bits):
            raise SweepError(f"{where}: a network needs calib (a data spec) and bits")
        if self.folder and (self.flags or self.calib):
            given = sorted(self.flags) or ["calib"]
            raise SweepError(f"{where}: {', '.join(given)} are for a network, not for a folder")
        bits = [self.bits] if isinstance(self.bits, str) else list(self.bits)
        object.__setattr__(self, "bits", tuple(str(b) for b in bits))
        object.__setattr__(self, "flags", clean_flags(self.flags, OWN_QUANTIZE_FLAGS, where))


@dataclass(frozen=True)
class Method:
    """A method with its settings, e.g. Method("zoa", set={"lr": 1e-4}, flags={"batch": 32})."""

    name: str
    label: str = ""  # in file names; default: name and settings
    set: Flags = field(default_factory=dict)  # options of the method: --set NAME.KEY=VALUE
    flags: Flags = field(default_factory=dict)  # of zoa eval

    def __post_init__(self) -> None:
        where = f"method '{self.name}'"
        if not self.name or "," in self.name:
            raise SweepError(f"{where}: expected one name; each method is an entry of its own")
        object.__setattr__(self, "flags", clean_flags(self.flags, OWN_EVAL_FLAGS, where))


@dataclass(frozen=True)
class Data:
    """A data set as 'zoa eval --data' takes it, with flags such as corrupt, severity, limit."""

    spec: str
    name: str = ""  # in file names; default: from spec and flags
    flags: Flags = field(default_factory=dict)  # of zoa eval

    def __post_init__(self) -> None:
        if not self.spec:
            raise SweepError("data: an entry has no spec")
        where = f"data '{self.name or self.spec}'"
        object.__setattr__(self, "flags", clean_flags(self.flags, OWN_EVAL_FLAGS, where))


def make_entry(kind: type, value: Any) -> Any:
    """A Model, Method or Data from a word or a table; keys that are not fields become flags."""
    first = next(iter(fields(kind))).name
    if isinstance(value, kind):
        return value
    if isinstance(value, str):
        return kind(**{first: value})
    what = kind.__name__.lower()
    if not isinstance(value, Mapping):
        raise SweepError(f"{what}: {value!r}; expected a text or a table")
    known = {f.name for f in fields(kind)} - {"flags"}
    own = {key: v for key, v in value.items() if key in known}
    flags = {key: v for key, v in value.items() if key not in known}
    if kind is not Model and first not in own:
        raise SweepError(f"{what}: an entry without '{first}': {dict(value)!r}")
    return kind(**own, flags=flags)


@dataclass(frozen=True)
class Grid:
    """Every combination of models (and their bits), methods, data, seeds and axes is one cell.

    eval    flags of every cell; an entry's own flags win over them, those of axes over all
    axes    flag -> values, e.g. {"batch": [16, 64]}: further dimensions of the grid
    report  flags of zoa report, e.g. {"title": "..."}
    """

    models: Sequence[Model | str | Flags]
    methods: Sequence[Method | str | Flags]
    data: Sequence[Data | str | Flags]
    seeds: Sequence[int] = (2020,)
    eval: Flags = field(default_factory=dict)
    axes: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    report: Flags = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, kind in (("models", Model), ("methods", Method), ("data", Data)):
            entries = getattr(self, name)
            if isinstance(entries, str | Mapping) or not entries:
                raise SweepError(f"grid: '{name}' must be a list with at least one entry")
            object.__setattr__(self, name, tuple(make_entry(kind, entry) for entry in entries))
        whole = all(isinstance(s, int) and not isinstance(s, bool) and s >= 0 for s in self.seeds)
        if not self.seeds or not whole:
            raise SweepError(f"grid: seeds {self.seeds!r}; expected a list of whole numbers from 0")
        object.__setattr__(self, "eval", clean_flags(self.eval, OWN_EVAL_FLAGS, "[eval]"))
        object.__setattr__(self, "axes", clean_flags(self.axes, OWN_EVAL_FLAGS, "[axes]"))
        object.__setattr__(self, "report", clean_flags(self.report, OWN_REPORT_FLAGS, "[report]"))
        for name, values in self.axes.items():
            if isinstance(values, str) or not isinstance(values, Sequence) or not values:
                raise SweepError(f"[axes]: '{name}' must be a list with at least one value")

    @staticmethod
    def from_dict(table: Mapping[str, Any], where: str = "grid") -> "Grid":
        known = {f.name for f in fields(Grid)}
        for key in table:
            if key not in known:
                raise SweepError(f"{where}: unknown key '{key}'; known: {', '.join(sorted(known))}")
        for key in ("models", "methods", "data"):
            if key not in table:
                raise SweepError(f"{where}: no '{key}'; a grid needs models, methods and data")
        return Grid(**table)

    @staticmethod
    def load(path: str | Path) -> "Grid":
        """Reads GRID.toml (Python 3.11 or newer) or GRID.json. Raises SweepError."""
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise SweepError(f"{path}: {error.strerror}") from None
        try:
            if Path(path).suffix == ".json":
                return Grid.from_dict(json.loads(content), str(path))
            try:
                import tomllib
            except ImportError:
                raise SweepError(f"{path}: TOML needs Python 3.11; write it as .json") from None
            return Grid.from_dict(tomllib.loads(content.decode()), str(path))
        except SweepError:
            raise
        except ValueError as error:  # of both parsers and of bytes that are no text
            raise SweepError(f"{path}: {error}") from None
