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

Json spread_or_null(const std::optional<Spread>& spread) {
  if (!spread) {
    return nullptr;
  }
  return {{"median", rounded(spread->median)},
          {"q1", rounded(spread->q1)},
          {"q3", rounded(spread->q3)}};
}

Json batch_row(const BenchRow& row) {
  return {{"model", row.model},
          {"method", row.method},
          {"batch", row.batch},
          {"step_ms", rounded(row.step_ms)},
          {"p95_ms", rounded(row.p95_ms)},
          {"min_ms", rounded(row.min_ms)},
          {"q1_ms", rounded(row.q1_ms)},
          {"q3_ms", rounded(row.q3_ms)},
          {"passes", row.passes},
          {"ratio", number_or_null(row.ratio)},
          {"vs_first", spread_or_null(row.vs_first)},
          {"prefix_ms", rounded(row.parts.prefix_ms)},
          {"suffix_ms", rounded(row.parts.suffix_ms)},
          {"pass2_ms", rounded(row.parts.pass2_ms)},
          {"update_ms", rounded(row.parts.update_ms)}};
}

Json picture_row(const PictureTimes& times) {
  return {{"model", times.model},
          {"batch", times.batch},
          {"decode_ms", rounded(times.decode_ms)},
          {"resize_ms", rounded(times.resize_ms)}};
}

Json start_row(const ColdStart& start) {
  return {{"model", start.model},
          {"method", start.method},
          {"batch", start.batch},
          {"load_ms", rounded(start.load_ms)},
          {"rewrite_ms", rounded(start.rewrite_ms)},
          {"compile_ms", rounded(start.compile_ms)},
          {"answer_ms", rounded(start.answer_ms)},
          {"total_ms", rounded(start.total_ms)},
          {"most_ms", rounded(start.most_ms)}};
}

template <class Items, class MakeRow>
Json list_of(const Items& items, const MakeRow& make_row) {
  Json list = Json::array();
  for (const auto& item : items) {
    list.push_back(make_row(item));
  }
  return list;
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

std::string bench_json(const BenchReport& report,
                       const std::string& runtime,
                       const MachineFacts& machine) {
  Json json = {{"rows", list_of(report.rows, batch_row)},
               {"pictures", list_of(report.pictures, picture_row)},
               {"starts", list_of(report.starts, start_row)},
               {"peak_rss_mb", number_or_null(report.peak_rss_mb)}};
  return dump(std::move(json), runtime, machine);
}

std::string bench_json(const std::vector<FrameBench>& benches,
                       const std::string& runtime,
                       const MachineFacts& machine) {
  Json json = {{"frames", Json::array()}};
  for (const FrameBench& bench : benches) {
    Json entry = {{"rows", list_of(bench.rows, frame_row)},
                  {"rss_mb", rounded(bench.rss_mb)},
                  {"rss_kib_per_1000_frames", number_or_null(bench.rss_slope)}};
    json["frames"].push_back(std::move(entry));
  }
  return dump(std::move(json), runtime, machine);
}

}  // namespace zoa
