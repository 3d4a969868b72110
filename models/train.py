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
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

CLASSES = 10
SIDE = 28
EPOCHS = {"vit": 10, "resnet": 5}
BATCH = {"vit": 64, "resnet": 128}
MAX_SHIFT = {"vit": 1, "resnet": 2}  # pixels, augmentation
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


def augment(images: torch.Tensor, shift: int) -> torch.Tensor:
    """Shift each image by up to so many pixels and mirror half of them."""
    count = len(images)
    padded = F.pad(images, (shift,) * 4)
    offset = torch.randint(0, 2 * shift + 1, (2, count, 1))
    rows = torch.arange(SIDE) + offset[0]
    cols = torch.arange(SIDE).repeat(count, 1)
    cols = torch.where(torch.rand(count, 1) < 0.5, cols.flip(1), cols) + offset[1]
    return padded[torch.arange(count)[:, None, None], rows[:, :, None], cols[:, None, :]]


def grid_embedding(side: int, dim: int) -> torch.Tensor:
    """Sines and cosines of the row and of the column of each patch: (side * side, dim)."""
    angle = torch.arange(side)[:, None] * 100.0 ** (-torch.arange(dim // 4) / (dim // 4))
    axis = torch.cat((angle.sin(), angle.cos()), dim=1)
    rows, cols = axis[:, None].expand(-1, side, -1), axis[None].expand(side, -1, -1)
    return torch.cat((rows, cols), dim=2).reshape(side * side, dim)


def split_matrix(dim: int, rank: int, noise: float, diagonal: float):
    """Two (rank, dim) factors, the first transposed times the second near noise + diagonal."""
    matrix = noise * torch.randn(dim, dim) / dim**0.5 + diagonal * torch.eye(dim)
    left, values, right = torch.linalg.svd(matrix)
    root = values[:rank].sqrt()[:, None]
    return left[:, :rank].T * root, right[:rank] * root


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

    def mimic(self):
        """Mimetic initialization (Trockman and Kolter, 2023): q k^T near I, v proj near -I."""
        dim = self.proj.in_features
        q, k, v = self.qkv.weight.split(dim)
        for rows in torch.arange(dim).split(self.head_dim):
            q[rows], k[rows] = split_matrix(dim, self.head_dim, 0.7, 0.7)
        value, project = split_matrix(dim, dim, 0.4, -0.4)
        v.copy_(value)
        self.proj.weight.copy_(project.T)


class Block(nn.Module):
    def __init__(self, dim: int, heads: int, mlp_ratio: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        fc1, fc2 = nn.Linear(dim, mlp_ratio * dim), nn.Linear(mlp_ratio * dim, dim)
        self.mlp = nn.Sequential(OrderedDict(fc1=fc1, act=nn.GELU(), fc2=fc2))

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class VisionTransformer(nn.Module):
    """Pre-norm ViT with a class token; names as in timm."""

    def __init__(self, dim=64, depth=12, heads=2, patch=7, mlp_ratio=2):
        super().__init__()
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, dim, patch, patch)})
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + (SIDE // patch) ** 2, dim))
        self.blocks = nn.Sequential(*[Block(dim, heads, mlp_ratio) for _ in range(depth)])
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.head = nn.Linear(dim, CLASSES)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        with torch.no_grad():
            self.pos_embed[0, 1:] = grid_embedding(SIDE // patch, dim) / 2
            for block in self.blocks:
                block.attn.mimic()

    def forward(self, images):
        x = self.patch_embed["proj"](images).flatten(2).transpose(1, 2)
        x = torch.cat((self.cls_token.expand(x.shape[0], -1, -1), x), dim=1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


def conv_bn(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)
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
    network = VisionTransformer() if name == "vit" else ResNet20()
    network.to(memory_format=torch.channels_last)  # faster on a CPU
    groups = [
        {"params": [p for p in network.parameters() if p.ndim > 1]},
        {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if name == "vit":
        return network, torch.optim.AdamW(groups, lr=1e-3, weight_decay=0.05)
    return network, torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)


def schedule(step: int, steps: int) -> float:
    """Linear warm-up over the first tenth, cosine decay to zero after it."""
    warm = max(1, steps // 10)
    decay = 0.5 * (1 + math.cos(math.pi * max(0, step - warm) / (steps - warm)))
    return min((step + 1) / warm, decay)


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
    epochs, batch = args.epochs or EPOCHS[name], BATCH[name]
    batches = len(train_y) // batch
    with open(args.out / f"train-{name}.log", "w") as log:

        def report(line: str) -> None:
            print(line, flush=True)
            print(line, file=log, flush=True)

        size = sum(p.numel() for p in network.parameters())
        settings = f"{epochs} epochs, batch {batch}, seed {args.seed}, torch {torch.__version__}"
        report(f"{name}: {size} parameters, {settings}")
        for epoch in range(epochs):
            start, total = time.time(), 0.0
            network.train()
            order = torch.randperm(len(train_y))
            for index in range(batches):
                factor = schedule(epoch * batches + index, epochs * batches)
                for group in optimizer.param_groups:
                    group["lr"] = group.setdefault("peak", group["lr"]) * factor
                pick = order[index * batch : (index + 1) * batch]
                images = preprocess(augment(train_x[pick], MAX_SHIFT[name]))
                loss = F.cross_entropy(network(images), train_y[pick])
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 2.0)
                optimizer.step()
                total += loss.item()
            score = accuracy(network, test_x, test_y)
            export(network, args.out / f"fashion-{name}.onnx")
            if args.checkpoints:
                torch.save(network.state_dict(), args.checkpoints / f"{name}.pt")
            figures = f"loss {total / batches:.4f}, test accuracy {100 * score:.2f} %"
            report(f"epoch {epoch + 1:2d}: {figures}, {time.time() - start:.0f} s")


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
