# SPDX-License-Identifier: Apache-2.0
"""Does adaptation ever harm? A network as shipped, adapting as published and adapting under guard,
on streams that are meant to break it:

    python bench/no_harm/no_harm.py --zoa build/zoa --model resnet.zoa --data cifar10c-mini.npz

With --frames the pictures come one by one (zoa adapt, windows of --batch frames), else in batches.

Prints a Markdown table of top-1 accuracy in percent. Exit status 1 where the guarded method is more
than a point below the shipped network, or keeps less than 90 % of the gain on an ordinary stream.
The stream "NaN input" needs --frames and the Python package: a file of bytes has no NaN.
For batches zoa/adapt/guarded_method_test.cpp has it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from frames import top1_of_frames
from streams import STREAMS, Source

MOST_BELOW = 1.0
LEAST_GAIN = 0.9
LEAST_TO_KEEP = 0.5  # points: a smaller gain is within the noise of a stream


class Program:
    def __init__(self, arguments, folder):
        self.arguments = arguments
        self.folder = Path(folder)

    def records(self, data, method, options=()):
        out = self.folder / "records.jsonl"
        command = [
            self.arguments.zoa,
            "eval",
            self.arguments.model,
            "--data",
            f"npz:{data}",
        ]
        command += ["--method", method, "--quiet", "-o", str(out), *options]
        if self.arguments.threads:
            command += ["--threads", str(self.arguments.threads)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return [json.loads(line) for line in out.read_text().splitlines()]

    def top1(self, data, method, options=()):
        """Percent of all pictures with a label, and how often each reason of the guards came."""
        if self.arguments.frames:
            return top1_of_frames(self.arguments, data, method, options)
        right = counted = 0
        reasons = {}
        for record in self.records(data, method, options):
            if record.get("kind") != "batch":
                continue
            counted += record["labeled"]
            right += record["correct"] or 0
            for reason in record.get("guard", "").partition(": ")[2].split(", "):
                if reason:
                    reasons[reason] = reasons.get(reason, 0) + 1
        return 100 * right / counted, reasons

    def wrong_frames(self, source, batch):
        """Frames that the shipped network gets wrong, the surest first."""
        images, labels = STREAMS["ordinary"][0](source, batch)
        pick = np.random.default_rng(2).permutation(len(labels))[: self.arguments.search]
        images, labels = images[pick], labels[pick]
        path = self.write(images, labels)
        found = [
            (record["entropy"], number)
            for number, record in enumerate(
                r
                for r in self.records(path, "noadapt", ["--batch", "1"])
                if r.get("kind") == "batch"
            )
            if record["correct"] == 0
        ]
        order = [number for _, number in sorted(found)]
        return images[order], labels[order]

    def write(self, images, labels):
        path = self.folder / "stream.npz"
        np.savez(path, stream=np.ascontiguousarray(images), labels=labels)
        return path


def stream_options(name, batch, frames):
    if name == "batch 1":
        return ["--batch", "1"]
    if frames:
        return ["--window", str(batch)]
    rounds = ["--rounds", "10"] if name == "ten rounds" else []
    return ["--batch", str(batch), *rounds]


def run_stream(name, program, source, wrong, arguments):
    make, needs_wrong, _ = STREAMS[name]
    images, labels = make(source, arguments.batch, *([wrong] if needs_wrong else []))
    if name == "ten rounds" and arguments.frames:
        images, labels = np.concatenate([images] * 10), np.concatenate([labels] * 10)
    if name == "batch 1":  # many steps
        take = np.linspace(0, len(labels) - 1, max(1, len(labels) // 10)).astype(int)
        images, labels = images[take], labels[take]
    data = program.write(images, labels)
    options = stream_options(name, arguments.batch, arguments.frames)
    plain, _ = program.top1(data, "noadapt", options)
    paper, _ = program.top1(data, arguments.method, [*options, "--guard", "paper"])
    guarded, reasons = program.top1(data, arguments.method, [*options, "--guard", arguments.guard])
    return len(labels), plain, paper, guarded, reasons


def verdict(name, plain, paper, guarded):
    if guarded < plain - MOST_BELOW:
        return "harm"
    gain = paper - plain
    if STREAMS[name][2] and gain > LEAST_TO_KEEP and guarded - plain < LEAST_GAIN * gain:
        return "gain lost"
    return "ok"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--zoa", default="build/zoa", help="the program")
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--data", required=True, help="npz file: domains, clean, labels")
    parser.add_argument("--method", default="zoa")
    parser.add_argument("--guard", default="on", help="preset of the guarded column")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--frames", action="store_true", help="pictures one by one")
    parser.add_argument("--limit", type=int, default=0, help="pictures per domain, 0 = all")
    parser.add_argument("--domains", default="", help="names, separated by commas; default: all")
    parser.add_argument("--search", type=int, default=2048, help="pictures searched for wrong ones")
    parser.add_argument("--streams", default="", help="names, separated by commas; default: all")
    parser.add_argument("--threads", type=int, default=0)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    names = arguments.streams.split(",") if arguments.streams else list(STREAMS)
    if not arguments.streams:  # frames are all of batch 1; batches come from a file of bytes
        names.remove("batch 1" if arguments.frames else "NaN input")
    elif "NaN input" in names and not arguments.frames:
        sys.exit('the stream "NaN input" needs --frames')
    unknown = [name for name in names if name not in STREAMS]
    if unknown:
        sys.exit(f"no stream {unknown[0]!r}; known: {', '.join(STREAMS)}")
    domains = arguments.domains.split(",") if arguments.domains else ()
    source = Source(arguments.data, arguments.limit, domains)
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        program = Program(arguments, folder)
        needs_wrong = any(STREAMS[name][1] for name in names)
        wrong = program.wrong_frames(source, arguments.batch) if needs_wrong else None
        print("| stream | pictures | noadapt | guards off | guarded | verdict | reasons |")
        print("|---|---|---|---|---|---|---|")
        for name in names:
            count, plain, paper, guarded, reasons = run_stream(
                name, program, source, wrong, arguments
            )
            word = verdict(name, plain, paper, guarded)
            failed = failed or word != "ok"
            text = ", ".join(f"{reason} {number}" for reason, number in sorted(reasons.items()))
            figures = f"{plain:.1f} | {paper:.1f} | {guarded:.1f}"
            print(f"| {name} | {count} | {figures} | {word} | {text} |")
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
