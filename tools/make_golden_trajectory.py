# SPDX-License-Identifier: Apache-2.0
"""Makes and checks golden runs: float64 trajectories of the method for trajectory_test.cpp.

    pip install numpy torch onnx     (CPU builds do; tested with 2.4, 2.7, 1.23)
    python tools/make_golden_trajectory.py vit                   writes tests/data/golden/vit
    python tools/make_golden_trajectory.py cut WHOLE OUT STEPS   the first steps of a recorded run
    python tools/make_golden_trajectory.py verify FOLDER...      replays runs, prints worst errors

"vit" makes everything from seeds: a small vision transformer with random weights, pictures of
smooth colour blobs, and six steps: two clean, two noisy, two bright ones of low contrast. The
domain so changes at steps 2 and 4, and as the bank holds one entry, step 4 removes one. A label is
what the network says of the clean picture before it adapts. The files are those of
tests/data/golden/README.md.
"""

import argparse
import json
import pathlib
import shutil
import warnings

import numpy as np
import torch
from golden_method import Network, ZoaReference
from torch import nn

OUT = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "golden" / "vit"
SEED = 2020
BLOCKS, WIDTH, HEADS, PATCH, SIZE, CLASSES, MLP_RATIO = 12, 24, 3, 4, 16, 10, 2
ATTENTION_SCALE = (WIDTH // HEADS) ** -0.5
STEPS, BATCH, SOURCE_IMAGES = 6, 64, 128
STEP_FILES = ("images", "labels", "delta", "eps_after", "logits")
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
TRAJECTORY = {
    "model": "model.onnx",
    "input": "images / 255, minus mean, over std, NCHW",
    "mean": MEAN,
    "std": STD,
    "hyperparameters": {
        "lam": 30.0,
        "c": 0.02,
        "lr": 0.0005,
        "wd": 0.4,
        "c_alpha": 0.05,
        "lr_alpha": 0.01,
        "wd_alpha": 0.1,
        "domain_t": 0.1,
    },
    "bank_max": 1,
    "alpha_scale": 10.0,
    "alpha_init": [0.25],
    "adapted_norms": [f"blocks.{i}.norm{j}" for i in range(1, 9) for j in (1, 2)],
    "parameter_order": "per norm: weight then bias, in the order of adapted_norms",
    "feature_sizes": [WIDTH] * BLOCKS,
}


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.proj = nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        count, tokens, width = x.shape
        qkv = self.qkv(x).reshape(count, tokens, 3, HEADS, width // HEADS)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        weights = (q @ k.transpose(-2, -1) * ATTENTION_SCALE).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(count, tokens, width))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(WIDTH, MLP_RATIO * WIDTH)
        self.fc2 = nn.Linear(MLP_RATIO * WIDTH, WIDTH)

    def forward(self, x):
        return self.fc2(nn.functional.gelu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-6)
        self.attn = Attention()
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-6)
        self.mlp = Mlp()

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class TinyVit(nn.Module):
    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, WIDTH))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + (SIZE // PATCH) ** 2, WIDTH))
        self.patch_embed = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.blocks = nn.Sequential(*[Block() for _ in range(BLOCKS)])
        self.norm = nn.LayerNorm(WIDTH, eps=1e-6)
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, image):
        x = self.patch_embed(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(x.shape[0], -1, -1), x], 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])


def fill_weights(model, rng):
    """Normal numbers cut at two deviations of 0.2; 0.1 for biases, gains are around 1."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            scale = 0.1 if name.endswith("bias") or "norm" in name else 0.2
            values = np.clip(rng.normal(size=tuple(parameter.shape)), -2, 2) * scale
            centre = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            parameter.copy_(torch.from_numpy(centre + values))


def export(model, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(),
            (torch.zeros(2, 3, SIZE, SIZE),),
            path,
            input_names=["image"],
            output_names=["logits"],
            dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
            opset_version=13,
            dynamo=False,
        )


def clean_pictures(rng, count):
    """(count, SIZE, SIZE, 3) in 0..1: three blobs of random colour over a grey of random level."""
    axis = (np.arange(SIZE) + 0.5) / SIZE
    pictures = rng.uniform(0.35, 0.5, (count, 1, 1, 1)) * np.ones((1, SIZE, SIZE, 3))
    for _ in range(3):
        x, y = rng.uniform(0, 1, (2, count, 1, 1, 1))
        radius = rng.uniform(0.15, 0.35, (count, 1, 1, 1))
        colour = rng.uniform(-0.4, 0.4, (count, 1, 1, 3))
        square = (axis[None, :, None, None] - y) ** 2 + (axis[None, None, :, None] - x) ** 2
        pictures = pictures + colour * np.exp(-square / (2 * radius**2))
    return pictures


def to_bytes(pictures):
    return np.clip(np.round(pictures * 255), 0, 255).astype(np.uint8)


def shifted_domain(rng, pictures, step):
    """Steps 0-1 clean, 2-3 strong noise, 4-5 bright with low contrast."""
    if step < 2:
        return pictures
    return pictures + rng.normal(0, 0.25, pictures.shape) if step < 4 else 0.55 + 0.35 * pictures


def normalize(images, trajectory):
    scaled = (images / 255.0 - np.array(trajectory["mean"])) / np.array(trajectory["std"])
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def directions(rng, count):
    return rng.uniform(0.5, 1, count) * rng.choice([-1.0, 1.0], count)


def follow(network, trajectory, data, draw_alpha):
    """All steps of a run: (records, directions of alpha, logits, eps after each step)."""
    reference = ZoaReference(network, trajectory, data["source_mean"], data["source_std"])
    records, alphas, logits, eps = [], [], [], []
    for step, images in enumerate(data["images"]):
        pixels = normalize(images, trajectory)
        delta = data["delta"][step].astype(np.float64)
        record, answer, delta_alpha = reference.step(
            pixels, delta, lambda count, step=step: draw_alpha(step, count)
        )
        record["accuracy"] = float((answer.argmax(1) == data["labels"][step]).mean())
        records.append({"step": step, **record})
        alphas.append(delta_alpha)
        logits.append(answer)
        eps.append(reference.eps.copy())
    return records, alphas, np.array(logits), np.array(eps)


def make_vit(folder):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    model = TinyVit()
    fill_weights(model, rng)
    export(model, folder / "model.onnx")
    network = Network(folder / "model.onnx", TRAJECTORY["adapted_norms"])

    source = normalize(to_bytes(clean_pictures(rng, SOURCE_IMAGES)), TRAJECTORY)
    difference = network.run(source)[0] - model.double()(torch.from_numpy(source)).detach().numpy()
    assert np.abs(difference).max() < 1e-6, "the exported graph is not the network"
    features = np.concatenate(network.run(source)[1], axis=1)
    clean = [clean_pictures(rng, BATCH) for _ in range(STEPS)]
    images = [to_bytes(shifted_domain(rng, p, step)) for step, p in enumerate(clean)]
    labels = [network.run(normalize(to_bytes(p), TRAJECTORY))[0].argmax(1) for p in clean]
    data = {
        "source_mean": features.mean(0).astype(np.float32),
        "source_std": features.std(0, ddof=1).astype(np.float32),
        "images": np.array(images),
        "labels": np.array(labels, np.int64),
        "delta": directions(rng, (STEPS, sum(network.sizes))).astype(np.float32),
    }
    records, alphas, logits, eps = follow(
        network, TRAJECTORY, data, lambda step, count: directions(rng, count)
    )
    data["logits"], data["eps_after"] = logits.astype(np.float32), eps.astype(np.float32)
    for name, array in data.items():
        np.save(folder / f"{name}.npy", array)
    write_json(folder, {**TRAJECTORY, "delta_alpha": alphas, "steps": records})


def write_json(folder, trajectory):
    (folder / "trajectory.json").write_text(json.dumps(trajectory, indent=1) + "\n")


def cut(whole, folder, steps):
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("model.onnx", "source_mean.npy", "source_std.npy"):
        shutil.copyfile(whole / name, folder / name)
    for name in STEP_FILES:
        np.save(folder / f"{name}.npy", np.load(whole / f"{name}.npy")[:steps])
    trajectory = json.loads((whole / "trajectory.json").read_text())
    for key in ("delta_alpha", "steps"):
        trajectory[key] = trajectory[key][:steps]
    write_json(folder, trajectory)


def relative(value, reference):
    """Largest difference over the largest magnitude of the reference."""
    value, reference = np.asarray(value, np.float64), np.asarray(reference, np.float64)
    assert value.shape == reference.shape and np.isfinite(value).all()
    return float(np.abs(value - reference).max() / max(np.abs(reference).max(), 1e-12))


def verify(folder, dtype):
    trajectory = json.loads((folder / "trajectory.json").read_text())
    names = (*STEP_FILES, "source_mean", "source_std")
    data = {name: np.load(folder / f"{name}.npy") for name in names}
    network = Network(folder / trajectory["model"], trajectory["adapted_norms"], dtype)
    records, _, logits, eps = follow(
        network, trajectory, data, lambda step, count: trajectory["delta_alpha"][step]
    )
    worst = {}
    for step, (mine, golden) in enumerate(zip(records, trajectory["steps"], strict=True)):
        for key, value in golden.items():
            if value is None or isinstance(value, (bool, int)):
                assert mine[key] == value, f"step {step}: {key} is {mine[key]}, not {value}"
            else:
                worst[key] = max(worst.get(key, 0), relative(mine[key], value))
        for key, mine_all in (("logits", logits), ("eps_after", eps)):
            worst[key] = max(worst.get(key, 0), relative(mine_all[step], data[key][step]))
    print(f"{folder.name}, {len(records)} steps, {dtype}: worst relative error")
    print("  " + ", ".join(f"{key} {value:.1e}" for key, value in worst.items()))


def main():
    parser = argparse.ArgumentParser(description="makes and checks golden runs")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("vit").add_argument("--out", type=pathlib.Path, default=OUT)
    parse_cut = commands.add_parser("cut")
    parse_cut.add_argument("whole", type=pathlib.Path)
    parse_cut.add_argument("out", type=pathlib.Path)
    parse_cut.add_argument("steps", type=int)
    parse_verify = commands.add_parser("verify")
    parse_verify.add_argument("folders", type=pathlib.Path, nargs="+")
    parse_verify.add_argument("--float32", action="store_true", help="the network in float32")
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    if arguments.command == "vit":
        make_vit(arguments.out)
    elif arguments.command == "cut":
        cut(arguments.whole, arguments.out, arguments.steps)
    else:
        for folder in arguments.folders:
            verify(folder, torch.float32 if arguments.float32 else torch.float64)


if __name__ == "__main__":
    main()
