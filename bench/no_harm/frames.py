# SPDX-License-Identifier: Apache-2.0
# A stream of no_harm.py picture by picture, with zoa adapt; one with NaN, which no picture file can
# hold, with the Python package.
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from streams import NAN

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "cli"))
from make_fixtures import png


def _write_frames(data, folder):
    """The pictures as files, and a list of them in order."""
    with np.load(data) as arrays:
        images = arrays["stream"]
        labels = arrays["labels"]
    paths = []
    for number, image in enumerate(images):
        paths.append(folder / f"{number:06d}.png")
        height, width = image.shape[:2]
        paths[-1].write_bytes(png(width, height, image.tobytes()))
    listed = folder / "list.txt"
    listed.write_text("".join(f"{path}\n" for path in paths))
    return listed, labels


def _count_reasons(records):
    reasons = {}
    for record in records:
        for reason in record.get("guard", "").partition(": ")[2].split(", "):
            if reason:
                reasons[reason] = reasons.get(reason, 0) + 1
    return reasons


def _broken_inputs(shape):
    """In turn: not a number at all, a single value that is none, one that is infinite."""
    whole = np.full(shape, np.nan, np.float32)
    single, infinite = np.zeros((2, *shape), np.float32)
    single[0, shape[1] // 2, shape[2] // 2] = np.nan
    infinite[-1, -1, -1] = np.inf
    while True:
        yield from (whole, single, infinite)


def _top1_with_nan(arguments, arrays, method, options):
    import zoa  # noqa: PLC0415 - this stream alone needs the package

    pairs = zip(options[::2], options[1::2], strict=True)
    named = {name.removeprefix("--"): value for name, value in pairs}
    if arguments.threads:
        named["threads"] = arguments.threads
    model = zoa.Model.load(arguments.model)
    broken = _broken_inputs(model.input_shape)
    labels = arrays["labels"]
    with zoa.Adapter(model, method=method, **named) as adapter:
        answers = [
            adapter.push(next(broken) if label == NAN else image)
            for image, label in zip(arrays["stream"], labels, strict=True)
        ]
    tops = np.array([answer.top1 for answer in answers])
    reasons = _count_reasons({"guard": answer.guard or ""} for answer in answers)
    counts = labels >= 0
    return 100 * float((tops == labels)[counts].mean()), reasons


def top1_of_frames(arguments, data, method, options):
    """Percent of all pictures with a label, and how often each reason of the guards came."""
    with np.load(data) as arrays:
        if (arrays["labels"] == NAN).any():
            return _top1_with_nan(arguments, arrays, method, options)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        listed, labels = _write_frames(data, folder)
        out = folder / "records.jsonl"
        command = [arguments.zoa, "adapt", arguments.model, "--source", str(listed)]
        command += ["--method", method, "--quiet", "--no-timings", "-o", str(out), *options]
        if arguments.threads:
            command += ["--threads", str(arguments.threads)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        records = [json.loads(line) for line in out.read_text().splitlines()]
    tops = np.array([record["top1"] for record in records])
    counts = labels >= 0
    return 100 * float((tops == labels)[counts].mean()), _count_reasons(records)
