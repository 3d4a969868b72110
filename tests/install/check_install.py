# SPDX-License-Identifier: Apache-2.0
"""Installs a build into a new prefix and uses it from outside the tree, as a consumer does.

usage: check_install.py BUILD SOURCE
Headers are complete and name no dependency; the examples build there by find_package and by
pkg-config, without OpenVINO's headers; the installed program quantizes; the C++ and the C example
adapt and leave the same state, bit for bit, and go on with it. A wrong model ends in its status.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
from make_fixtures import SIDE, picture, png, write_folder

FRAMES = 40
# No path to a virtual environment: what a consumer's shell would have.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}


def run(words, status=0, **more):
    """Standard output; ends the check where the exit status is another one."""
    more = {"env": ENVIRONMENT, **more}
    words = [str(w) for w in words]
    done = subprocess.run(words, capture_output=True, text=True, check=False, **more)
    if done.returncode != status:
        sys.exit(
            f"FAILED {' '.join(words)}: exit status {done.returncode}, expected {status}\n"
            f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )
    return done.stdout + (done.stderr if status else "")


def expect(good, problem):
    if not good:
        sys.exit(f"FAILED {problem}")


def check_headers(prefix):
    """Every include of an installed header is the standard's, the system's or installed too."""
    include = prefix / "include"
    headers = list(include.rglob("*.h"))
    expect(len(headers) > 20, f"{len(headers)} headers in {include}")
    for path in headers:
        text = path.read_text()
        for name in re.findall(r'^#\s*include\s*"([^"]+)"', text, re.MULTILINE):
            expect((include / name).is_file(), f"{path} includes {name}, which is not installed")
        foreign = re.search(r"^#\s*include\s*<(?!sys/)\w+[/.](?!h>)", text, re.MULTILINE)
        expect(not foreign, f"{path} includes another library")
        expect(not path.name.endswith("_ov.h") and "ov::" not in text, f"{path} names OpenVINO")


def build_by_cmake(prefix, examples, folder):
    target = folder / "by-cmake"
    options = [f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"]
    options += ["-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Werror", "-DCMAKE_C_FLAGS=-Werror"]
    run(["cmake", "-G", "Ninja", "-S", examples, "-B", target, *options])
    run(["cmake", "--build", target, "--parallel", "2"])
    commands = (target / "compile_commands.json").read_text()
    expect("openvino" not in commands.lower(), "the consumer compiles with OpenVINO's path")
    too_new = folder / "too-new"
    too_new.mkdir()
    (too_new / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(x NONE)\nfind_package(zoa 99 REQUIRED)\n"
    )
    run(["cmake", "-S", too_new, "-B", too_new / "b", f"-DCMAKE_PREFIX_PATH={prefix}"], status=1)
    return target


def build_by_pkg_config(prefix, examples, folder):
    found = next(prefix.rglob("zoa.pc")).parent
    env = {**ENVIRONMENT, "PKG_CONFIG_PATH": str(found)}
    flags = run(["pkg-config", "--cflags", "--libs", "zoa"], env=env).split()
    libraries = run(["pkg-config", "--variable=libdir", "zoa"], env=env).strip()
    flags.append(f"-Wl,-rpath,{libraries}")
    strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    target = folder / "by-pkg-config"
    target.mkdir()
    cpp, c = target / "adapt_example", target / "adapt_example_c"
    run(["c++", "-std=c++20", "-O0", *strict, examples / "cpp/adapt.cpp", "-o", cpp, *flags])
    run(["cc", "-std=c11", *strict, examples / "c/adapt.c", "-o", c, *flags])
    return target


def code_blocks(path, language):
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(), re.MULTILINE | re.DOTALL)


def check_guides(prefix, source, folder):
    """What the guides quote is in the examples; what the README shows compiles."""
    for language, example in (("cpp", "cpp/adapt.cpp"), ("c", "c/adapt.c")):
        text = " ".join((source / "examples" / example).read_text().split())
        blocks = code_blocks(source / f"docs/guide/{language}.md", language)
        expect(len(blocks) > 2, f"{len(blocks)} blocks of code in {language}.md")
        for block in blocks:
            expect(" ".join(block.split()) in text, f"not in examples/{example}:\n{block}")
    shown = folder / "readme.cpp"
    block = code_blocks(source / "README.md", "cpp")[0]
    shown.write_text(f'#include "zoa/zoa.h"\nint main() {{\n{block}}}\n')
    run(["c++", "-std=c++20", "-fsyntax-only", f"-I{prefix}/include", shown])


def make_model(prefix, source, folder):
    write_folder(folder / "calib", 10, 3)
    program, model = prefix / "bin/zoa", folder / "net.zoa"
    words = [program, "quantize", source / "models/fashion-resnet.onnx", "-o", model, "--quiet"]
    run([*words, "--calib", f"images:{folder / 'calib'}", "--preset", "inception"])
    return model


def make_frames(folder):
    for kind in ("png", "ppm"):
        (folder / kind).mkdir()
    for number in range(FRAMES):
        pixels = picture(number % 10, 900 + number)
        name = f"{number:03d}"
        (folder / "png" / f"{name}.png").write_bytes(png(SIDE, SIDE, pixels))
        head = f"P6 {SIDE} {SIDE} 255\n".encode()
        (folder / "ppm" / f"{name}.ppm").write_bytes(head + pixels)


def answers(text):
    """(name, class, confidence) of each frame line."""
    lines = re.findall(r"(\d{3})\.(?:png|ppm) (\S+) (\S+)$", text, re.MULTILINE)
    expect(len(lines) == FRAMES, f"{len(lines)} answers, expected {FRAMES}:\n{text}")
    return lines


def check_examples(programs, model, frames):
    cpp, c = programs / "adapt_example", programs / "adapt_example_c"
    pictures = sorted((frames / "ppm").iterdir())
    states = [programs / "cpp.state", programs / "c.state"]
    said = []
    for _ in range(2):  # the second time from the state of the first
        said.append(run([cpp, model, frames / "png", states[0]]))
        said.append(run([c, model, states[1], *pictures]))
        expect(answers(said[-1]) == answers(said[-2]), "C++ and C answer differently")
        expect(states[0].read_bytes() == states[1].read_bytes(), "C++ and C learn differently")
    expect(f"goes on after frame {FRAMES}" in said[2], "the state was not gone on with")
    expect(answers(said[0]) != answers(said[2]), "nothing was learnt from two windows")
    expect(f'"frames":{2 * FRAMES}' in said[3], f"counters are wrong: {said[3][-200:]}")
    missing = run([c, frames, states[1], pictures[0]], status=1)
    expect("error (" in missing and "zoa.json" in missing, f"wrong model: {missing}")
    shown = run([cpp, frames, frames / "png", states[0]], status=3)
    expect("error (bad_file)" in shown, f"wrong model in C++: {shown}")


def main():
    build, source = Path(sys.argv[1]), Path(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="zoa-install-") as name:
        folder = Path(name)
        prefix = folder / "prefix"
        run(["cmake", "--install", build, "--prefix", prefix])
        check_headers(prefix)
        check_guides(prefix, source, folder)
        examples = folder / "examples"
        shutil.copytree(source / "examples", examples)
        model = make_model(prefix, source, folder)
        make_frames(folder)
        for programs in (
            build_by_cmake(prefix, examples, folder),
            build_by_pkg_config(prefix, examples, folder),
        ):
            check_examples(programs, model, folder)
            print(f"ok {programs.name}")


if __name__ == "__main__":
    main()
