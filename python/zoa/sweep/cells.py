# SPDX-License-Identifier: Apache-2.0
"""Cells of a grid: the command of each, its file name, and the quantizations that it waits for.

The hash in a name is of what is run (not of how: threads, program, folders of the output), so a
changed setting makes a new file and an unchanged one is found again.
"""

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from zoa.sweep.grid import Data, Grid, Method, Model, SweepError

LONGEST_PART = 32
HASH_DIGITS = 10
REPEATED_FLAGS = {"layer"}  # given once for each value; other lists become "a,b,c"


def value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def flag_words(flags: Mapping[str, Any]) -> list[str]:
    """Flags as words: true is the bare flag, false none, a list is joined by commas."""
    words = []
    for name, value in sorted(flags.items()):
        flag = "--" + name
        if isinstance(value, bool):
            words += [flag] if value else []
        elif isinstance(value, list | tuple):
            texts = [value_text(v) for v in value]
            for text in texts if name in REPEATED_FLAGS else [",".join(texts)]:
                words += [flag, text]
        else:
            words += [flag, value_text(value)]
    return words


def slug(text: str) -> str:
    """Text as a part of a file name."""
    return re.sub(r"[^A-Za-z0-9.]+", "_", text).strip("_.")[:LONGEST_PART] or "x"


def digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


@dataclass(frozen=True)
class Build:
    """One run of zoa quantize; its folder is models/NAME.zoa of the output."""

    name: str
    words: tuple[str, ...]  # after "zoa", without output and threads


@dataclass(frozen=True)
class Source:
    """Where the model of a cell comes from: a folder given, or a build."""

    name: str
    folder: str
    build: Build | None
    identity: Any


@dataclass(frozen=True)
class Cell:
    """One call of zoa eval: one model, one method, one seed, one data set."""

    name: str
    source: Source
    words: tuple[str, ...]  # after "zoa eval MODEL", without output and threads

    @property
    def file(self) -> str:
        return self.name + ".jsonl"


def model_sources(model: Model) -> Iterator[Source]:
    """A folder is one source, a network one for each width."""
    name = model.name or PurePath(model.folder or model.network).stem
    if model.folder:
        yield Source(slug(name), model.folder, None, {"folder": model.folder})
        return
    for bits in model.bits:
        words = ("quantize", model.network, "--calib", model.calib, "--bits", bits)
        words += (*flag_words(model.flags), "--quiet")
        label = f"{slug(name)}-{slug(bits)}"
        build = Build(f"{label}-{digest(words)}", words)
        yield Source(label, "", build, {"quantize": words})


def method_label(method: Method) -> str:
    settings = "".join(f"_{k}{value_text(v)}" for k, v in sorted(method.set.items()))
    return slug(method.label or method.name + settings)


def data_label(data: Data) -> str:
    if data.name:
        return slug(data.name)
    kind, _, path = data.spec.partition(":")
    return slug(f"{PurePath(path).stem or kind}" + "".join("_" + f for f in flag_words(data.flags)))


def make_cell(source: Source, method: Method, data: Data, seed: int, flags: Mapping) -> Cell:
    """flags  those of all cells and of the axes, in that order of precedence."""
    common, axis = flags["common"], flags["axis"]
    merged = {**common, **data.flags, **method.flags, **axis}
    words = ["--data", data.spec, "--method", method.name]
    for key, value in sorted(method.set.items()):
        words += ["--set", f"{method.name}.{key}={value_text(value)}"]
    words += ["--seed", str(seed), *flag_words(merged), "--quiet"]
    parts = [source.name, data_label(data), method_label(method)]
    parts += [slug(f"{name}{value_text(value)}") for name, value in axis.items()]
    parts += [f"s{seed}", digest([source.identity, words])]
    return Cell("-".join(parts), source, tuple(words))


def make_cells(grid: Grid) -> list[Cell]:
    """All cells, model by model. Raises SweepError if two entries mean the same run."""
    axes = [[(name, value) for value in values] for name, values in grid.axes.items()]
    sources = [source for model in grid.models for source in model_sources(model)]
    cells: dict[str, Cell] = {}
    for source, data, seed, method, *axis in itertools.product(
        sources, grid.data, grid.seeds, grid.methods, *axes
    ):
        flags = {"common": grid.eval, "axis": dict(axis)}
        cell = make_cell(source, method, data, seed, flags)
        if cell.name in cells:
            raise SweepError(f"grid: the cell {cell.name} is there twice; are two entries equal?")
        cells[cell.name] = cell
    return list(cells.values())
