# SPDX-License-Identifier: Apache-2.0
"""Makes the files that run.py's cases need and that are not there yet: networks of timm, their
model folders by 'zoa quantize', onnxruntime's int8 networks.

Weights of 6 bits are rounded to the nearest value instead of by `--reconstruct`: times do not
depend on which integers the weights are, and the search takes long.
"""

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(command, log):
    log("    " + " ".join(command))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def quantize_folder(folder, network, bits, arguments, log):
    command = [str(arguments.zoa), "quantize", str(folder / network["float"])]
    command += ["--calib", arguments.calib, "--calib-size", "64", "--batch", "16", "--bits", bits]
    command += ["--preset", network["preset"], "--reconstruct", "false", "--quiet"]
    run([*command, "-o", str(folder / network[bits])], log)


def missing(folder, network, kinds):
    return [kind for kind in kinds if not (folder / network[kind]).exists()]


def prepare(name, network, kinds, arguments, log):
    """None, or why the network cannot be had. kinds: float, w8a8, w6a6, int8."""
    folder = arguments.folder
    lacking = missing(folder, network, kinds)
    if network.get("given"):
        lacking = [kind for kind in lacking if kind != "int8"]
        if lacking:
            return ", ".join(str(folder / network[kind]) for kind in lacking) + " must be given"
    elif "float" in lacking or (lacking and missing(folder, network, ["float"])):
        words = [str(HERE / "export_networks.py"), str(folder), "--network", name]
        run([sys.executable, *words], log)
    for bits in ("w8a8", "w6a6"):
        if bits in lacking:
            if not arguments.calib:
                return f"{folder / network[bits]} must be made: --calib SPEC"
            quantize_folder(folder, network, bits, arguments, log)
    if "int8" in missing(folder, network, kinds):
        script = str(HERE / "onnxruntime_pass.py")
        paths = [str(folder / network["float"]), str(folder / network["int8"])]
        run([sys.executable, script, "quantize", *paths], log)
    return None
