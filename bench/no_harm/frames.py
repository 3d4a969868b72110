# SPDX-License-Identifier: Apache-2.0
# A stream of no_harm.py picture by picture, with zoa adapt.
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

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


def top1_of_frames(arguments, data, method, options):
    """Percent of all pictures with a label, and how often each reason of the guards came."""
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
