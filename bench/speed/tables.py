# SPDX-License-Identifier: Apache-2.0
"""The Markdown page of run.py: ratios beside their targets, then all values."""

import statistics


def ratios_of(row, case):
    """One ratio for each round that has both values."""
    pairs = [(r.get(row["over"]), r.get(row["under"])) for r in case["rounds"]]
    return [over / under for over, under in pairs if over is not None and under]


def ratio_lines(report):
    yield "| ratio | at most | measured | least .. largest | rounds |"
    yield "|---|---:|---:|---:|---:|"
    for row in report["rows"]:
        case = report["cases"].get(row["case"])
        ratios = ratios_of(row, case) if case else []
        if not ratios:
            reason = case.get("skipped", "not measured") if case else "not run"
            yield f"| {row['text']} | {row['most']:.2f} | - | {reason} | 0 |"
            continue
        spread = f"{min(ratios):.3f} .. {max(ratios):.3f}"
        median = statistics.median(ratios)
        yield f"| {row['text']} | {row['most']:.2f} | {median:.3f} | {spread} | {len(ratios)} |"


def value_lines(report):
    yield "| case | batch | value | median | least | largest | memory, MB |"
    yield "|---|---:|---|---:|---:|---:|---:|"
    for name, case in report["cases"].items():
        keys = {key: None for values in case["rounds"] for key in values}  # in their order
        for key in keys:
            if key.endswith(".rss_mb"):
                continue
            values = [r[key] for r in case["rounds"] if key in r]
            memory = [r[key + ".rss_mb"] for r in case["rounds"] if key + ".rss_mb" in r]
            shown = f"{statistics.median(memory):.0f}" if memory else "-"
            times = f"{statistics.median(values):.1f} | {min(values):.1f} | {max(values):.1f}"
            yield f"| {name} | {case['batch']} | {key} | {times} | {shown} |"


def failure_lines(report):
    for name, case in report["cases"].items():
        for failure in case.get("left_out", []):
            yield f"* {name}: {failure.splitlines()[0]}"


def make_report(report):
    machine = report["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    lines = [f"`{report['command']}`", "", *machine["doctor"], ""]
    lines += [f"{machine['threads']} threads for each contender; {versions}", ""]
    if report["batch"]:
        lines += [f"Batch {report['batch']} everywhere, whatever the rows say.", ""]
    lines += [*ratio_lines(report), "", "Milliseconds for one batch:", "", *value_lines(report)]
    failures = list(failure_lines(report))
    lines += ["", "Left out:", "", *failures] if failures else []
    return "\n".join(lines) + "\n"
