# SPDX-License-Identifier: Apache-2.0
"""zoa.evaluate: accuracy of methods over the domains of a data set, as 'zoa eval' measures it."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from zoa import _core


@dataclass(frozen=True)
class Evaluation:
    """What a run recorded; docs/reference/records.md describes the records."""

    records: list[dict]
    table: str
    """Top-1 accuracy in percent, domains by methods."""
    markdown: str
    """The same as a Markdown table."""

    @property
    def summaries(self) -> dict[str, dict]:
        """The summary record of each method, by its name."""
        return {r["method"]: r for r in self.records if r["kind"] == "summary"}

    def __str__(self) -> str:
        return self.table


def _names(names: str | Iterable[str] | None) -> list[str]:
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)


def evaluate(
    model: _core.Model,
    data: str,
    method: str | Iterable[str] | Mapping[str, Mapping] = ("noadapt", "zoa"),
    *,
    corrupt: str | Iterable[str] | None = None,
    domains: Iterable[str] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    **options: bool | float | str,
) -> Evaluation:
    """Runs methods over a data set.

    data: SPEC, e.g. 'npz:FILE' or 'mnist:DIR'.
    method: names, or a mapping of names to options, e.g. {"noadapt": {}, "zoa": {"lr": 1e-4}}.
    corrupt: corruptions to make of the clean pictures; 'all' = the usual 15.
    progress: called with domain, images done, images in all.
    options: those of 'zoa eval', with underscores: batch, rounds, seed, limit, order, ...
    Raises zoa.Error. Ctrl-C raises KeyboardInterrupt.
    """
    methods = method if isinstance(method, Mapping) else {name: {} for name in _names(method)}
    lines, table, markdown = _core._evaluate(
        model,
        str(data),
        [(name, dict(overrides)) for name, overrides in methods.items()],
        _names(corrupt),
        _names(domains),
        options,
        f"zoa.evaluate({model.name!r}, {str(data)!r}, {dict(methods)!r}, "
        f"corrupt={_names(corrupt)!r}, domains={_names(domains)!r}, **{options!r})",
        progress,
    )
    return Evaluation([json.loads(line) for line in lines], table, markdown)
