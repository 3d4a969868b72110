# SPDX-License-Identifier: Apache-2.0
"""Models, evaluation, corruptions, errors, stubs, imports in any order, the example."""

import ast
import importlib.util
import itertools
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import NETWORK, SOURCE, make_pictures

import zoa

MODULES = [m for m in ("onnx", "openvino", "torch", "zoa") if importlib.util.find_spec(m)]
FASHION = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "data.npz"
    labels = np.arange(32) % 10
    np.savez(path, clean=make_pictures(32, 2), dark=make_pictures(32, 2) // 2, labels=labels)
    return path


def test_model_folder(model, pictures, tmp_path):
    folder = tmp_path / "net.zoa"
    model.save(folder)
    again = zoa.Model.load(folder)
    assert again.hash == model.hash and again.bits == model.bits == "w8a8"
    assert again.classes == 10 and again.input_shape == (3, 16, 16)
    assert "w8a8" in repr(again)
    logits = [
        zoa.Adapter(m, method="noadapt", threads=1).push(pictures[0]).logits for m in (model, again)
    ]
    assert np.array_equal(*logits)


def test_quantize_takes_many_kinds_of_images(tmp_path):
    images = make_pictures(12)
    done = []
    names = [f"class {i}" for i in range(10)]
    listed = zoa.Model.quantize(
        NETWORK,
        calib=iter(images),
        bits="w6a6",
        labels=names,
        preset="inception",
        mean=[0.4, 0.4, 0.4],
        threads=1,
        progress=lambda phase, k, n: done.append((phase, k, n)),
    )
    assert listed.bits == "w6a6" and listed.labels == names and done
    assert "0.4" in listed.preprocessing
    np.savez(tmp_path / "c.npz", clean=images, calib=images, labels=np.arange(12) % 10)
    by_spec = zoa.quantize(str(NETWORK), calib=f"npz:{tmp_path}/c.npz", bits="w6a6", threads=1)
    assert by_spec.classes == 10


def test_quantize_refuses():
    images = make_pictures(4)
    with pytest.raises(zoa.InvalidArgument, match="bits"):
        zoa.quantize(NETWORK, calib=images, bit="w8a8")
    with pytest.raises(zoa.InvalidArgument):
        zoa.quantize(NETWORK, calib=images, bits="w9a9")
    with pytest.raises(zoa.InvalidArgument, match="expected uint8"):
        zoa.quantize(NETWORK, calib=images.astype(np.float32))
    with pytest.raises(zoa.IoError):
        zoa.quantize("nowhere.onnx", calib=images)
    with pytest.raises(zoa.InvalidArgument, match="preset"):
        zoa.Model.from_file(NETWORK, presets="none")
    with pytest.raises(TypeError):
        zoa.quantize(NETWORK, calib=3)


def test_float_network_answers(pictures):
    network = zoa.Model.from_file(NETWORK)
    assert network.bits == "float"
    assert zoa.Adapter(network, method="noadapt").push(pictures[0]).top1 >= 0
    with pytest.raises(zoa.StateMismatch):
        zoa.Adapter(network)


def test_errors(tmp_path):
    with pytest.raises(zoa.IoError) as caught:
        zoa.Model.load(tmp_path / "nowhere.zoa")
    assert isinstance(caught.value, (zoa.Error, OSError))
    (tmp_path / "zoa.json").write_text("{")
    with pytest.raises(zoa.BadFile, match="zoa.json"):
        zoa.Model.load(tmp_path)
    assert issubclass(zoa.InvalidArgument, ValueError)


def test_evaluate(model, archive):
    seen = []
    run = zoa.evaluate(
        model,
        f"npz:{archive}",
        {"noadapt": {}, "zoa": {"lr": 1e-4}},
        domains=["clean", "dark"],
        batch=8,
        threads=1,
        progress=lambda *p: seen.append(p),
    )
    kinds = [r["kind"] for r in run.records]
    assert kinds.count("run") == 1 and kinds.count("batch") == 16 and kinds.count("summary") == 2
    assert set(run.summaries) == {"noadapt", "zoa"}
    assert all(word in run.table for word in ("clean", "dark", "noadapt", "zoa"))
    assert run.markdown.startswith("|") and str(run) == run.table
    assert "zoa.evaluate(" in run.records[0]["command"] and seen
    foggy = zoa.evaluate(model, f"npz:{archive}", "noadapt", corrupt="fog", limit=8)
    assert "fog" in foggy.table


def test_evaluate_refuses(model, archive):
    for wrong in ({"method": "nonsense"}, {"bacth": 8}, {"domains": ["x"]}, {"corrupt": ["x"]}):
        with pytest.raises(zoa.InvalidArgument):
            zoa.evaluate(model, f"npz:{archive}", **wrong)
    assert "zoa" in zoa.methods()


def test_corrupt():
    picture = make_pictures(1)[0]
    one = zoa.corrupt(picture, "gaussian_noise", 3, seed=1)
    assert one.shape == picture.shape and one.dtype == np.uint8
    assert np.array_equal(one, zoa.corrupt(picture, "gaussian_noise", 3, seed=1))
    assert not np.array_equal(one, zoa.corrupt(picture, "gaussian_noise", 3, seed=2))
    assert not np.array_equal(
        one, zoa.corrupt(picture, "gaussian_noise", 3, seed=1, profile="imagenet")
    )
    for name, severity, profile in (("x", 1, None), ("fog", 6, None), ("fog", 1, "x")):
        with pytest.raises(zoa.InvalidArgument):
            zoa.corrupt(picture, name, severity, profile=profile)
    assert len(zoa.corruptions()) == 19


def test_gil_is_free():
    ticks = []
    over = threading.Event()

    def tick():
        while not over.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.001)

    clock = threading.Thread(target=tick)
    clock.start()
    start = time.monotonic()
    zoa.quantize(NETWORK, calib=make_pictures(200), threads=1)
    end = time.monotonic()
    over.set()
    clock.join()
    inside = [start, *(t for t in ticks if start < t < end), end]
    longest = max(b - a for a, b in itertools.pairwise(inside))
    assert longest < 0.5 * (end - start), f"no other thread ran for {longest:.3f} s"


def test_stubs_name_what_is_there():
    package = Path(zoa.__file__).parent
    assert (package / "py.typed").exists()
    tree = ast.parse((package / "_core.pyi").read_text())
    names = [n.name for n in tree.body if isinstance(n, (ast.ClassDef, ast.FunctionDef))]
    assert {"Model", "Adapter", "Prediction", "corrupt", "_evaluate"} <= set(names)
    from zoa import _core

    assert all(hasattr(_core, name) for name in names)
    assert all(getattr(zoa, name) is not None for name in zoa.__all__)
    assert zoa.__version__ == _core.__version__


@pytest.mark.parametrize("order", list(itertools.permutations(MODULES)), ids=" ".join)
def test_imports_in_any_order(order):
    code = f"import {', '.join(order)}; zoa.corruptions()"
    if "openvino" in order:
        code += "; openvino.Core().read_model('{0}')"
    if "onnx" in order:
        code += "; onnx.load('{0}')"
    code += "; zoa.Adapter(zoa.Model.from_file('{0}'), method='noadapt')"
    subprocess.run([sys.executable, "-c", code.format(NETWORK)], check=True)


def test_guide(tmp_path, monkeypatch):
    """The blocks of docs/guide/python.md, one after the other."""
    text = (SOURCE / "docs/guide/python.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    shutil.copy(NETWORK, "vit.onnx")
    np.savez("data.npz", clean=make_pictures(32, 2), labels=np.arange(32) % 10)
    names = {"zoa": zoa, "images": make_pictures(24), "frames": make_pictures(20, 3)}
    for block in blocks:
        exec(compile(block, "python.md", "exec"), names)
    assert len(blocks) == 4 and 0 <= names["top1"] <= 1
    assert np.array_equal(names["adapter"].push(names["foggy"]).logits.shape, (10,))


@pytest.mark.skipif(not FASHION.exists(), reason="needs Debian's dataset-fashion-mnist")
def test_example(tmp_path):
    words = [sys.executable, SOURCE / "examples/python/adapt.py"]
    words += [SOURCE / "models/fashion-resnet.onnx", FASHION]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=tmp_path)
    shares = dict(re.findall(r"^(\w+): ([\d.]+) %$", done.stdout, re.MULTILINE))
    assert float(shares["zoa"]) > float(shares["noadapt"]) + 5, done.stdout
    assert "'frames': 513" in done.stdout and "fog" in done.stdout, done.stdout
