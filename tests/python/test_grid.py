# SPDX-License-Identifier: Apache-2.0
"""Grids and their cells: what is read, what is refused, and when a cell gets another name."""

import json

import pytest
from conftest import ROOT
from zoa.sweep import Data, Grid, Method, Model, SweepError
from zoa.sweep.cells import flag_words, make_cells

GRID = """
methods = ["noadapt", {name = "zoa", set = {lr = 1e-4, shift = false}, passes = 2}]
seeds = [0, 1]
[eval]
limit = 64
no_timings = true
[axes]
batch = [16, 32]
[[models]]
folder = "a.zoa"
[[models]]
network = "b.onnx"
calib = "images:calib"
bits = ["w8a8", "w6a6"]
preset = "inception"
layer = ["head=8", "stem=8"]
[[data]]
spec = "npz:x.npz"
domains = ["fog", "snow"]
limit = 8
"""


def small(**changes):
    return Grid(**{"models": ["a.zoa"], "methods": ["zoa"], "data": ["npz:x.npz"], **changes})


def only_cell(**changes):
    (cell,) = make_cells(small(**changes))
    return cell


def test_cells_of_a_file(tmp_path):
    (tmp_path / "g.toml").write_text(GRID)
    cells = make_cells(Grid.load(tmp_path / "g.toml"))
    assert len(cells) == 3 * 1 * 2 * 2 * 2  # sources, data, seeds, methods, batches
    assert len({cell.name for cell in cells}) == len(cells)
    words = " ".join(cells[2].words)
    assert words == (
        "--data npz:x.npz --method zoa --set zoa.lr=0.0001 --set zoa.shift=false --seed 0 "
        "--batch 16 --domains fog,snow --limit 8 --no-timings --passes 2 --quiet"
    )
    builds = {cell.source.build for cell in cells if cell.source.build}
    assert sorted(" ".join(build.words) for build in builds) == [
        f"quantize b.onnx --calib images:calib --bits {bits} --layer head=8 --layer stem=8 "
        "--preset inception --quiet"
        for bits in ("w6a6", "w8a8")
    ]


def test_the_example_of_the_guide(tmp_path):
    text = (ROOT / "docs" / "guide" / "sweep.md").read_text()
    (tmp_path / "g.toml").write_text(text.partition("```toml\n")[2].partition("```")[0])
    cells = make_cells(Grid.load(tmp_path / "g.toml"))
    assert f"= {len(cells)} cells" in text.replace("\n", " ")
    assert len({cell.source.build for cell in cells}) == 4


def test_json_and_code_mean_the_same(tmp_path):
    table = {
        "models": [{"network": "b.onnx", "calib": "images:c", "bits": "w4a4", "calib_size": 9}],
        "methods": [{"name": "zoa", "set": {"lr": 0.5}}],
        "data": [{"spec": "images:d", "corrupt": "fog"}],
    }
    (tmp_path / "g.json").write_text(json.dumps(table))
    made = Grid(
        models=[Model(network="b.onnx", calib="images:c", bits=["w4a4"], flags={"calib-size": 9})],
        methods=[Method("zoa", set={"lr": 0.5})],
        data=[Data("images:d", flags={"corrupt": "fog"})],
    )
    assert Grid.load(tmp_path / "g.json") == made
    assert make_cells(Grid.load(tmp_path / "g.json")) == make_cells(made)


def test_names_are_readable_and_tell_runs_apart():
    cell = only_cell(seeds=[7], axes={"batch": [16]})
    assert cell.name.startswith("a-x-zoa-batch16-s7-")
    names = {
        only_cell(**changes).name
        for changes in (
            {},
            {"models": ["b/a.zoa"]},
            {"data": ["npz:y/x.npz"]},
            {"methods": [Method("zoa", label="zoa", set={"lr": 1})]},
            {"methods": [Method("zoa", label="zoa", set={"lr": 2})]},
            {"eval": {"limit": 1}},
            {"seeds": [1]},
        )
    }
    assert len(names) == 7
    assert only_cell(eval={"limit": 1, "batch": 2}) == only_cell(eval={"batch": 2, "limit": 1})


def test_precedence_of_flags():
    cell = only_cell(
        eval={"limit": 1, "batch": 1, "rounds": 1, "order": "file"},
        data=[Data("npz:x.npz", flags={"batch": 2, "rounds": 2, "order": "x"})],
        methods=[Method("zoa", flags={"rounds": 3, "order": "y"})],
        axes={"order": ["z"]},
    )
    assert " ".join(cell.words[-9:-1]) == "--batch 2 --limit 1 --order z --rounds 3"


def test_flag_words():
    flags = {"a": True, "b": False, "c": 1e-4, "d": [1, 2], "e": "false", "layer": ["x=8", "y=8"]}
    words = "--a --c 0.0001 --d 1,2 --e false --layer x=8 --layer y=8"
    assert " ".join(flag_words(flags)) == words


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"models": []}, "'models' must be a list"),
        ({"models": "a.zoa"}, "'models' must be a list"),
        ({"models": [{"network": "b.onnx"}]}, "needs calib"),
        ({"models": [{"folder": "a.zoa", "preset": "vit"}]}, "preset are for a network"),
        ({"models": [{"folder": "a.zoa", "network": "b.onnx"}]}, "either folder"),
        ({"methods": ["noadapt,zoa"]}, "expected one name"),
        ({"methods": [{"label": "x"}]}, "without 'name'"),
        ({"methods": [{"name": "zoa", "options": {"lr": 1}}]}, "unknown table 'options'"),
        ({"data": [{"name": "x"}]}, "without 'spec'"),
        ({"data": [3]}, "expected a text or a table"),
        ({"seeds": [-1]}, "whole numbers"),
        ({"seeds": [True]}, "whole numbers"),
        ({"seeds": []}, "whole numbers"),
        ({"eval": {"seed": 1}}, "'seed' belongs to the sweep; use seeds"),
        ({"eval": {"threads": 1}}, "belongs to the sweep"),
        ({"eval": {"no_timings": True, "no-timings": True}}, "given twice"),
        ({"axes": {"batch": 4}}, "'batch' must be a list"),
        ({"report": {"output": "x.html"}}, "belongs to the sweep"),
    ],
)
def test_refusals(changes, text):
    with pytest.raises(SweepError, match=text):
        small(**changes)


def test_equal_entries_are_refused():
    with pytest.raises(SweepError, match="there twice"):
        make_cells(small(methods=["zoa", {"name": "zoa"}]))


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("g.toml", "models = [", "g.toml: "),
        ("g.json", "{", "g.json: "),
        ("g.toml", "model = []", "unknown key 'model'; known: axes, data"),
        ("g.toml", 'models = ["a.zoa"]', "no 'methods'"),
    ],
)
def test_broken_files(tmp_path, name, content, text):
    (tmp_path / name).write_text(content)
    with pytest.raises(SweepError, match=text):
        Grid.load(tmp_path / name)
