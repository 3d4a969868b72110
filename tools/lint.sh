#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The checks that are not tests: `lint.sh fast|tidy|all|format`. Every check runs, also after one that
# failed, so that one call shows everything. Needs .venv (make setup); tidy needs a configured build/.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly bin=.venv/bin
failed=()

# check NAME COMMAND...: runs the command and notes the name if it fails.
check() {
  local name=$1 verdict=ok
  shift
  "$@" || { verdict=FAILED && failed+=("$name"); }
  printf 'lint: %-9s %s\n' "$name" "$verdict"
}

fast() {
  check format $bin/clang-format --dry-run -Werror "${cpp[@]}"
  check style $bin/python tools/check_style.py
  check includes $bin/python tools/check_includes.py
  check self-test bash -c "$bin/python tools/check_style.py --self-test &&
    $bin/python tools/check_includes.py --self-test"
  check ruff $bin/ruff check --quiet --config tools/ruff.toml "${python[@]}"
  check ruff-fmt $bin/ruff format --quiet --check --config tools/ruff.toml "${python[@]}"
}
tidy() { check tidy $bin/python tools/run_tidy.py; }
format() {
  $bin/clang-format -i "${cpp[@]}" || failed+=(clang-format)
  $bin/ruff format --quiet --config tools/ruff.toml "${python[@]}" || failed+=(ruff)
}

mapfile -t cpp < <($bin/python tools/source_files.py '*.h' '*.cpp')
mapfile -t python < <($bin/python tools/source_files.py '*.py')
[[ ${#cpp[@]} -gt 0 && ${#python[@]} -gt 0 ]] || {
  echo "lint: found no sources (is .venv there? make setup)" >&2
  exit 1
}
case ${1:-fast} in
  fast) fast ;;
  tidy) tidy ;;
  all) fast && tidy ;;
  format) format ;;
  *)
    echo "usage: lint.sh fast|tidy|all|format" >&2
    exit 2
    ;;
esac
if [[ ${#failed[@]} -gt 0 ]]; then
  echo "lint: FAILED: ${failed[*]}" >&2
  exit 1
fi
