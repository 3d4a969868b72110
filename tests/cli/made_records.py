# SPDX-License-Identifier: Apache-2.0
"""Made-up records of 'zoa eval -o' and files of 'zoa bench -o json', for tests of their readers."""

import json
import random

DOMAINS = ["fog", "snow", "contrast"]
PER_DOMAIN = 4  # batches
ROUNDS = 2


def header(methods, bits, seed, options):
    model = {"name": "net", "hash": bits, "family": "cnn", "bits": bits, "preprocess": "as is"}
    images = [64 * PER_DOMAIN] * len(DOMAINS)
    return {
        "kind": "run",
        "schema": 1,
        "zoa": "0",
        "runtime": "none",
        "model": model | {"quantized": 1, "products": 1},
        "data": {"spec": "npz:x", "hash": "d", "domains": DOMAINS, "images": images},
        "options": {"batch": 64, "rounds": ROUNDS, "seed": seed} | options,
        "methods": [{"name": name, "options": {}} for name in methods],
        "command": f"zoa eval net.zoa --data npz:x --method {','.join(methods)} --seed {seed}",
    }


def batch(method, number, step, correct):
    round_batches = PER_DOMAIN * len(DOMAINS)
    entries = step // PER_DOMAIN + 1 if method == "zoa" else 0
    return {
        "kind": "batch",
        "method": method,
        "domain": DOMAINS[step // PER_DOMAIN % len(DOMAINS)],
        "round": 1 + step // round_batches,
        "step": step + 1,
        "count": 64,
        "labeled": 64,
        "correct": correct,
        "loss": 1.0,
        "entropy": 0.5,
        "changed": method == "zoa" and step > 0 and step % PER_DOMAIN == 0,
        "removed_entry": None,
        "bank_weights": [1 / entries] * entries if entries else [],
        "ece_bins": [[12, 64, 54.4, correct]],
        "passes": 1 + number % 4,
        "pass_equivalents": 1 + number % 4,
        "ms": 10.0 + number,
        "rss_mb": 100.0,
    }


def made_run(bonus, bits="w8a8", seed=1, **options):
    """Lines of a run. bonus: right answers of each method above 25 of 64 in every batch."""
    draw = random.Random(seed)
    lines = [header(list(bonus), bits, seed, options)]
    for number, (method, more) in enumerate(bonus.items()):
        for step in range(ROUNDS * PER_DOMAIN * len(DOMAINS)):
            lines.append(batch(method, number, step, 25 + more + draw.randrange(6)))
    return "".join(json.dumps(line) + "\n" for line in lines)


def made_bench(model, step_ms, threads, rows="rows"):
    """A file of 'zoa bench -o json'. step_ms: of each method, at batch 16."""
    lines = [
        {"model": model, "method": method, "batch": 16, "step_ms": ms}
        | {"q1_ms": 0.9 * ms, "q3_ms": 1.1 * ms}
        for method, ms in step_ms.items()
    ]
    machine = {"cpu": "c", "isa": "avx2", "threads": threads, "runtime": "none", "zoa": "0"}
    return json.dumps({rows: lines, "machine": machine})
