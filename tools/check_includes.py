# SPDX-License-Identifier: Apache-2.0
"""Checks who includes whom: the module table, fences round third-party headers, path spelling.

Rules (ARCHITECTURE.md has the why): a module includes only the modules of its row; the tool
includes everything public; library and tool never include tests. OpenVINO stays in .cpp and *_ov.h
files of four modules, codecs in image/, OpenCV in corrupt/, archives in data/, CLI11 in cli/, JSON
in .cpp files. Test code (*_test.cpp, *_contract.h, fake_*.h, test_*.h) obeys the module table; the
fences do not hold for it, nor for tests/.
Prints file:line: message and ends with 1 if there was one. --self-test checks the checker.
"""

import dataclasses
import re
import sys

from source_files import ROOT, matching

# Module -> modules it may include, besides itself. A new module: a row here and in CMakeLists.txt.
MODULES = {
    "core": "",
    "image": "core",
    "corrupt": "image core",
    "data": "corrupt image core",
    "methods": "core",
    "graph": "core",
    "model": "graph image core",
    "engine": "model graph image core",
    "quantize": "engine model graph data corrupt image core",
    "adapt": "methods engine data model graph image core",
    "eval": "adapt methods engine data quantize model graph corrupt image core",
}
AREAS = ("zoa/", "cli/", "capi/", "python/", "tests/", "bench/", "examples/")
TEST_HEADER = re.compile(r"(^|/)(fake_\w+|test_\w+|\w+_contract)\.h$")
OPENVINO_MODULES = ("graph", "model", "quantize", "engine")


@dataclasses.dataclass
class File:
    """What the rules need to know about the including file."""

    path: str

    def __post_init__(self):
        parts = self.path.split("/")
        self.header = self.path.endswith(".h")
        self.ov_header = self.path.endswith("_ov.h")
        self.area = parts[0]  # zoa, cli, capi, python, tests, bench, examples
        self.module = parts[1] if self.area == "zoa" and len(parts) > 2 else ""
        self.test = (
            self.path.endswith("_test.cpp")
            or self.area == "tests"
            or bool(TEST_HEADER.search(self.path))
        )
        self.outside = self.area in ("tests", "bench", "examples")


def in_modules(*names):
    return lambda f: f.module in names and not f.header


# Prefix of an include -> (may this file include it?, what the rule says).
FENCES = {
    "openvino/": (
        lambda f: f.module in OPENVINO_MODULES and (f.ov_header or not f.header),
        "OpenVINO only in .cpp and *_ov.h of " + ", ".join(OPENVINO_MODULES),
    ),
    "turbojpeg.h": (in_modules("image"), "codecs only in .cpp of image"),
    "spng.h": (in_modules("image"), "codecs only in .cpp of image"),
    "opencv2/": (
        lambda f: in_modules("corrupt")(f) or f.path == "cli/video_source.cpp",
        "OpenCV only in .cpp of corrupt and cli/video_source.cpp",
    ),
    "zip.h": (in_modules("data"), "libzip only in .cpp of data"),
    "zlib.h": (in_modules("data"), "zlib only in .cpp of data"),
    "Eigen/": (in_modules("methods", "quantize"), "Eigen only in .cpp of methods, quantize"),
    "xxhash.h": (in_modules("core"), "xxHash only in .cpp of core"),
    "CLI/": (lambda f: f.area == "cli", "CLI11 only in cli/"),
    "nlohmann/": (lambda f: f.area == "cli" or not f.header, "JSON only in .cpp files and cli/"),
    "nanobind/": (lambda f: f.area == "python", "nanobind only in python/"),
    "zoa.h": (lambda f: False, "the installed C header is for examples"),
    "gtest/": (lambda f: False, "GoogleTest only in *_test.cpp and tests/"),
    "gmock/": (lambda f: False, "GoogleTest only in *_test.cpp and tests/"),
}
# Besides these, <name> without a dot is the standard library; sys/x.h and the like are POSIX.
SYSTEM = re.compile(
    r"^([a-z0-9_]+|(sys|netinet|arpa)/\w+\.h|"
    r"(std\w+|unistd|fcntl|sched|signal|poll|pthread|dirent|termios|time|errno|dlfcn)\.h|"
    r"(\w*mmintrin|immintrin|cpuid)\.h)$"
)
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
OV_TYPE = re.compile(r"(?<![\w:])ov::")


def check_own(file, target):
    """Rule broken by including the path target of this repository, or None."""
    area, _, rest = target.partition("/")
    if area == "tests":
        return None if file.test else "only tests include tests/"
    if area == "cli":
        return None if file.area in ("cli", "tests") else "only cli/ includes cli/"
    if area == "capi":
        return None if file.area in ("capi", "tests") else "only capi/ includes capi/"
    if area == "python":
        return None if file.area == "python" else "only python/ includes python/"
    if area != "zoa":
        return 'write the path from the repository root, as in "zoa/core/error.h"'
    module = rest.partition("/")[0] if "/" in rest else ""
    if TEST_HEADER.search(target) and not (file.test or file.outside):
        return "fake_*.h, test_*.h and *_contract.h are for tests"
    if target.endswith("_ov.h") and not file.outside:
        if file.header and not file.ov_header:
            return "a *_ov.h is included only by .cpp and *_ov.h files"
        if file.module not in OPENVINO_MODULES:
            return "a *_ov.h stays within " + ", ".join(OPENVINO_MODULES)
    if file.area in ("cli", "capi", "python") and target.endswith(("_ov.h", "_impl.h")):
        return "tool and bindings include public headers only"
    if not file.module or file.module == module:
        return None
    if not module:
        return "a module includes single headers, not the umbrella " + target
    allowed = MODULES.get(file.module)
    if allowed is None:
        return f"module '{file.module}' has no row in tools/check_includes.py"
    if module not in allowed.split():
        return f"{file.module} may include: {allowed or 'no other module'}; not {module}"
    return None


def check_include(file, bracket, target):
    """Rule broken by one include line, or None."""
    if ".." in target.split("/"):
        return "no '..' in includes: write the path from the repository root"
    for prefix, (allowed, rule) in FENCES.items():
        if target.startswith(prefix):
            if not (file.test or file.area in ("bench", "examples") or allowed(file)):
                return rule
            return None if bracket == "<" else f"third party in angle brackets: <{target}>"
    if bracket == '"':
        return check_own(file, target)
    if target.startswith(("zoa/", "cli/", "tests/")):
        return f'own headers in quotes: "{target}"'
    if not SYSTEM.match(target):
        return f"unknown third-party header <{target}>: give it a fence in tools/check_includes.py"
    return None


def check_text(path, text):
    """All broken rules of one file as (line number, rule)."""
    file = File(path)
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        rule = check_include(file, *include.groups()) if include else None
        plain_header = file.header and not file.ov_header and file.area == "zoa"
        if plain_header and OV_TYPE.search(line.partition("//")[0]):
            rule = "no header but *_ov.h names an ov:: type"
        if rule:
            found.append((number, rule))
    return found


def self_test():
    """Toy lines, each with the word that the complaint must contain ('' = allowed)."""
    cases = [
        ("zoa/core/a.cpp", '#include "zoa/core/error.h"', ""),
        ("zoa/core/a.h", '#include "zoa/image/decode.h"', "core may include"),
        ("zoa/methods/a.cpp", '#include "zoa/core/rng.h"', ""),
        ("zoa/methods/a.cpp", '#include "zoa/engine/engine.h"', "methods may include: core"),
        ("zoa/methods/a_test.cpp", '#include "zoa/engine/engine.h"', "methods may include"),
        ("zoa/engine/a.cpp", '#include "zoa/data/stream.h"', "engine may include"),
        ("zoa/eval/a.cpp", '#include "zoa/quantize/observer.h"', ""),
        ("zoa/eval/a.cpp", '#include "zoa/zoa.h"', "umbrella"),
        ("zoa/zoa.h", '#include "zoa/eval/eval.h"', ""),
        ("zoa/fresh/a.cpp", '#include "zoa/core/error.h"', "no row"),
        ("zoa/core/a.cpp", '#include "error.h"', "from the repository root"),
        ("zoa/core/a.cpp", '#include "../core/error.h"', "'..'"),
        ("zoa/core/a.cpp", "#include <zoa/core/error.h>", "in quotes"),
        ("zoa/core/a.cpp", '#include "tests/shared.h"', "only tests"),
        ("zoa/core/a_test.cpp", '#include "tests/shared.h"', ""),
        ("zoa/eval/a.cpp", '#include "cli/verbs.h"', "only cli/"),
        ("cli/a.cpp", '#include "zoa/eval/eval.h"', ""),
        ("capi/a.cpp", '#include "capi/zoa.h"', ""),
        ("capi/a.cpp", '#include "zoa/graph/node_ov.h"', "stays within"),
        ("zoa/eval/a.cpp", '#include "capi/zoa.h"', "only capi/"),
        ("python/core/a.cpp", "#include <nanobind/nanobind.h>", ""),
        ("zoa/eval/a.cpp", "#include <nanobind/nanobind.h>", "nanobind only"),
        ("cli/a.cpp", '#include "zoa/graph/node_ov.h"', "stays within"),
        ("zoa/graph/a.cpp", '#include "zoa/graph/node_ov.h"', ""),
        ("zoa/graph/a.h", '#include "zoa/graph/node_ov.h"', "only by .cpp"),
        ("zoa/eval/a.cpp", '#include "zoa/graph/node_ov.h"', "stays within"),
        ("zoa/graph/a.cpp", "#include <openvino/openvino.hpp>", ""),
        ("zoa/graph/a_ov.h", "#include <openvino/openvino.hpp>", ""),
        ("zoa/graph/a.h", "#include <openvino/openvino.hpp>", "OpenVINO only"),
        ("zoa/image/resize.cpp", "  #  include <openvino/openvino.hpp>", "OpenVINO only"),
        ("zoa/image/a_test.cpp", "#include <openvino/openvino.hpp>", ""),
        ("tests/conformance/a_test.cpp", "#include <spng.h>", ""),
        ("zoa/image/a.cpp", "#include <turbojpeg.h>", ""),
        ("zoa/corrupt/a.cpp", "#include <turbojpeg.h>", "codecs"),
        ("zoa/corrupt/a.cpp", "#include <opencv2/imgproc.hpp>", ""),
        ("zoa/corrupt/a.h", "#include <opencv2/imgproc.hpp>", "OpenCV"),
        ("zoa/data/a.cpp", "#include <zip.h>", ""),
        ("zoa/core/a.cpp", "#include <zlib.h>", "zlib"),
        ("zoa/methods/a.cpp", "#include <Eigen/Core>", ""),
        ("zoa/methods/a.h", "#include <Eigen/Core>", "Eigen only"),
        ("zoa/engine/a.cpp", "#include <Eigen/Core>", "Eigen only"),
        ("zoa/core/a.h", "#include <nlohmann/json.hpp>", "JSON"),
        ("zoa/core/a.cpp", '#include "nlohmann/json.hpp"', "angle"),
        ("cli/a.h", "#include <CLI/CLI.hpp>", ""),
        ("zoa/eval/a.cpp", "#include <CLI/CLI.hpp>", "CLI11"),
        ("zoa/eval/a.cpp", "#include <gtest/gtest.h>", "GoogleTest"),
        ("zoa/methods/x_contract.h", "#include <gtest/gtest.h>", ""),
        ("zoa/methods/a.cpp", '#include "zoa/methods/fake_forward.h"', "for tests"),
        ("zoa/methods/a_test.cpp", '#include "zoa/methods/fake_forward.h"', ""),
        ("zoa/core/a.cpp", "#include <sys/stat.h>", ""),
        ("zoa/core/a.cpp", "#include <immintrin.h>", ""),
        ("zoa/core/a.cpp", "#include <boost/any.hpp>", "unknown"),
        ("zoa/model/a.h", "std::shared_ptr<ov::Model> graph;", "ov:: type"),
        ("zoa/model/a.h", "int x;  // not an ov::Model", ""),
        ("zoa/model/a_ov.h", "std::shared_ptr<ov::Model> graph;", ""),
    ]
    bad = 0
    for path, line, word in cases:
        said = "; ".join(rule for _, rule in check_text(path, "\n" + line + "\n"))
        if (word not in said) if word else said:
            print(f"self-test: {path}: {line}\n  expected '{word}', got '{said}'")
            bad += 1
    for module, row in MODULES.items():
        for name in row.split():
            if module in MODULES[name].split():
                print(f"self-test: {module} and {name} include each other")
                bad += 1
    print(f"check_includes: self-test, {len(cases)} cases, {bad} failed")
    return bad


def main():
    if sys.argv[1:] == ["--self-test"]:
        return 1 if self_test() else 0
    count = 0
    for path in matching(["*.h", "*.cpp"]):
        if path.startswith(AREAS):
            for number, rule in check_text(path, (ROOT / path).read_text(errors="replace")):
                print(f"{path}:{number}: {rule}")
                count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
