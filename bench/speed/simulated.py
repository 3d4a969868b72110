# SPDX-License-Identifier: Apache-2.0
"""Simulated quantization in PyTorch, the way experiment codes do it: float tensors are rounded to a
grid and multiplied by float kernels. Used by torch_step.py, a rival of bench/speed.

Weights are rounded once, per output channel and symmetric, which is in the rival's favour: public
codes round them again in every pass. Activations are rounded in every pass, per tensor and
asymmetric, by plain elementwise operations; inputs of convolutions, linear layers and of both
products of attention, as zoa quantizes them.
"""

import torch
from timm.layers import Attention
from torch import nn


class Rounding(nn.Module):
    """Rounds a tensor to 2^bits levels between the least and the largest value seen before."""

    def __init__(self, bits):
        super().__init__()
        self.top = 2**bits - 1
        self.least, self.most = 0.0, 0.0
        self.observes = True

    def forward(self, x):
        if self.observes:
            self.least = min(self.least, float(x.min()))
            self.most = max(self.most, float(x.max()))
            return x
        scale = max(self.most - self.least, 1e-8) / self.top
        zero = round(-self.least / scale)
        return x.div(scale).round_().add_(zero).clamp_(0, self.top).sub_(zero).mul_(scale)


def round_weights(weights, bits):
    """Per output channel, symmetric."""
    top = 2 ** (bits - 1) - 1
    scale = weights.abs().amax(tuple(range(1, weights.dim())), keepdim=True).clamp_min(1e-8) / top
    return weights.div(scale).round_().clamp_(-top, top).mul_(scale)


class Simulated(nn.Module):
    """A convolution or linear layer on rounded weights and inputs."""

    def __init__(self, layer, bits):
        super().__init__()
        self.layer = layer
        self.rounding = Rounding(bits)
        with torch.no_grad():
            layer.weight.copy_(round_weights(layer.weight, bits))

    def forward(self, x):
        return self.layer(self.rounding(x))


class SimulatedAttention(nn.Module):
    """Attention whose two products read rounded tensors; takes over timm's layers."""

    def __init__(self, attention, bits):
        super().__init__()
        self.heads, self.scale = attention.num_heads, attention.scale
        self.qkv = Simulated(attention.qkv, bits)
        self.proj = Simulated(attention.proj, bits)
        self.roundings = nn.ModuleList(Rounding(bits) for _ in range(4))

    def forward(self, x, attn_mask=None, is_causal=False):
        if attn_mask is not None or is_causal:
            raise ValueError("attention of an image classifier has no mask")
        images, tokens, width = x.shape
        parts = self.qkv(x).view(images, tokens, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        round_q, round_k, round_p, round_v = self.roundings
        scores = round_q(q * self.scale) @ round_k(k).transpose(-2, -1)
        mixed = round_p(scores.softmax(dim=-1)) @ round_v(v)
        return self.proj(mixed.transpose(1, 2).reshape(images, tokens, width))


def simulate(module, bits):
    """Replaces layers in place, all the way down."""
    for name, child in module.named_children():
        if isinstance(child, Attention):
            setattr(module, name, SimulatedAttention(child, bits))
        elif isinstance(child, nn.Linear | nn.Conv2d):
            setattr(module, name, Simulated(child, bits))
        else:
            simulate(child, bits)
    return module


def stop_observing(module):
    for part in module.modules():
        if isinstance(part, Rounding):
            part.observes = False
