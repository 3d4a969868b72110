#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes a machine ready to build zoa: Debian packages (tools/packages-debian.txt) and a venv .venv with
# the wheels of requirements.txt. Installs only what is missing; the second call takes well under a second.
# ZOA_SETUP_PYTHON=... chooses the interpreter of the venv (default: the system's python3).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly venv=.venv
readonly stamp=$venv/.zoa-setup
log=$(mktemp)
trap 'rm -f "$log"' EXIT

say() { printf 'setup: %s\n' "$*"; }
die() {
  printf 'setup: error: %s\n' "$*" >&2
  exit 1
}
# Runs a command with its output in the log; on failure shows the log's last error and the hint given first.
run() {
  local hint=$1
  shift
  "$@" >"$log" 2>&1 && return
  local found
  found=$(grep -oE -m 1 'connection broken by .*' "$log" | cut -c 1-200 || true)
  [[ -n $found ]] || found=$(grep -E -m 1 '^(E:|ERROR|Error|error|fatal|sudo:)' "$log" || true)
  die "$hint (${found:-$(tail -n 1 "$log")})"
}
packages() { grep -v '^#' tools/packages-debian.txt; }

missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^ii *//p')
  packages | grep -vxF -f <(printf '%s\n' "$installed") || true
}

install_packages() {
  local missing as_root=()
  missing=$(missing_packages | tr '\n' ' ')
  [[ -z $missing ]] && return
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null ||
      die "neither root nor sudo here; let an administrator run: apt-get install $missing"
    as_root=(sudo)
  fi
  say "Debian packages to install: $missing"
  # One broken extra source must not stop us: the install below says whether it mattered.
  "${as_root[@]}" apt-get update -qq --error-on=any >"$log" 2>&1 ||
    say "apt-get update: $(grep '^E:' "$log" | head -n 1)"
  # shellcheck disable=SC2086
  run "apt-get install failed: no network, or a wrong proxy?" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends $missing
}

check_tools() {
  local tool library list
  list=$(packages | tr '\n' ' ')
  for tool in c++ cmake ninja pkg-config python3; do
    command -v "$tool" >/dev/null || die "no '$tool' here; zoa needs (Debian names): $list"
  done
  for library in libturbojpeg spng libzip libxxhash zlib; do
    pkg-config --exists "$library" ||
      die "pkg-config finds no '$library'; zoa needs (Debian names): $list"
  done
}

find_python() {
  local python
  for python in ${ZOA_SETUP_PYTHON:-/usr/bin/python3 python3}; do
    if "$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  die "no Python 3.10 or newer with venv and ensurepip (tried ${ZOA_SETUP_PYTHON:-/usr/bin/python3, python3})"
}

venv_works() { "$venv/bin/python" -m pip --version >/dev/null 2>&1; }

make_venv() {
  local key python
  key=$(cat requirements.txt <(pwd -P) | sha256sum | cut -d ' ' -f 1)
  if [[ -f $stamp && $(<"$stamp") == "$key" ]] && "$venv/bin/python" -c '' 2>/dev/null; then
    return
  fi
  # A moved tree leaves the old path in the scripts of the venv: such a venv is made anew.
  if ! venv_works || ! grep -qsF "$(cd "$venv" && pwd -P)" "$venv/bin/activate"; then
    python=$(find_python)
    [[ -e $venv || -L $venv ]] && say "$venv is broken or was moved: made anew"
    rm -rf "$venv"
    say "venv $venv with $("$python" --version)"
    run "cannot make $venv with $python" "$python" -m venv "$venv"
  fi
  say "wheels: $(grep -v -e '^#' -e '^$' requirements.txt | tr '\n' ' ')"
  run "pip install failed: no network, or a wrong index?" \
    "$venv/bin/python" -m pip install --disable-pip-version-check --no-input -r requirements.txt
  "$venv/bin/python" -c 'import openvino' 2>"$log" || die "openvino does not load: $(tail -n 1 "$log")"
  printf '%s\n' "$key" >"$stamp"
}

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
  install_packages
fi
check_tools
make_venv
say "ready"
