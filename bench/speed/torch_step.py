# SPDX-License-Identifier: Apache-2.0
"""Times a step of the ZOA method in plain PyTorch with simulated quantization, on the CPU.

    python bench/speed/torch_step.py timm:vit_base_patch16_224 --batch 64 --steps 3 --threads 2

Written from the paper (arXiv 2508.02180) as docs/methods/zoa.md states it: two forward passes per
batch over the whole network, the loss from features that hooks collect, a one-sided SPSA step of
the affine parameters of norms, the activation shift. The bank stays empty, as it does in 'zoa
bench': all timed batches are of one domain. Weights are random; a trained network takes the same
time. Prints one JSON object.
"""

import argparse
import json
import math
import resource
import time

import timm
import torch
from simulated import simulate, stop_observing
from timm.layers import set_fused_attn

VIT = {"lambda": 30.0, "c": 0.02, "lr": 5e-4, "decay": 0.4}
CNN = {"lambda": 1.0, "c": 0.01, "lr": 1e-4, "decay": 0.4}


def adapted_norms(network):
    """Those that the paper adapts: docs/methods/zoa.md."""
    if hasattr(network, "blocks"):
        last = len(network.blocks) - math.ceil(len(network.blocks) / 4)
        return [n for block in network.blocks[1:last] for n in (block.norm1, block.norm2)]
    blocks = [*network.layer1[1:], *network.layer2, *network.layer3]
    return [norm for block in blocks for norm in (block.bn1, block.bn2)]


class Features:
    """What the loss, the domain test and the shift read, gathered by hooks in a pass."""

    def __init__(self, network):
        self.taps, self.stem, self.last = [], None, None
        if hasattr(network, "blocks"):
            taps, stem = [*(b.norm1 for b in network.blocks[1:]), network.norm], network.patch_embed
            self.read = lambda x: x[:, 0]
        else:
            taps = [network.layer1, network.layer2, network.layer3, network.layer4]
            stem = network.conv1
            self.read = lambda x: x.mean((2, 3))
        for tap in taps:
            tap.register_forward_hook(lambda _m, _i, out: self.taps.append(self.read(out)))
        stem.register_forward_hook(self.keep_stem)

    def keep_stem(self, _module, _inputs, out):
        axes = (0, 1) if out.dim() == 3 else (0, 2, 3)
        self.stem = (out.var(axes, unbiased=False), out.mean(axes))

    def take(self):
        taps, self.taps = self.taps, []
        self.last = taps[-1]
        return taps


def moments(taps):
    return [(tap.std(0), tap.mean(0)) for tap in taps]


class Zoa:
    def __init__(self, network, seed):
        self.network, self.is_vit = network, hasattr(network, "blocks")
        self.settings = VIT if self.is_vit else CNN
        self.norms = adapted_norms(network)
        self.features = Features(network)
        self.shipped = [p.detach().clone() for n in self.norms for p in (n.weight, n.bias)]
        self.offsets = [torch.zeros_like(p) for p in self.shipped]
        self.random = torch.Generator().manual_seed(seed)
        self.source, self.mean, self.stem = None, None, None

    def run(self, images, offsets):
        values = iter(zip(self.shipped, offsets, strict=True))
        for norm in self.norms:
            for parameter in (norm.weight, norm.bias):
                base, offset = next(values)
                parameter.copy_(base + offset)
        logits = self.network(images)
        return logits, self.features.take()

    def collect_source(self, images):
        self.source = moments(self.run(images, self.offsets)[1])

    def loss(self, logits, taps):
        log = logits.log_softmax(-1)
        entropy = -(log.exp() * log).sum(-1).mean()
        gaps = [
            (std - old_std).square().mean() + (mean - old_mean).square().mean()
            for (std, mean), (old_std, old_mean) in zip(moments(taps), self.source, strict=True)
        ]
        return entropy + self.settings["lambda"] * sum(gaps) / len(gaps)

    def changed_domain(self):
        """Distance of the stem's statistics to those of the stream."""
        var, mean = self.features.stem
        if self.stem is None:
            self.stem = (var, mean)
            return False
        old_var, old_mean = self.stem
        gap = (old_mean - mean).square()
        distance = (old_var + gap) / (2 * var + 2e-8) + (var + gap) / (2 * old_var + 2e-8) - 1
        self.stem = (0.8 * old_var + 0.2 * var, 0.8 * old_mean + 0.2 * mean)
        return float(distance.mean()) > (0.1 if self.is_vit else 0.2)

    def shifted(self, logits):
        """Answer with the activation shift towards the source mean."""
        now = self.features.last.mean(0)
        answer = logits
        if self.mean is not None:
            shift = self.source[-1][1] - self.mean
            head = self.network.head if self.is_vit else self.network.fc
            answer = head(self.features.last + shift)
        self.mean = now if self.mean is None else 0.9 * self.mean + 0.1 * now
        return answer

    def step(self, images):
        c, lr, decay = (self.settings[k] for k in ("c", "lr", "decay"))
        logits, taps = self.run(images, self.offsets)
        loss = self.loss(logits, taps)
        answer = self.shifted(logits)
        if self.changed_domain():
            raise RuntimeError("one domain, yet a change was seen")
        directions = []
        for offset in self.offsets:
            size = 0.5 + 0.5 * torch.rand(offset.shape, generator=self.random)
            sign = torch.randint(0, 2, offset.shape, generator=self.random) * 2 - 1
            directions.append(size * sign)
        moved = [o + c * d for o, d in zip(self.offsets, directions, strict=True)]
        difference = self.loss(*self.run(images, moved)) - loss
        for offset, direction in zip(self.offsets, directions, strict=True):
            gradient = difference / (c * direction)
            offset -= lr * (gradient + decay * offset)
        return answer


def make_network(spec, size, classes, bits):
    set_fused_attn(False)
    architecture = spec.removeprefix("timm:")
    extra = {"img_size": size} if "vit" in architecture else {"zero_init_last": False}
    network = timm.create_model(architecture, pretrained=False, num_classes=classes, **extra).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):  # statistics of the batch, as the method wants
            module.track_running_stats = False
            module.running_mean = module.running_var = None
    return simulate(network, bits)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", help="timm:ARCHITECTURE")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--bits", type=int, default=8)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--warmup", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    milliseconds = []
    with torch.inference_mode():
        network = make_network(arguments.network, arguments.size, arguments.classes, arguments.bits)
        images = torch.randn(arguments.batch, 3, arguments.size, arguments.size)
        method = Zoa(network, arguments.seed)
        method.collect_source(images[: max(2, arguments.batch // 4)])  # observes ranges too
        stop_observing(network)
        for step in range(-arguments.warmup, arguments.steps):
            start = time.perf_counter()
            method.step(images)
            if step >= 0:
                milliseconds.append(1000 * (time.perf_counter() - start))
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    versions = {"torch": torch.__version__, "timm": timm.__version__}
    print(json.dumps({"ms": milliseconds, "rss_mb": rss, "versions": versions}))


if __name__ == "__main__":
    main()
