# SPDX-License-Identifier: Apache-2.0
"""zoa from Python, cell by cell: quantize, adapt to foggy frames, keep the state, compare.

adapt.py models/fashion-resnet.onnx /usr/share/datasets/fashion-mnist
"""

# %% Pictures: 28 x 28, gray in the files, RGB for zoa
import gzip
import sys
from pathlib import Path

import numpy as np

import zoa

network, folder = Path(sys.argv[1]), Path(sys.argv[2])


def read_idx(name, header):
    path = next(folder.glob(f"{name}*"))
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    return np.frombuffer(data, np.uint8, offset=header)


def read_pictures(name):
    return read_idx(name, 16).reshape(-1, 28, 28, 1).repeat(3, axis=3)


calib = read_pictures("train-images")[:300]
test, labels = read_pictures("t10k-images")[:512], read_idx("t10k-labels", 8)[:512]

# %% Quantize to 8 bits; no labels are needed
model = zoa.quantize(network, calib=calib, preset="inception")
model.save("fashion.zoa")
print(model)

# %% The world gets foggy
frames = [zoa.corrupt(picture, "fog", 2, seed=i) for i, picture in enumerate(test)]


# %% Frame by frame, without and with adaptation
def accuracy(method):
    with zoa.Adapter(model, method=method, seed=0) as adapter:
        answers = [adapter.push(frame).top1 for frame in frames]
        adapter.save(f"{method}.state")
    return np.mean(np.array(answers) == labels)


for method in ("noadapt", "zoa"):
    print(f"{method}: {100 * accuracy(method):.1f} %")

# %% The next run goes on where this one ended
adapter = zoa.Adapter(zoa.Model.load("fashion.zoa"), seed=0)
adapter.restore("zoa.state")
answer = adapter.push(frames[0])
print(answer, answer.logits.shape, adapter.counters)

# %% The same question for batches, as 'zoa eval' asks it
run = zoa.evaluate(
    model, f"mnist:{folder}", ["noadapt", "zoa"], corrupt="fog", severity="2", limit=512
)
print(run.table)
