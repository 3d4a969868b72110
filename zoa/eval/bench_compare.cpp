// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/bench_compare.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "zoa/core/error.h"
#include "zoa/engine/engine.h"

namespace zoa {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostThreads = 65536;

std::optional<double> optional_ms(const Json& row, const char* key) {
  const auto found = row.find(key);
  if (found == row.end() || found->is_null()) {
    return std::nullopt;
  }
  return found->get<double>();
}

// A cast would cut numbers that do not fit.
std::size_t whole(const Json& json, const char* key, std::size_t most) {
  const Json& value = json.at(key);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
    fail(ErrorCode::BadFile, key, " is not a whole number up to ", most);
  }
  return value.get<std::size_t>();
}

BenchTime time_of(const Json& row) {
  BenchTime time;
  time.model = row.at("model");
  time.method = row.at("method");
  time.batch = whole(row, "batch", kMostBatch);
  time.step_ms = row.at("step_ms");
  time.q1_ms = optional_ms(row, "q1_ms");
  time.q3_ms = optional_ms(row, "q3_ms");
  for (const double ms :
       {time.step_ms, time.q1_ms.value_or(time.step_ms), time.q3_ms.value_or(time.step_ms)}) {
    if (!(ms > 0)) {
      fail(ErrorCode::BadFile, "a time of ", ms, " ms, expected more than 0");
    }
  }
  return time;
}

BenchFile file_of(const Json& json) {
  if (json.is_object() && json.contains("frames")) {
    fail(ErrorCode::BadFile, "times of single frames (--frames); expected those of batches");
  }
  BenchFile file;
  const Json& machine = json.at("machine");
  file.machine = {machine.at("cpu"), machine.at("isa"),
                  static_cast<int>(whole(machine, "threads", kMostThreads))};
  file.runtime = machine.at("runtime");
  file.zoa = machine.at("zoa");
  file.peak_rss_mb = optional_ms(json, "peak_rss_mb");
  for (const Json& row : json.at("rows")) {
    file.rows.push_back(time_of(row));
  }
  if (file.rows.empty()) {
    fail(ErrorCode::BadFile, "no rows");
  }
  return file;
}

bool has_one_model(const BenchFile& file) {
  return std::all_of(file.rows.begin(), file.rows.end(),
                     [&](const BenchTime& row) { return row.model == file.rows.front().model; });
}

BenchChange change_of(const BenchTime& before, const BenchTime& after) {
  BenchChange change;
  change.model = before.model == after.model ? after.model : before.model + " -> " + after.model;
  change.method = after.method;
  change.batch = after.batch;
  change.old_ms = before.step_ms;
  change.new_ms = after.step_ms;
  change.ratio = after.step_ms / before.step_ms;
  if (before.q1_ms && before.q3_ms && after.q1_ms && after.q3_ms) {
    change.low = *after.q1_ms / *before.q3_ms;
    change.high = *after.q3_ms / *before.q1_ms;
  }
  return change;
}

std::string ratio_text(const std::optional<double>& ratio) {
  return ratio ? fixed_text(*ratio, 3) : "-";
}

}  // namespace

BenchFile parse_bench(const std::string& json, const std::string& where) {
  try {
    BenchFile file = file_of(Json::parse(json));
    file.path = where;
    return file;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::BadFile, where, ": not what 'zoa bench -o json' prints: ", error.what());
  } catch (const Error& error) {
    fail(error.code(), where, ": ", error.what());
  }
}

BenchChanges compare_benches(const BenchFile& before, const BenchFile& after) {
  const bool by_name = !has_one_model(before) || !has_one_model(after);
  BenchChanges changes;
  for (const BenchTime& row : after.rows) {
    const auto partner =
        std::find_if(before.rows.begin(), before.rows.end(), [&](const BenchTime& other) {
          return other.method == row.method && other.batch == row.batch &&
                 (!by_name || other.model == row.model);
        });
    if (partner != before.rows.end()) {
      changes.rows.push_back(change_of(*partner, row));
    }
  }
  if (changes.rows.empty()) {
    fail(ErrorCode::InvalidArgument, before.path, " and ", after.path, ": no row of one has the ",
         by_name ? "network, method" : "method", " and batch of a row of the other");
  }
  changes.unmatched = before.rows.size() + after.rows.size() - 2 * changes.rows.size();
  return changes;
}

Table change_table(const BenchChanges& changes) {
  Table table{{"model", "method", "batch", "old_ms", "new_ms", "ratio", "low", "high"}, {}, 0, 2};
  for (const BenchChange& row : changes.rows) {
    table.rows.push_back({row.model, row.method, std::to_string(row.batch),
                          fixed_text(row.old_ms, 2), fixed_text(row.new_ms, 2),
                          fixed_text(row.ratio, 3), ratio_text(row.low), ratio_text(row.high)});
  }
  return table;
}

std::vector<std::string> list_unlike(const BenchFile& before, const BenchFile& after) {
  std::vector<std::string> unlike;
  const auto compare = [&](const std::string& what, const std::string& a, const std::string& b) {
    if (a != b) {
      unlike.push_back(what + ": " + a + " before, " + b + " after");
    }
  };
  compare("processor", before.machine.cpu, after.machine.cpu);
  compare("instruction set", before.machine.isa, after.machine.isa);
  compare("threads", std::to_string(before.machine.threads), std::to_string(after.machine.threads));
  compare("runtime", before.runtime, after.runtime);
  compare("zoa", before.zoa, after.zoa);
  return unlike;
}

std::string change_json(const BenchChanges& changes, const std::vector<std::string>& unlike) {
  using Ordered = nlohmann::ordered_json;
  const auto number = [](const std::optional<double>& value) {
    return value ? Ordered(*value) : Ordered(nullptr);
  };
  Ordered json = {
      {"changes", Ordered::array()}, {"unmatched", changes.unmatched}, {"unlike", unlike}};
  for (const BenchChange& row : changes.rows) {
    json["changes"].push_back({{"model", row.model},
                               {"method", row.method},
                               {"batch", row.batch},
                               {"old_ms", row.old_ms},
                               {"new_ms", row.new_ms},
                               {"ratio", row.ratio},
                               {"low", number(row.low)},
                               {"high", number(row.high)}});
  }
  return json.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

}  // namespace zoa
