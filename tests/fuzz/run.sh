#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh TARGET [SECONDS]: fuzzes one reader with the fuzzers of build-fuzz (preset fuzz), from the committed
# corpus on. What it finds of value goes to build-fuzz/corpus/TARGET, a crash to build-fuzz/TARGET-*.
# run.sh TARGET merge: takes the smallest set of files with the same coverage into the committed corpus.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
target=${1:?target, e.g. npy}
task=${2:-600}
fuzzer=build-fuzz/tests/fuzz/fuzz_$target
committed=tests/fuzz/corpus/$target
grown=build-fuzz/corpus/$target
mkdir -p "$grown"

if [[ $task == merge ]]; then
  fresh=$(mktemp -d)
  "$fuzzer" -set_cover_merge=1 -use_counters=0 -max_len=8192 "$fresh" "$committed" "$grown"
  rm -r "$committed"
  mv "$fresh" "$committed"
  chmod 755 "$committed"
else
  "$fuzzer" "$grown" "$committed" -max_total_time="$task" -max_len=4096 -timeout=10 -rss_limit_mb=2048 \
    -malloc_limit_mb=1024 -dict="tests/fuzz/dictionaries/$target.dict" -print_final_stats=1 \
    -artifact_prefix="build-fuzz/$target-"
fi
