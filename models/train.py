# SPDX-License-Identifier: Apache-2.0
"""Train the two demo networks on Fashion-MNIST and export them as float ONNX files.

    python models/train.py --data /path/to/fashion-mnist --out models

The data folder holds the four idx files of the data set, gzipped or not, for instance as
installed by the Debian package `dataset-fashion-mnist`. After every epoch the network is
exported to `OUT/fashion-NETWORK.onnx` (replaced atomically), so an interrupted run leaves a
usable file behind. Figures go to `OUT/train-NETWORK.log`.
"""

import argparse
import copy
import gzip
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

CLASSES = 10
SIDE = 28
EPOCHS = {"vit": 14, "resnet": 5}
HALF_PATCHES = 0.65  # share of the ViT's epochs that see half of the patches
BATCH = 128
MAX_SHIFT = 2  # pixels, augmentation
MEAN, STD = 0.5, 0.5  # preset "inception": the same on all three channels


def read_idx(folder: Path, name: str) -> torch.Tensor:
    """Read one idx file of unsigned bytes, gzipped or plain."""
    zipped = folder / f"{name}.gz"
    raw = gzip.decompress(zipped.read_bytes()) if zipped.exists() else (folder / name).read_bytes()
    if raw[:3] != b"\x00\x00\x08":
        raise ValueError(f"{name}: not an idx file of unsigned bytes")
    rank = raw[3]
    shape = np.frombuffer(raw, ">u4", rank, 4).astype(int)
    return torch.from_numpy(np.frombuffer(raw, np.uint8, -1, 4 + 4 * rank).reshape(shape).copy())


def preprocess(images: torch.Tensor) -> torch.Tensor:
    """(B, 28, 28) bytes to the networks' input: (B, 3, 28, 28) floats in [-1, 1]."""
    x = (images.float() / 255 - MEAN) / STD
    return x.unsqueeze(1).repeat(1, 3, 1, 1).to(memory_format=torch.channels_last)


def augment(images: torch.Tensor) -> torch.Tensor:
    """Shift each image by up to MAX_SHIFT pixels and mirror half of them."""
    count = len(images)
    padded = F.pad(images, (MAX_SHIFT,) * 4)
    offset = torch.randint(0, 2 * MAX_SHIFT + 1, (2, count, 1))
    rows = torch.arange(SIDE) + offset[0]
    cols = torch.arange(SIDE).repeat(count, 1)
    cols = torch.where(torch.rand(count, 1) < 0.5, cols.flip(1), cols) + offset[1]
    return padded[torch.arange(count)[:, None, None], rows[:, :, None], cols[:, None, :]]


class DropPath(nn.Module):
    """Drop a residual branch for a random part of the batch (training only)."""

    def __init__(self, rate: float):
        super().__init__()
        self.rate = rate

    def forward(self, x):
        if self.training and self.rate > 0:
            x = x * (torch.rand(x.shape[0], 1, 1) < 1 - self.rate) / (1 - self.rate)
        return x


class Attention(nn.Module):
    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads, self.head_dim = heads, dim // heads
        self.scale = self.head_dim**-0.5
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, self.heads, self.head_dim).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        weights = ((q * self.scale) @ k.transpose(-2, -1)).softmax(dim=-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(b, n, c))


class Mlp(nn.Module):
    def __init__(self, dim: int, hidden: int):
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, dim: int, heads: int, mlp_ratio: int, drop_path: float):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim, mlp_ratio * dim)
        self.drop_path = DropPath(drop_path)

    def forward(self, x):
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class VisionTransformer(nn.Module):
    """Pre-norm ViT with a class token; names as in timm."""

    def __init__(self, dim=64, depth=12, heads=2, patch=4, mlp_ratio=4, drop_path=0.05):
        super().__init__()
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, dim, patch, patch)})
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + (SIDE // patch) ** 2, dim))
        self.keep = 1.0  # share of the patches seen in training: fewer make an epoch cheaper
        rates = [drop_path * i / (depth - 1) for i in range(depth)]
        self.blocks = nn.Sequential(*[Block(dim, heads, mlp_ratio, rate) for rate in rates])
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.Linear(dim, CLASSES)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def drop_patches(self, x):
        """Keep the class token and a random choice of the patches of each image."""
        b, n, c = x.shape
        pick = torch.rand(b, n - 1).argsort(1)[:, : round(self.keep * (n - 1))] + 1
        pick = torch.cat((torch.zeros(b, 1, dtype=pick.dtype), pick), dim=1)
        return x.gather(1, pick.unsqueeze(2).expand(-1, -1, c))

    def forward(self, images):
        x = self.patch_embed["proj"](images).flatten(2).transpose(1, 2)
        x = torch.cat((self.cls_token.expand(x.shape[0], -1, -1), x), dim=1) + self.pos_embed
        if self.training and self.keep < 1:
            x = self.drop_patches(x)
        return self.head(self.norm(self.blocks(x))[:, 0])


def conv_bn(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


class BasicBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.conv1 = conv_bn(inputs, outputs, 3, stride)
        self.conv2 = conv_bn(outputs, outputs, 3)
        changes = stride != 1 or inputs != outputs
        self.shortcut = conv_bn(inputs, outputs, 1, stride) if changes else nn.Identity()

    def forward(self, x):
        return F.relu(self.conv2(F.relu(self.conv1(x))) + self.shortcut(x))


class ResNet20(nn.Module):
    """The CIFAR ResNet-20: three stages of three basic blocks."""

    def __init__(self):
        super().__init__()
        self.stem = conv_bn(3, 16, 3)
        blocks, inputs = [], 16
        for width, stride in ((16, 1), (32, 2), (64, 2)):
            for index in range(3):
                blocks.append(BasicBlock(inputs, width, stride if index == 0 else 1))
                inputs = width
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(inputs, CLASSES)

    def forward(self, images):
        x = self.blocks(F.relu(self.stem(images)))
        return self.head(self.pool(x).flatten(1))


def make_network(name: str) -> tuple[nn.Module, torch.optim.Optimizer]:
    """The network and its optimizer; weights of rank one (norms, biases) are not decayed."""
    network = (VisionTransformer if name == "vit" else ResNet20)()
    network = network.to(memory_format=torch.channels_last)  # faster on a CPU
    groups = [
        {"params": [p for p in network.parameters() if p.ndim > 1]},
        {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if name == "vit":
        return network, torch.optim.AdamW(groups, lr=1.5e-3, weight_decay=0.05)
    return network, torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)


def schedule(step: int, steps: int) -> float:
    """Linear warm-up over the first tenth, cosine decay to zero after it."""
    warm = max(1, steps // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


@torch.no_grad()
def accuracy(network: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    network.eval()
    guesses = torch.cat([network(preprocess(part)).argmax(1) for part in images.split(500)])
    return (guesses == labels).float().mean().item()


def export(network: nn.Module, path: Path) -> None:
    """Write the float network in evaluation mode, batch normalisations not folded into anything."""
    network = copy.deepcopy(network).eval().to(memory_format=torch.contiguous_format)
    has_bn = any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    temporary = path.with_suffix(".tmp")
    torch.onnx.export(
        network,
        (torch.zeros(2, 3, SIDE, SIDE),),
        str(temporary),
        input_names=["images"],
        output_names=["logits"],
        dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}},
        opset_version=17,
        training=getattr(torch.onnx.TrainingMode, "PRESERVE" if has_bn else "EVAL"),
        do_constant_folding=not has_bn,
        dynamo=False,
    )
    os.replace(temporary, path)


def train(name: str, args: argparse.Namespace) -> None:
    torch.manual_seed(args.seed)
    train_x = read_idx(args.data, "train-images-idx3-ubyte")
    train_y = read_idx(args.data, "train-labels-idx1-ubyte").long()
    test_x = read_idx(args.data, "t10k-images-idx3-ubyte")
    test_y = read_idx(args.data, "t10k-labels-idx1-ubyte").long()
    network, optimizer = make_network(name)
    epochs = args.epochs or EPOCHS[name]
    batches = len(train_y) // BATCH
    with open(args.out / f"train-{name}.log", "w") as log:

        def report(line: str) -> None:
            print(line, flush=True)
            print(line, file=log, flush=True)

        report(
            f"{name}: {sum(p.numel() for p in network.parameters())} parameters, {epochs} epochs, "
            f"batch {BATCH}, seed {args.seed}, torch {torch.__version__}"
        )
        for epoch in range(epochs):
            start, total = time.time(), 0.0
            network.train()
            network.keep = 0.5 if epoch < round(HALF_PATCHES * epochs) else 1.0  # read by the ViT
            order = torch.randperm(len(train_y))
            for index in range(batches):
                factor = schedule(epoch * batches + index, epochs * batches)
                for group in optimizer.param_groups:
                    group["lr"] = group.setdefault("peak", group["lr"]) * factor
                pick = order[index * BATCH : (index + 1) * BATCH]
                loss = F.cross_entropy(network(preprocess(augment(train_x[pick]))), train_y[pick])
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 2.0)
                optimizer.step()
                total += loss.item()
            score = accuracy(network, test_x, test_y)
            export(network, args.out / f"fashion-{name}.onnx")
            if args.checkpoints:
                torch.save(network.state_dict(), args.checkpoints / f"{name}.pt")
            report(
                f"epoch {epoch + 1:2d}: loss {total / batches:.4f}, "
                f"test accuracy {100 * score:.2f} %, {time.time() - start:.0f} s"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the idx files")
    parser.add_argument("--out", type=Path, required=True, help="folder for networks and logs")
    parser.add_argument("--network", choices=("vit", "resnet", "all"), default="all")
    parser.add_argument("--epochs", type=int, help=f"default: {EPOCHS}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoints", type=Path, help="folder for PyTorch state, if wanted")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    for name in ("vit", "resnet") if args.network == "all" else (args.network,):
        train(name, args)


if __name__ == "__main__":
    main()
