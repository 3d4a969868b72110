# SPDX-License-Identifier: Apache-2.0
"""The output folder: what counts as complete, what a kill leaves, who may write."""

import json

import pytest
from zoa.sweep import Grid, SweepError
from zoa.sweep.cells import make_cells
from zoa.sweep.store import TAIL_BYTES, Store, read_records

HEADER = {"kind": "run", "model": {"hash": "abc"}}
SUMMARY = {"kind": "summary", "complete": True, "top1": 0.5}


def lines(*records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


@pytest.fixture
def store(tmp_path):
    return Store(str(tmp_path / "runs"))


@pytest.fixture
def cell(tmp_path):
    model = tmp_path / "a.zoa"
    model.mkdir()
    (model / "zoa.json").write_text(json.dumps({"hashes": {"model.bin": "abc"}}))
    grid = Grid(models=[str(model)], methods=["zoa"], data=["npz:x.npz"])
    return make_cells(grid)[0]


def test_only_whole_runs_are_complete():
    whole = lines(HEADER, {"kind": "batch"}, SUMMARY)
    assert read_records(whole) == (HEADER, SUMMARY)
    interrupted = lines(HEADER, {**SUMMARY, "complete": False})
    for text in ("", "\n", whole[:-1], whole[:-9], lines(HEADER), lines(SUMMARY), interrupted):
        assert read_records(text) is None


def test_long_records_are_read_at_their_ends(store, cell):
    steps = [{"kind": "batch", "name": "x\u2028" * 50}] * 20_000
    with store.locked():
        store.keep_records(cell, lines(HEADER, *steps, SUMMARY))
        assert store.path(cell).stat().st_size > 2 * TAIL_BYTES
        assert store.find_summary(cell) == SUMMARY
        text = store.path(cell).read_text()
        store.path(cell).write_text(text[: -len(lines(SUMMARY))])
        assert store.find_summary(cell) is None


def test_a_record_of_another_model_is_not_believed(store, cell):
    with store.locked():
        assert store.find_summary(cell) is None
        store.keep_records(cell, lines(HEADER, SUMMARY))
        assert store.find_summary(cell) == SUMMARY
        store.keep_records(cell, lines({"kind": "run", "model": {"hash": "old"}}, SUMMARY))
        assert store.find_summary(cell) is None


def test_what_a_kill_leaves_is_removed(store, cell, tmp_path):
    with store.locked():
        pass
    part = tmp_path / "runs" / f".{cell.file}.part"
    part.write_text("half")
    folder = tmp_path / "runs" / "models" / ".x.zoa.part"
    folder.mkdir()
    (folder / "zoa.json").write_text("half")
    with store.locked():
        assert not part.exists()
        assert not folder.exists()


def test_one_sweep_at_a_time(store):
    with store.locked(), pytest.raises(SweepError, match="another sweep"), store.locked():
        pass


def test_success_removes_the_log_of_a_failure(store, cell):
    with store.locked():
        store.keep_log(cell, "no such file")
        store.keep_records(cell, lines(HEADER, SUMMARY))
        assert not store.log_path(cell).exists()
