# SPDX-License-Identifier: Apache-2.0
# Streams that may harm an adapting network, made from an npz of corrupted pictures (an array per
# domain, "clean" and "labels" of the first pictures of each). A stream is pictures with labels;
# label -1 (black frames) does not count; NAN stands for an input of numbers that are none.
import numpy as np

CLEAN = ("clean", "labels", "calib")
NAN = -2


class Source:
    """The pictures of a data file, at most `limit` per corruption."""

    def __init__(self, path, limit=0, domains=()):
        with np.load(path) as data:
            self.clean = data["clean"]
            self.labels = data["labels"].astype(np.int64)
            arrays = {name: data[name] for name in data.files if name not in CLEAN}
            arrays = {name: arrays[name] for name in domains or arrays}
        self.limit = min(limit or 1 << 30, *(len(images) for images in arrays.values()))
        self.whole = arrays
        self.domains = {name: images[: self.limit] for name, images in arrays.items()}

    def domain_labels(self):
        return self.labels[: self.limit]


def _join(parts):
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _batches(source, batch):
    """Whole batches of every domain: {domain: [(pictures, labels)]}."""
    labels = source.domain_labels()
    starts = range(0, len(labels) - batch + 1, batch)
    return {
        name: [(images[s : s + batch], labels[s : s + batch]) for s in starts]
        for name, images in source.domains.items()
    }


def ordinary(source, batch):
    return _join([(images, source.domain_labels()) for images in source.domains.values()])


def one_batch_each(source, batch):
    """For many rounds: a batch of every domain."""
    labels = source.domain_labels()[:batch]
    return _join([(images[:batch], labels) for images in source.domains.values()])


def clean(source, batch):
    count = min(len(source.labels), 2 * source.limit)
    return source.clean[:count], source.labels[:count]


def label_sorted(source, batch):
    """Long runs of a class, whatever the limit: each domain shows other classes then."""
    parts = []
    for number, images in enumerate(source.whole.values()):
        order = np.argsort(source.labels[: len(images)], kind="stable")
        order = np.roll(order, -number * source.limit)[: source.limit]
        parts.append((images[order], source.labels[order]))
    return _join(parts)


def one_class(source, batch, wanted=3):
    """All pictures of one class, whatever the limit: few of them are too few batches."""
    parts = []
    for images in source.whole.values():
        labels = source.labels[: len(images)]
        chosen = np.flatnonzero(labels == wanted)[: max(batch, source.limit // 8)]
        parts.append((images[chosen], labels[chosen]))
    return _join(parts)


def domain_flip(source, batch):
    parts = _batches(source, batch)
    turns = len(next(iter(parts.values())))
    return _join([parts[name][turn] for turn in range(turns) for name in parts])


def mixed(source, batch):
    images, labels = ordinary(source, batch)
    order = np.random.default_rng(0).permutation(len(labels))
    return images[order], labels[order]


def black_frames(source, batch):
    """A quarter of the frames of every second batch, and every fourth batch whole."""
    images, labels = (array.copy() for array in ordinary(source, batch))
    for number, start in enumerate(range(0, len(labels), batch)):
        if number % 4 == 3:
            part = slice(start, start + batch)
        elif number % 2 == 1:
            part = slice(start, start + batch // 4)
        else:
            continue
        images[part] = 0
        labels[part] = -1
    return images, labels


def nan_frames(source, batch):
    """One frame in ten at random, and every fourth batch whole."""
    images, labels = (array.copy() for array in ordinary(source, batch))
    labels[np.random.default_rng(3).choice(len(labels), len(labels) // 10, replace=False)] = NAN
    for start in range(3 * batch, len(labels), 4 * batch):
        labels[start : start + batch] = NAN
    return images, labels


def frozen_frame(source, batch):
    """Every second batch is one frame, over and over."""
    images, labels = (array.copy() for array in ordinary(source, batch))
    for start in range(batch, len(labels), 2 * batch):
        images[start : start + batch] = images[start]
        labels[start : start + batch] = labels[start]
    return images, labels


def chosen_frames(source, batch, wrong):
    """One in ten frames is one that the shipped network gets wrong and is sure of."""
    images, labels = (array.copy() for array in ordinary(source, batch))
    hard_images, hard_labels = wrong
    places = np.random.default_rng(1).choice(len(labels), len(labels) // 10, replace=False)
    for number, place in enumerate(np.sort(places)):
        images[place] = hard_images[number % len(hard_labels)]
        labels[place] = hard_labels[number % len(hard_labels)]
    return images, labels


def poison_prefix(source, batch, wrong):
    """Ten such frames at the start."""
    return _join([(wrong[0][:10], wrong[1][:10]), ordinary(source, batch)])


def fog_comes_and_goes(source, batch, batches=3):
    fog, labels = (
        source.whole.get("fog", next(iter(source.whole.values()))),
        source.labels,
    )
    stream = []
    for number in range(min(len(fog), 4 * source.limit) // batch):
        foggy = fog[number * batch :][:batch], labels[number * batch :][:batch]
        start = number * batch
        sunny = (
            source.clean[start : start + batch],
            source.labels[start : start + batch],
        )
        stream.append(foggy if number // batches % 2 == 1 else sunny)
    return _join(stream)


# name: (function, needs the wrongly answered frames, the gain counts)
STREAMS = {
    "ordinary": (ordinary, False, True),
    "clean": (clean, False, False),
    "label-sorted": (label_sorted, False, False),
    "one class": (one_class, False, False),
    "batch 1": (ordinary, False, False),
    "domain flip": (domain_flip, False, True),
    "mixed": (mixed, False, True),
    "black frames": (black_frames, False, False),
    "NaN input": (nan_frames, False, False),
    "one frame repeated": (frozen_frame, False, False),
    "chosen 10 %": (chosen_frames, True, False),
    "poison prefix": (poison_prefix, True, True),
    "ten rounds": (one_batch_each, False, True),
    "fog comes and goes": (fog_comes_and_goes, False, True),
}
