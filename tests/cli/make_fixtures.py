# SPDX-License-Identifier: Apache-2.0
"""Makes the small and the hostile files that cases.json speaks of. Standard library only.

make_fixtures(folder, models) writes everything below `folder`; the networks are the shipped ones of
`models`, cut short or patched, so that nothing big lies in the repository.
"""

import io
import random
import shutil
import struct
import zipfile
import zlib
from pathlib import Path

from made_records import made_bench, made_run

HERE = Path(__file__).resolve().parent
SIDE = 28
CLASSES = 10


def png(width, height, rgb):
    """An 8-bit RGB PNG."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = b"".join(b"\0" + rgb[y * width * 3 : (y + 1) * width * 3] for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def picture(label, seed, noise=20):
    """A striped picture: stripes tell the class, noise the picture."""
    dice = random.Random(seed * 1000 + label)
    rgb = bytearray()
    for y in range(SIDE):
        for x in range(SIDE):
            value = 200 if (x * (label + 1) + y * label) // 7 % 2 else 50
            rgb += bytes([max(0, min(255, value + dice.randint(-noise, noise)))] * 3)
    return bytes(rgb)


def npy(shape, kind, data):
    """A .npy file."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(text)) + text.encode() + data


def write_npz(path, domains, count):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, domain in enumerate(domains):
            pictures = b"".join(picture(i % CLASSES, i, 20 + 40 * number) for i in range(count))
            archive.writestr(domain + ".npy", npy((count, SIDE, SIDE, 3), "|u1", pictures))
        labels = struct.pack(f"<{count}q", *(i % CLASSES for i in range(count)))
        archive.writestr("labels.npy", npy((count,), "<i8", labels))
        calib = b"".join(picture(i % CLASSES, 500 + i) for i in range(20))
        archive.writestr("calib.npy", npy((20, SIDE, SIDE, 3), "|u1", calib))


def write_folder(folder, classes, per_class):
    for label in range(classes):
        (folder / f"class{label}").mkdir(parents=True)
        for i in range(per_class):
            (folder / f"class{label}" / f"{i}.png").write_bytes(png(SIDE, SIDE, picture(label, i)))


def field(number, value):
    """One protobuf field: bytes are length-delimited, integers are varints."""

    def varint(n):
        out = bytearray()
        while n > 127:
            out.append(n & 127 | 128)
            n >>= 7
        return bytes(out + bytes([n]))

    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def value_info(name, dims):
    shape = b"".join(field(1, field(1, d)) for d in dims)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def onnx_without_norm():
    """Flatten and one matrix product: a sound file in which nothing can be adapted."""
    size = 3 * SIDE * SIDE
    weights = b"".join(struct.pack("<f", (i % 7 - 3) / 100) for i in range(size * CLASSES))
    tensor = field(1, size) + field(1, CLASSES) + field(2, 1) + field(8, "w") + field(9, weights)
    nodes = field(1, field(1, "x") + field(2, "f") + field(4, "Flatten"))
    nodes += field(1, field(1, "f") + field(1, "w") + field(2, "y") + field(4, "MatMul"))
    graph = nodes + field(2, "g") + field(5, tensor)
    graph += field(11, value_info("x", [1, 3, SIDE, SIDE])) + field(
        12, value_info("y", [1, CLASSES])
    )
    return field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17))


def patch_opset(content, opset):
    """Sets the version of the default operator set in the last opset_import."""
    for head in (b"\x42\x04\x0a\x00\x10", b"\x42\x02\x10"):
        at = content.rfind(head)
        if at >= 0:
            at += len(head)
            return content[:at] + bytes([opset]) + content[at + 1 :]
    raise ValueError("no opset_import found")


def flip_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def write_images(folder):
    write_folder(folder / "ten", CLASSES, 4)
    write_folder(folder / "three", 3, 4)
    (folder / "empty").mkdir()
    (folder / "texts").mkdir()
    for name in ("a.png", "b.jpg", "c.png"):
        (folder / "texts" / name).write_text("this is no picture\n")
    mixed = folder / "mixed"
    write_folder(mixed, CLASSES, 2)
    (mixed / "class3" / "9_broken.png").write_bytes(png(SIDE, SIDE, picture(3, 9))[:60])
    odd = folder / "odd"  # pictures that are unusual but sound
    odd.mkdir()
    (odd / "pixel.png").write_bytes(png(1, 1, b"\x80\x40\x20"))
    for name in ("cmyk.jpg", "rgb16.png", "gray16.png", "palette.png"):
        shutil.copy(HERE.parent / "data" / "images" / name, odd / name)
    (folder / "badcsv").mkdir()
    (folder / "badcsv" / "a.png").write_bytes(png(SIDE, SIDE, picture(0, 0)))
    (folder / "badcsv" / "labels.csv").write_text("file,label\na.png\n")


def write_networks(folder, models):
    content = (models / "fashion-vit.onnx").read_bytes()
    (folder / "truncated.onnx").write_bytes(content[: len(content) // 2])
    (folder / "opset99.onnx").write_bytes(patch_opset(content, 99))
    (folder / "opset7.onnx").write_bytes(patch_opset(content, 7))
    middle = len(content) // 2
    (folder / "nan.onnx").write_bytes(content[:middle] + b"\xff" * 16 + content[middle + 16 :])
    (folder / "text.onnx").write_text("Dear runtime,\nthis is a letter.\n")
    (folder / "empty.onnx").write_bytes(b"")
    (folder / "nonorm.onnx").write_bytes(onnx_without_norm())
    (folder / "picture.xml").write_bytes(png(1, 1, b"abc"))
    for name in ("vit-qdq-16bit.onnx", "vit-qdq-u8w.onnx", "resnet-int8io.tflite"):
        shutil.copy(HERE.parent / "data" / "models" / name, folder / name)


def write_archives(folder):
    write_npz(folder / "two.npz", ["fog", "snow"], 40)
    whole = (folder / "two.npz").read_bytes()
    (folder / "short.npz").write_bytes(whole[: len(whole) // 2])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("fog.npy", npy((1 << 20, SIDE, SIDE, 3), "|u1", b""))
    (folder / "lies.npz").write_bytes(buffer.getvalue())


def write_records(folder):
    bonus = {"noadapt": 0, "zoa": 10}
    (folder / "seed1.jsonl").write_text(made_run(bonus))
    (folder / "header.jsonl").write_text(made_run(bonus).split("\n", 1)[0] + "\n")
    (folder / "seed2.jsonl").write_text(made_run(bonus, seed=2))
    (folder / "batch32.jsonl").write_text(made_run(bonus, seed=3, batch=32))
    (folder / "bench-old.json").write_text(made_bench("a", {"noadapt": 4, "zoa": 10}, 2))
    (folder / "bench-new.json").write_text(made_bench("b", {"zoa": 5}, 4))
    (folder / "bench-frames.json").write_text(made_bench("b", {"zoa": 5}, 4, "frames"))


def write_imagenet(folder):
    """Two domains at two severities in the layout of ImageNet-C; one picture is damaged."""
    for domain, noise in (("fog", 20), ("snow", 60)):
        for severity in (1, 5):
            place = folder / "in-c" / domain / str(severity)
            write_folder(place, CLASSES, 2)
            (place / "class9" / "9_broken.png").write_bytes(png(SIDE, SIDE, picture(9, noise))[:60])
    lines = [f"class{label}/{i}.png" for i in (1, 0) for label in range(CLASSES)]
    (folder / "subset.txt").write_text("\n".join(lines[:13]) + "\n")
    (folder / "subset_odd.txt").write_text("class0/7.png\n")
    for name in ("in-r", "in-v2"):
        (folder / name / "somewhere").mkdir(parents=True)


def make_fixtures(folder, models):
    """Everything but the model folders, which zoa itself makes (break_models)."""
    write_images(folder)
    write_networks(folder, models)
    write_archives(folder)
    write_imagenet(folder)
    names = [f"class{i}" for i in range(CLASSES)]
    (folder / "labels10.txt").write_text("\n".join(names) + "\n")
    (folder / "labels9.txt").write_text("\n".join(names[:9]) + "\n")
    (folder / "labels_gap.txt").write_text("a\n\nb\n")
    (folder / "garbage.jsonl").write_text("this is no record\n")
    write_records(folder)
    (folder / "occupied").mkdir()
    (folder / "occupied" / "thesis.txt").write_text("do not lose me\n")


def break_models(folder):
    """Damaged copies of folder/good.zoa."""
    good = folder / "good.zoa"
    for name in ("garbage", "flipped", "nostats", "future"):
        shutil.copytree(good, folder / f"{name}.zoa")
    (folder / "garbage.zoa" / "zoa.json").write_text("{ this is no json")
    flip_bit(folder / "flipped.zoa" / "model.bin")
    (folder / "nostats.zoa" / "source.safetensors").unlink()
    text = (good / "zoa.json").read_text().replace('"version": 2', '"version": 999')
    (folder / "future.zoa" / "zoa.json").write_text(text)
