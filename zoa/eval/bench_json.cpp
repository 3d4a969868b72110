// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/bench_json.h"

#include <cmath>
#include <optional>

#include <nlohmann/json.hpp>

#include "zoa/core/version.h"

namespace zoa {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value) {
  return std::round(value * 10000) / 10000;
}

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(rounded(*value)) : Json(nullptr);
}

Json batch_row(const BenchRow& row) {
  return {{"model", row.model},
          {"method", row.method},
          {"batch", row.batch},
          {"step_ms", rounded(row.step_ms)},
          {"p95_ms", rounded(row.p95_ms)},
          {"min_ms", rounded(row.min_ms)},
          {"passes", row.passes},
          {"ratio", number_or_null(row.ratio)}};
}

Json frame_row(const FrameBenchRow& row) {
  return {{"model", row.model},
          {"method", row.method},
          {"budget_ms", number_or_null(row.budget_ms)},
          {"p50_ms", rounded(row.p50_ms)},
          {"p99_ms", rounded(row.p99_ms)},
          {"most_ms", rounded(row.most_ms)},
          {"p50_ratio", number_or_null(row.p50_ratio)},
          {"p99_ratio", number_or_null(row.p99_ratio)},
          {"pause_ms", rounded(row.pause_ms)},
          {"updates", row.updates},
          {"late", row.late},
          {"stream_bytes", row.stream_bytes}};
}

std::string dump(Json json, const std::string& runtime, const MachineFacts& machine) {
  json["machine"] = {{"cpu", machine.cpu},
                     {"isa", machine.isa},
                     {"threads", machine.threads},
                     {"runtime", runtime},
                     {"zoa", kVersion}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string bench_json(const std::vector<BenchRow>& rows,
                       const std::string& runtime,
                       const MachineFacts& machine) {
  Json json = {{"rows", Json::array()}};
  for (const BenchRow& row : rows) {
    json["rows"].push_back(batch_row(row));
  }
  return dump(std::move(json), runtime, machine);
}

std::string bench_json(const std::vector<FrameBench>& benches,
                       const std::string& runtime,
                       const MachineFacts& machine) {
  Json json = {{"frames", Json::array()}};
  for (const FrameBench& bench : benches) {
    Json entry = {{"rows", Json::array()},
                  {"rss_mb", rounded(bench.rss_mb)},
                  {"rss_kib_per_1000_frames", number_or_null(bench.rss_slope)}};
    for (const FrameBenchRow& row : bench.rows) {
      entry["rows"].push_back(frame_row(row));
    }
    json["frames"].push_back(std::move(entry));
  }
  return dump(std::move(json), runtime, machine);
}

}  // namespace zoa
