// SPDX-License-Identifier: Apache-2.0
// The tables of 'zoa bench'.
#include <algorithm>

#include "zoa/eval/bench.h"

namespace zoa {

Table bench_table(const std::vector<BenchRow>& rows) {
  Table table{
      {"model", "method", "batch", "step_ms", "p95_ms", "min_ms", "passes", "ratio"}, {}, 0, 2};
  for (const BenchRow& row : rows) {
    table.rows.push_back({row.model, row.method, std::to_string(row.batch),
                          fixed_text(row.step_ms, 2), fixed_text(row.p95_ms, 2),
                          fixed_text(row.min_ms, 2), fixed_text(row.passes, 0),
                          row.ratio ? fixed_text(*row.ratio, 2) : "-"});
  }
  return table;
}

Table parts_table(const std::vector<BenchRow>& rows, const std::vector<PictureTimes>& pictures) {
  Table table{{"model", "method", "batch", "decode_ms", "resize_ms", "prefix_ms", "suffix_ms",
               "pass2_ms", "update_ms"},
              {},
              0,
              2};
  for (const BenchRow& row : rows) {
    const auto times = std::find_if(pictures.begin(), pictures.end(), [&](const PictureTimes& p) {
      return p.model == row.model && p.batch == row.batch;
    });
    const bool timed = times != pictures.end();
    table.rows.push_back({row.model, row.method, std::to_string(row.batch),
                          timed ? fixed_text(times->decode_ms, 2) : "-",
                          timed ? fixed_text(times->resize_ms, 2) : "-",
                          fixed_text(row.parts.prefix_ms, 2), fixed_text(row.parts.suffix_ms, 2),
                          fixed_text(row.parts.pass2_ms, 2), fixed_text(row.parts.update_ms, 2)});
  }
  return table;
}

Table versus_table(const std::vector<BenchRow>& rows) {
  Table table{{"model", "method", "batch", "vs_first", "q1", "q3"}, {}, 0, 2};
  for (const BenchRow& row : rows) {
    if (row.vs_first) {
      table.rows.push_back({row.model, row.method, std::to_string(row.batch),
                            fixed_text(row.vs_first->median, 3), fixed_text(row.vs_first->q1, 3),
                            fixed_text(row.vs_first->q3, 3)});
    }
  }
  return table;
}

}  // namespace zoa
