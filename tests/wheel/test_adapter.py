# SPDX-License-Identifier: Apache-2.0
"""Frames, arrays of every kind, state, threads."""

import threading

import numpy as np
import pytest
from conftest import OPTIONS, make_pictures

import zoa


class Dlpack:
    """An array that speaks DLPack only."""

    def __init__(self, array):
        self._array = array

    def __dlpack__(self, *args, **kwargs):
        return self._array.__dlpack__(*args, **kwargs)

    def __dlpack_device__(self):
        return self._array.__dlpack_device__()


def test_answers(adapter, pictures):
    for number, picture in enumerate(pictures[:9], 1):
        answer = adapter.push(picture)
        assert answer.frame == number
        assert answer.logits.dtype == np.float32 and answer.logits.shape == (10,)
        assert answer.top1 == int(np.argmax(answer.logits))
        chance = np.exp(answer.logits.astype(float) - answer.logits.max())
        assert answer.confidence == pytest.approx((chance / chance.sum()).max(), rel=1e-9)
        assert answer.skip is None and answer.label is None
    assert adapter.counters["frames"] == 9
    assert adapter.counters["windows"] == 2
    assert adapter.memory_bytes > 0


def test_what_was_learnt(adapter, pictures):
    learnt = [a.learnt for a in map(adapter.push, pictures[:12]) if a.learnt]
    assert len(learnt) >= 2
    assert all(x["updated"] and np.isfinite(x["loss"]) for x in learnt)


def test_every_kind_of_array(model, pictures):
    def logits(array):
        return zoa.Adapter(model, method="noadapt", threads=1).push(array).logits

    picture = pictures[0]
    expected = logits(picture)
    wide = np.zeros((16, 40, 3), np.uint8)
    wide[:, 4:36:2] = picture
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1))
    read_only = picture.copy()
    read_only.flags.writeable = False
    turned = picture[::-1, ::-1].copy()
    arrays = [wide[:, 4:36:2], planes.transpose(1, 2, 0), read_only, turned[::-1, ::-1]]
    arrays += [np.asfortranarray(picture), Dlpack(picture), memoryview(picture)]
    for array in arrays:
        assert np.array_equal(logits(array), expected)
    assert not np.array_equal(logits(turned), expected)


def test_preprocessed(model, pictures):
    plain = zoa.Adapter(model, method="noadapt", threads=1)
    mean = np.array([0.485, 0.456, 0.406], np.float32)
    std = np.array([0.229, 0.224, 0.225], np.float32)
    values = ((pictures[0].astype(np.float32) / 255 - mean) / std).transpose(2, 0, 1)
    expected = plain.push(pictures[0]).logits
    assert model.input_shape == values.shape
    assert np.allclose(plain.push(values).logits, expected, atol=1e-4)
    assert np.array_equal(
        plain.push(np.ascontiguousarray(values)).logits, plain.push(values).logits
    )


def test_logits_outlive_their_answer(adapter, pictures):
    logits = adapter.push(pictures[0]).logits
    kept = logits.copy()
    for picture in pictures[:10]:
        adapter.push(picture)
    assert np.array_equal(logits, kept)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((16, 16), np.uint8),
        np.zeros((3, 16, 16), np.uint8),
        np.zeros((16, 16, 3), np.int64),
        np.zeros((3, 16, 16), np.float64),
        np.zeros((3, 8, 8), np.float32),
        np.zeros((0, 16, 3), np.uint8),
    ],
)
def test_wrong_arrays(adapter, array):
    with pytest.raises(zoa.InvalidArgument, match="expected"):
        adapter.push(array)
    assert adapter.counters["frames"] == 0


def test_not_an_array(adapter):
    with pytest.raises(TypeError):
        adapter.push("picture.png")


def test_not_finite(adapter):
    answer = adapter.push(np.full((3, 16, 16), np.nan, np.float32))
    assert answer.top1 in range(-1, 10) and answer.skip == "not_finite"


def test_resume_is_exact(model, adapter, pictures, tmp_path):
    path = tmp_path / "a.state"
    for picture in pictures[:6]:
        adapter.push(picture)
    adapter.save(path)
    other = zoa.Adapter(model, **OPTIONS)
    other.restore(path)
    third = zoa.Adapter(model, **OPTIONS)
    third.load_state_bytes(adapter.state_bytes())
    for picture in pictures[6:20]:
        logits = [a.push(picture).logits for a in (adapter, other, third)]
        assert np.array_equal(logits[0], logits[1]) and np.array_equal(logits[0], logits[2])
    assert other.counters == adapter.counters


def run_stream(adapter, pictures):
    return np.array([adapter.push(picture).logits for picture in pictures])


@pytest.fixture(scope="module")
def whole(model):
    """A stream of 50 windows, run at once: pictures, answers, state at its end."""
    stream = np.concatenate([make_pictures(100, 5), make_pictures(100, 6) // 3])
    adapter = zoa.Adapter(model, **OPTIONS)
    return stream, run_stream(adapter, stream), adapter.state_bytes()


def test_resume_is_exact_after_each_window(model, whole):
    """Run k, save, restore in another Adapter, run the rest; most cuts lie inside a window."""
    stream, expected, end = whole
    first = zoa.Adapter(model, **OPTIONS)
    done = 0
    for k in range(50):
        cut = 4 * k + k % 4
        run_stream(first, stream[done:cut])
        done = cut
        second = zoa.Adapter(model, **OPTIONS)
        second.load_state_bytes(first.state_bytes())
        assert np.array_equal(run_stream(second, stream[cut:]), expected[cut:]), f"cut at {cut}"
        assert second.state_bytes() == end, f"cut at {cut}"


def test_threads_do_not_matter(model, whole):
    stream, expected, end = whole
    for threads in (2, 4):
        adapter = zoa.Adapter(model, **{**OPTIONS, "threads": threads})
        assert np.array_equal(run_stream(adapter, stream), expected)
        assert adapter.state_bytes() == end


def test_damaged_state(model, adapter, pictures, tmp_path):
    path = tmp_path / "a.state"
    adapter.save(path)
    adapter.push(pictures[0])
    adapter.save(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.warns(UserWarning, match="previous"):
        adapter.restore(path)
    assert adapter.counters["frames"] == 0
    (tmp_path / "a.state.previous").unlink()
    with pytest.raises(zoa.BadFile):
        adapter.restore(path)
    with pytest.raises(zoa.BadFile):
        adapter.load_state_bytes(b"short")
    with pytest.raises(zoa.StateMismatch):
        zoa.Adapter(model, method="noadapt").load_state_bytes(adapter.state_bytes())


def test_freeze_reset_step(adapter, pictures):
    first = adapter.push(pictures[0]).logits
    for picture in pictures[1:10]:
        adapter.push(picture)
    assert adapter.step() is True
    assert not np.array_equal(adapter.push(pictures[0]).logits, first)
    adapter.reset()
    adapter.freeze()
    for picture in pictures[1:10]:
        assert adapter.push(picture).skip == "frozen"
    assert np.array_equal(adapter.push(pictures[0]).logits, first)


def test_close(model, pictures):
    with zoa.Adapter(model) as adapter:
        adapter.push(pictures[0])
    with pytest.raises(zoa.InvalidArgument, match="closed"):
        adapter.push(pictures[0])


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"windw": 4}, "window"),
        ({"window": 1}, "outside"),
        ({"window": 4.5}, "whole number"),
        ({"method": "none"}, "none"),
        ({"lr": "fast"}, "finite number"),
    ],
)
def test_wrong_options(model, options, text):
    with pytest.raises(zoa.InvalidArgument, match=text):
        zoa.Adapter(model, **options)


def test_options_of_the_method(model, pictures):
    still = zoa.Adapter(
        model, lr=0, lr_alpha=0.0, shift=False, bank_size=0, window=4, budget_ms=None, guard="off"
    )
    first = still.push(pictures[0]).logits
    for picture in pictures[1:10]:
        still.push(picture)
    assert np.allclose(still.push(pictures[0]).logits, first, atol=1e-5)


def test_guards(model, pictures):
    guarded = zoa.Adapter(model, window=8, threads=1, **{"guard.probe": 2})
    answers = [guarded.push(pictures[0]) for _ in range(3)]
    assert [a.skip for a in answers] == [None, "guarded", "guarded"]
    assert "near_duplicates" in answers[1].guard and answers[1].plain is False
    assert guarded.counters["guard.near_duplicates"] == 2
    black = guarded.push(np.zeros((16, 16, 3), np.uint8))
    assert "constant_frames" in black.guard
    assert zoa.Adapter(model, guard="off").push(pictures[0]).guard is None
    with pytest.raises(zoa.InvalidArgument, match="evidence"):
        zoa.Adapter(model, guard="strict")


def test_threads_take_turns(adapter, pictures):
    def push_all():
        for picture in pictures[:20]:
            adapter.push(picture)

    workers = [threading.Thread(target=push_all) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert adapter.counters["frames"] == 80
