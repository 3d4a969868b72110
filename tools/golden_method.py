# SPDX-License-Identifier: Apache-2.0
"""Float64 reference of the method zoa (docs/methods/zoa.md), apart from the code of the product.

Network     evaluates an ONNX graph node by node, with offsets on the adapted norms
ZoaReference one step of the method per batch
Needs numpy, torch and onnx. Written for clarity; slow.
"""

import math

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper


def _ints(tensor):
    return [int(value) for value in tensor.reshape(-1)]


def _slice(x, starts, ends, axes, steps=None):
    steps = torch.ones_like(axes) if steps is None else steps
    for start, end, axis, step in zip(*map(_ints, (starts, ends, axes, steps)), strict=True):
        picked = range(x.shape[axis])[slice(start, end, step)]
        x = x.index_select(axis, torch.tensor(picked))
    return x


def _unsqueeze(x, axes):
    for axis in sorted(_ints(axes)):
        x = x.unsqueeze(axis)
    return x


def _gather(x, indices, axis):
    picked = x.index_select(axis, indices.reshape(-1))
    return picked.reshape(x.shape[:axis] + indices.shape + x.shape[axis + 1 :])


def _reshape(x, shape):
    return x.reshape([x.shape[i] if s == 0 else s for i, s in enumerate(_ints(shape))])


def _pad(x, pads, *_):
    begin, end = _ints(pads)[: x.ndim], _ints(pads)[x.ndim :]
    pairs = [p for axis in reversed(range(x.ndim)) for p in (begin[axis], end[axis])]
    return F.pad(x, pairs)


def _conv(attributes, x, weight, bias=None):
    pads = attributes["pads"]
    assert pads[:2] == pads[2:] and attributes["group"] == 1
    return F.conv2d(x, weight, bias, attributes["strides"], pads[:2])


def _batch_norm(attributes, x, gamma, beta, *_):
    """On the statistics of the batch, whatever the running ones are."""
    return F.batch_norm(x, None, None, gamma, beta, True, eps=attributes["epsilon"])


def _fill(attributes, shape):
    value = torch.from_numpy(numpy_helper.to_array(attributes["value"]).copy())
    return value.reshape([1] * shape.numel()).expand(_ints(shape))


OPERATORS = {  # (attributes, inputs...) -> output
    "Add": lambda a, x, y: x + y,
    "BatchNormalization": _batch_norm,
    "Cast": lambda a, x: x.to(torch.int64) if a["to"] == onnx.TensorProto.INT64 else x.double(),
    "Concat": lambda a, *x: torch.cat(x, a["axis"]),
    "ConstantOfShape": _fill,
    "Conv": _conv,
    "Div": lambda a, x, y: x / y if x.is_floating_point() else x // y,
    "Equal": lambda a, x, y: x == y,
    "Erf": lambda a, x: torch.erf(x),
    "Expand": lambda a, x, shape: x * torch.ones(_ints(shape), dtype=x.dtype),
    "Gather": lambda a, x, indices: _gather(x, indices, a.get("axis", 0)),
    "Gemm": lambda a, x, w, b: x @ (w.T if a.get("transB") else w) + b,
    "LayerNormalization": lambda a, x, w, b: F.layer_norm(x, w.shape, w, b, a["epsilon"]),
    "MatMul": lambda a, x, y: x @ y,
    "Mul": lambda a, x, y: x * y,
    "Pad": lambda a, *x: _pad(*x),
    "Pow": lambda a, x, y: x**y,
    "ReduceMean": lambda a, x: x.mean(a["axes"], bool(a.get("keepdims", 1))),
    "Relu": lambda a, x: torch.relu(x),
    "Reshape": lambda a, x, shape: _reshape(x, shape),
    "Shape": lambda a, x: torch.tensor(x.shape),
    "Slice": lambda a, *x: _slice(*x),
    "Softmax": lambda a, x: torch.softmax(x, a["axis"]),
    "Split": lambda a, x, sizes: torch.split(x, _ints(sizes), a["axis"]),
    "Sqrt": lambda a, x: torch.sqrt(x),
    "Squeeze": lambda a, x, axes: x.squeeze(_ints(axes)),
    "Sub": lambda a, x, y: x - y,
    "Transpose": lambda a, x: x.permute(a["perm"]),
    "Unsqueeze": lambda a, x, axes: _unsqueeze(x, axes),
    "Where": lambda a, condition, x, y: torch.where(condition, x, y),
}


class Network:
    """An ONNX graph: a ViT with timm's names or a ResNet with torchvision's."""

    def __init__(self, path, adapted, dtype=torch.float64):
        graph = onnx.load(path).graph
        self.dtype = dtype
        self.input = graph.input[0].name
        self.constants = {i.name: self._tensor(i) for i in graph.initializer}
        self.nodes = []
        for node in graph.node:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            if node.op_type == "Constant":
                self.constants[node.output[0]] = self._tensor(attributes["value"])
            else:
                self.nodes.append((node, attributes))
        self.is_vit = "cls_token" in self.constants
        self.adapted = [f"{layer}.{part}" for layer in adapted for part in ("weight", "bias")]
        self.sizes = [self.constants[name].numel() for name in self.adapted]
        self.taps = self._find_vit_taps() if self.is_vit else self._find_stages()
        self.stem = next(n.output[0] for n, _ in self.nodes if n.op_type == "Conv")
        self.last_use = {name: i for i, (n, _) in enumerate(self.nodes) for name in n.input}
        self.head = next(
            self.constants[n.input[1]].double().numpy()
            for n, _ in reversed(self.nodes)
            if n.op_type == "Gemm"
        )

    def _tensor(self, proto):
        tensor = torch.from_numpy(numpy_helper.to_array(proto).copy())
        return tensor.to(self.dtype) if tensor.is_floating_point() else tensor

    def _find_vit_taps(self):
        blocks = sum(name.endswith(".norm1.bias") for name in self.constants)
        norms = [f"blocks.{i}.norm1.bias" for i in range(1, blocks)] + ["norm.bias"]
        return [next(n.output[0] for n, _ in self.nodes if norm in n.input) for norm in norms]

    def _find_stages(self):
        ends = {}
        for node, _ in self.nodes:
            if node.op_type == "Relu" and node.output[0].startswith("/layer"):
                ends[node.output[0].split("/")[1]] = node.output[0]
        return list(ends.values())

    def run(self, pixels, offsets=None):
        """Logits, features of every tap and the stem's output, for pixels (B, 3, H, W)."""
        values = dict(self.constants)
        values[self.input] = torch.from_numpy(pixels).to(self.dtype)
        if offsets is not None:
            for name, part in zip(self.adapted, split(offsets, self.sizes), strict=True):
                values[name] = values[name] + torch.from_numpy(part).to(self.dtype)
        kept = {*self.taps, self.stem, "logits"}
        with torch.no_grad():
            for index, (node, attributes) in enumerate(self.nodes):
                inputs = [values[name] if name else None for name in node.input]
                out = OPERATORS[node.op_type](attributes, *inputs)
                outputs = out if isinstance(out, tuple) else (out,)
                values.update(zip(node.output, outputs, strict=True))
                for name in node.input:
                    if name and self.last_use[name] == index and name not in kept:
                        values.pop(name, None)
        pool = (lambda x: x[:, 0]) if self.is_vit else (lambda x: x.mean((2, 3)))
        features = [pool(values[tap]).double().numpy() for tap in self.taps]
        return values["logits"].double().numpy(), features, values[self.stem].double().numpy()


def split(vector, sizes):
    return np.split(vector, np.cumsum(sizes)[:-1])


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def stem_distance(v, m, v2, m2):
    square = (m - m2) ** 2
    there = (v + square) / (2 * (v2 + 1e-8))
    back = (v2 + square) / (2 * (v + 1e-8))
    return float((there + back - 1).mean())


class ZoaReference:
    def __init__(self, network, trajectory, source_mean, source_std):
        self.network = network
        self.hyper = trajectory["hyperparameters"]
        self.scale = trajectory["alpha_scale"]
        self.bank_max = trajectory["bank_max"]
        self.alpha = np.array(trajectory["alpha_init"], np.float64)
        self.source_mean = source_mean.astype(np.float64)
        self.source_std = source_std.astype(np.float64)
        self.feature_sizes = trajectory["feature_sizes"]
        self.eps = np.zeros(sum(network.sizes))
        self.bank = []
        self.stem = None
        self.running = None

    def mixture(self, alpha):
        weights = softmax(self.scale * alpha)[1:]
        parts = [w * entry for w, entry in zip(weights, self.bank, strict=True)]
        return sum(parts, np.zeros_like(self.eps))

    def loss(self, logits, features):
        """Loss, entropy, discrepancy."""
        p = softmax(logits)
        entropy = float(-(p * np.log(p)).sum(1).mean())
        flat = np.concatenate(features, axis=1)
        squares = (flat.std(0, ddof=1) - self.source_std) ** 2
        squares += (flat.mean(0) - self.source_mean) ** 2
        groups = [squares] if self.network.is_vit else split(squares, self.feature_sizes)
        discrepancy = float(np.mean([group.mean() for group in groups]))
        return entropy + self.hyper["lam"] * discrepancy, entropy, discrepancy

    def similarity(self, a, b):
        pairs = zip(split(a, self.network.sizes), split(b, self.network.sizes), strict=True)
        return np.mean([x @ y / (np.linalg.norm(x) * np.linalg.norm(y)) for x, y in pairs])

    def remove_one(self):
        """Drops the older entry of the most similar pair; eps keeps the total. Index in alpha."""
        count = len(self.bank)
        pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
        likeness = [self.similarity(self.bank[i], self.bank[j]) for i, j in pairs]
        entry = pairs[int(np.argmax(likeness))][0] if pairs else 0
        total = self.mixture(self.alpha) + self.eps
        del self.bank[entry]
        self.alpha = np.delete(self.alpha, entry + 1)
        self.eps = total - self.mixture(self.alpha)
        return entry + 1

    def insert(self):
        total = self.mixture(self.alpha) + self.eps
        size = max(np.abs(part).mean() for part in split(self.eps, self.network.sizes)) / 0.01
        scaled = self.scale * self.alpha
        value = scaled.max()
        if size > 1:
            value = max(value, math.log(np.exp(scaled).sum() * (size - 1)))
        self.alpha = np.append(self.alpha, np.clip(value / self.scale, -10, 10))
        self.bank.append(total)
        self.eps = total - self.mixture(self.alpha)

    def test_domain(self, stem):
        """Distance or None, and whether the domain has changed; moves the running statistics."""
        axes = (0, 2, 3)
        batch = stem.var(axes, ddof=1), stem.mean(axes)
        if self.stem is None:
            self.stem = batch
            return None, False
        distance = stem_distance(*self.stem, *batch)
        changed = distance > self.hyper["domain_t"]
        old = batch if changed else self.stem
        self.stem = tuple(0.8 * a + 0.2 * b for a, b in zip(old, batch, strict=True))
        return distance, changed

    def step(self, pixels, delta, draw_alpha):
        """One batch: the record but its accuracy, the logits, the direction of alpha.

        delta is the direction of eps; draw_alpha(n) gives that of alpha, whose size the bank sets.
        """
        h = self.hyper
        logits, features, stem = self.network.run(pixels, self.mixture(self.alpha) + self.eps)
        distance, changed = self.test_domain(stem)
        removed = None
        if changed:
            if len(self.bank) == self.bank_max:
                removed = self.remove_one()
            self.insert()
        loss, entropy, discrepancy = self.loss(logits, features)
        batch_mean = features[-1].mean(0)
        if self.running is not None:
            shift = self.source_mean[-self.feature_sizes[-1] :] - self.running
            logits = logits + self.network.head @ shift
        if self.running is None or changed:
            self.running = batch_mean
        else:
            self.running = 0.9 * self.running + 0.1 * batch_mean

        delta_alpha = np.asarray(draw_alpha(len(self.alpha)), np.float64)
        nudged = self.mixture(self.alpha + h["c_alpha"] * delta_alpha) + self.eps + h["c"] * delta
        perturbed = self.loss(*self.network.run(pixels, nudged)[:2])[0]
        difference = perturbed - loss
        self.eps = self.eps - h["lr"] * (difference / (h["c"] * delta) + h["wd"] * self.eps)
        if self.bank:
            g = difference / (h["c_alpha"] * delta_alpha)
            decayed = self.alpha * (1 - h["lr_alpha"] * h["wd_alpha"])
            self.alpha = decayed - h["lr_alpha"] * g / (np.abs(g) + 1e-8)
        record = {
            "loss": loss,
            "loss_perturbed": perturbed,
            "entropy": entropy,
            "discrepancy": discrepancy,
            "domain_distance": distance,
            "domain_changed": changed,
            "removed_entry": removed,
            "bank_entries": len(self.bank),
            "alpha": self.alpha.tolist(),
            "eps_l2": float(np.linalg.norm(self.eps)),
            "total_l2": float(np.linalg.norm(self.mixture(self.alpha) + self.eps)),
        }
        return record, logits, delta_alpha.tolist()
