# SPDX-License-Identifier: Apache-2.0
"""Writes small sound files and a few broken ones for each fuzz target: seeds for a new corpus.

make_corpus.py FOLDER makes FOLDER/TARGET/NAME. The committed corpus grew from them by fuzzing.
"""

import gzip
import io
import json
import pathlib
import struct
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGES = ROOT / "tests" / "data" / "images"
MOST_IMAGE_BYTES = 4096


def npy(array, version=(1, 0)):
    out = io.BytesIO()
    np.lib.format.write_array(out, np.asarray(array), version=version)
    return out.getvalue()


def npz(compressed, **arrays):
    out = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(out, **arrays)
    return out.getvalue()


def safetensors(tensors, metadata=None):
    header, data = {}, b""
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, array in tensors.items():
        array = np.asarray(array)
        kind = {"f4": "F32", "f8": "F64", "i8": "I64", "u1": "U8"}[array.dtype.str[1:]]
        begin = len(data)
        data += array.tobytes()
        offsets = [begin, len(data)]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": offsets}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def parts(first, second):
    return struct.pack("<H", len(first)) + first + second


def idx(shape, values):
    return (
        struct.pack(">BBBB", 0, 0, 8, len(shape)) + struct.pack(f">{len(shape)}I", *shape) + values
    )


def description(**changes):
    spec = {"height": 28, "width": 28, "channels": 1, "divisor": 255.0, "mean": [0.5, 0.5, 0.5]}
    spec |= {"std": [0.5, 0.5, 0.5], "interpolation": "bicubic", "crop_pct": 0.875}
    summary = {"weight_bits": 8, "activation_bits": 8, "kept": False, "reduced_range": False}
    summary |= {"quantized": 10, "products": 12, "calibration": "mnist:x", "calibration_images": 64}
    summary |= {"calibration_hash": "ab", "cpu": "some CPU", "isa": "avx2", "max_drop": 0.01}
    summary |= {"exceptions": [{"name": "conv", "bits": "float"}], "drop": 0.0}
    summary |= {"drop_measure": "accuracy", "sensitivity": [{"name": "fc", "divergence": 1e-3}]}
    whole = {"format": "zoa model folder", "version": 1, "zoa": "0.2.0", "name": "net"}
    whole |= {"family": "vit", "blocks": 2, "adapted": ["norm1", "norm2"], "preprocess": spec}
    whole |= {"labels": ["cat", "dog"], "quantization": summary, "source_hash": "cd"}
    whole |= {"hashes": {"model.xml": "01", "model.bin": "02"}}
    return json.dumps(whole | changes).encode()


def seeds():
    """(target, name, bytes)"""
    floats = np.arange(6, dtype=np.float32).reshape(2, 3)
    bytes_ = np.arange(12, dtype=np.uint8)
    yield "npy", "f32", npy(floats)
    yield "npy", "f64-version2", npy(floats.astype(np.float64), (2, 0))
    yield "npy", "i32", npy(bytes_.astype(np.int32))
    yield "npy", "i64", npy(bytes_.astype(np.int64))
    yield "npy", "u8-empty", npy(np.zeros((3, 0), np.uint8))
    yield "npy", "scalar", npy(np.float32(1))
    yield "npy", "fortran", npy(np.asfortranarray(floats))
    yield "npy", "half", npy(floats.astype(np.float16))
    yield "npz", "stored", npz(False, a=floats, labels=bytes_)
    yield "npz", "deflated", npz(True, a=np.zeros((4, 4, 4, 3), np.uint8), labels=bytes_)
    yield "npz", "empty", npz(False)
    yield "safetensors", "empty", safetensors({})
    mixed = {"f": floats, "d": floats.astype(np.float64), "i": bytes_.astype(np.int64), "u": bytes_}
    yield "safetensors", "mixed", safetensors(mixed, {"format": "x", "k": "v"})
    row = np.ones(2, np.float32)
    sites = {
        "site.a.mean": row,
        "site.a.variance": row,
        "site.a.covariance": np.ones(4, np.float32),
    }
    yield "safetensors", "sites", safetensors(sites)
    yield "description", "sound", description()
    yield "description", "no-labels", description(labels=[])
    yield "description", "version2", description(version=2)
    pictures, labels = idx((2, 3, 3), bytes(range(18))), idx((2,), bytes([1, 9]))
    yield "idx", "plain", parts(pictures, labels)
    yield "idx", "gzip", parts(gzip.compress(pictures, mtime=0), gzip.compress(labels, mtime=0))
    yield "idx", "too-few-labels", parts(pictures, idx((1,), b"\1"))
    for path in sorted(IMAGES.iterdir()):
        if path.suffix in (".png", ".jpg") and path.stat().st_size <= MOST_IMAGE_BYTES:
            yield "image", path.name.replace(".", "-"), path.read_bytes()
    text = b"a.png,0\nb/c d.jpg,2\r\nx,y.png,1\n"
    yield "lists", "csv", parts(b"file,label\n" + text, b"cat\ndog\nbird\n")
    yield "lists", "csv-words", parts(b"a.png,cat\nb.png,dog\n", b"cat\ndog\n")
    yield "lists", "subset", parts(b"0\n3\n19\n", b"")
    yield "lists", "severities", parts(b"1-3,5", b"")
    manifest = {"kind": "zoa corrupted images", "layout": "cifar10-c", "severities": [1, 3]}
    yield "lists", "manifest", parts(json.dumps(manifest).encode(), b"")
    yield "options", "frames", b'{"window": 32, "seed": 1, "lr": 1e-4, "threads": 2}'
    yield "options", "noadapt", b'{"method": "noadapt", "window": 16}'
    yield "options", "texts", b'{"lr": "1e-4", "bn": "blend", "window": "8", "bank_size": 4}'
    yield "options", "unknown", b'{"lrr": true, "a": [1, {}], "b": null}'


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for target, name, content in seeds():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
