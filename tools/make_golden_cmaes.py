# SPDX-License-Identifier: Apache-2.0
"""Writes tests/data/golden/cmaes/trajectories.json: what the PyPI package cmaes makes of given
random numbers, for cmaes_test.cpp.

    pip install cmaes==0.13.1 numpy && python tools/make_golden_cmaes.py

Each case: form, d, population, start, then per generation the normals (population, d), the order
of the candidates by fitness (a turned ellipsoid) and, after the update, mean, sigma, both paths
and C. The package samples B D z with eigenvectors B, whose signs are arbitrary; zoa samples with
the symmetric root B D B'. So the package is handed B' z, which makes both draw the same candidate.
"""

import json
import pathlib

import cmaes
import numpy as np

CASES = [  # form, d, population, generations
    ("full", 5, 8, 12),
    ("full", 8, 10, 10),
    ("separable", 5, 8, 12),
    ("separable", 8, 11, 10),
]


class Recorded:
    """Stands in for the package's random numbers."""

    def __init__(self, optimizer, rows):
        self.optimizer, self.rows = optimizer, iter(rows)

    def randn(self, _):
        row = next(self.rows)
        basis = getattr(self.optimizer, "_B", None)
        return row if basis is None else basis.T @ row


def make_case(form, d, population, generations):
    rng = np.random.RandomState(d * 100 + population)
    turn, _ = np.linalg.qr(rng.randn(d, d))
    scales = 10.0 ** np.linspace(0, 3, d)
    start, sigma = rng.randn(d), 0.7
    make = cmaes.CMA if form == "full" else cmaes.SepCMA
    optimizer = make(mean=start.copy(), sigma=sigma, population_size=population)
    case = {"form": form, "d": d, "population": population, "sigma": sigma}
    case["mean"], case["steps"] = start.tolist(), []
    for _ in range(generations):
        normals = rng.randn(population, d)
        optimizer._rng = Recorded(optimizer, normals)
        told = []
        for _ in range(population):
            x = optimizer.ask()
            turned = turn @ x if form == "full" else x
            told.append((x, float(np.sum(scales * turned**2))))
        order = np.argsort([value for _, value in told], kind="stable")
        optimizer.tell(told)
        case["steps"].append(
            {
                "normals": normals.ravel().tolist(),
                "order": order.tolist(),
                "mean": optimizer.mean.tolist(),
                "sigma": float(optimizer._sigma),
                "path": optimizer._p_sigma.tolist(),
                "covariance_path": optimizer._pc.tolist(),
                "covariance": np.asarray(optimizer._C).ravel().tolist(),
            }
        )
    return case


def main():
    folder = pathlib.Path(__file__).resolve().parent.parent / "tests" / "data" / "golden" / "cmaes"
    folder.mkdir(parents=True, exist_ok=True)
    golden = {"package": f"cmaes {cmaes.__version__}", "script": "tools/make_golden_cmaes.py"}
    golden["cases"] = [make_case(*case) for case in CASES]
    (folder / "trajectories.json").write_text(json.dumps(golden) + "\n")


main()
