# SPDX-License-Identifier: Apache-2.0
# The menu; what a target does is in CMakePresets.json and tools/. WERROR=OFF for a compiler that warns more.
.DEFAULT_GOAL := help
JOBS ?= $(shell nproc)
WERROR ?= ON
.PHONY: help setup build test quick demo wheel lint format tidy clean

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: ## install what is missing: Debian packages, .venv with OpenVINO
	@tools/setup.sh

build: setup ## compile; the program is build/zoa
	@cmake --preset release -DZOA_WERROR=$(WERROR) -DCMAKE_CXX_COMPILER_LAUNCHER=$(shell command -v ccache) --log-level=WARNING
	@cmake --build --preset release --parallel $(JOBS)

test: build ## all checks: format, style, includes, clang-tidy, every test
	@tools/lint.sh all
	@ctest --preset full --parallel $(JOBS)

quick: build ## unit tests only
	@ctest --preset quick --parallel $(JOBS)

demo: build ## quantize two small networks and let them adapt
	@build/zoa demo

wheel: build ## Python wheel of this build, in dist/
	@cmake --install build --prefix build/python-prefix --component library >build/python-prefix.log
	@.venv/bin/python -m pip wheel . --no-build-isolation --no-deps -q --disable-pip-version-check -w dist \
	  --config-settings=build-dir=build/python-wheel --config-settings=cmake.define.ZOA_PREFIX=$(CURDIR)/build/python-prefix
	@ls dist/*.whl

lint: setup ## format, style and include checks, without compiling
	@tools/lint.sh fast

format: setup ## rewrite the sources as clang-format and ruff want them
	@tools/lint.sh format

tidy: build ## clang-tidy, only on what changed since it was last clean
	@tools/lint.sh tidy

clean: ## remove build folders (not .venv)
	rm -rf build build-*
