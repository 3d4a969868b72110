// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/record.h"

#include <cmath>
#include <numeric>

#include <nlohmann/json.hpp>

#include "zoa/core/cpu.h"
#include "zoa/eval/metrics.h"

namespace zoa {
namespace {

using Json = nlohmann::ordered_json;

template <class Value>
Json optional_json(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

// JSON has no NaN and no infinity; null says that there was no usable number.
Json number_json(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json number_json(const std::optional<double>& value) {
  return value ? number_json(*value) : Json(nullptr);
}

Json option_json(const OptionText& option) {
  if (option.type == "bool") {
    return option.value == "true";
  }
  if (option.type == "int" || option.type == "float") {
    return Json::parse(option.value, nullptr, false);
  }
  return option.value;
}

Json options_json(const std::vector<OptionText>& options, const RecordFormat& format) {
  Json json = Json::object();
  for (const OptionText& option : options) {
    if (format.timings || option.name != "threads") {
      json[option.name] = option_json(option);
    }
  }
  return json;
}

Json methods_json(const std::vector<MethodFacts>& methods, const RecordFormat& format) {
  Json json = Json::array();
  for (const MethodFacts& method : methods) {
    json.push_back({{"name", method.name}, {"options", options_json(method.options, format)}});
  }
  return json;
}

// Names of files and classes may hold bytes that are no UTF-8: they are replaced, never fatal.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

std::string to_json_line(const RunHeader& header, const RecordFormat& format) {
  Json json{{"kind", "run"}, {"schema", kRecordSchema}, {"zoa", header.zoa}};
  json["runtime"] = header.runtime;
  if (format.timings) {
    json["machine"] = {{"cpu", header.machine.cpu},
                       {"isa", header.machine.isa},
                       {"int8_saturates", int8_products_saturate(header.machine.isa)},
                       {"threads", header.machine.threads}};
  }
  json["model"] = {{"name", header.model},           {"hash", header.model_hash},
                   {"family", header.family},        {"bits", header.bits},
                   {"quantized", header.quantized},  {"products", header.products},
                   {"preprocess", header.preprocess}};
  json["data"] = {
      {"spec", header.data},
      {"hash", header.data_hash},
      {"n", std::accumulate(header.images.begin(), header.images.end(), std::size_t{0})},
      {"domains", header.domains},
      {"images", header.images}};
  json["options"] = options_json(header.options, format);
  json["methods"] = methods_json(header.methods, format);
  json["command"] = header.command;
  return dump(json);
}

std::string to_json_line(const BatchRecord& record, const RecordFormat& format) {
  Json json{{"kind", "batch"},       {"method", record.method}, {"domain", record.domain},
            {"round", record.round}, {"step", record.step},     {"count", record.count}};
  json["labeled"] = record.labeled;
  json["correct"] = optional_json(record.correct);
  json["top1"] = number_json(record.top1);
  json["loss"] = number_json(record.loss);
  json["loss_perturbed"] = number_json(record.loss_perturbed);
  json["entropy"] = number_json(record.entropy);
  json["discrepancy"] = number_json(record.discrepancy);
  json["domain_distance"] = number_json(record.domain_distance);
  json["changed"] = record.changed;
  json["removed_entry"] = optional_json(record.removed_entry);
  json["bank_entries"] = record.bank_entries;
  json["updated"] = record.updated;
  json["passes"] = record.passes;
  json["skipped"] = record.skipped;
  for (const DomainCount& count : record.by_domain) {
    json["by_domain"][count.domain] = {count.labeled, count.correct};
  }
  if (format.timings) {
    json["ms"] = std::round(record.ms * 1000) / 1000;
  }
  return dump(json);
}

std::string to_json_line(const MethodSummary& summary, const RecordFormat& format) {
  Json json{{"kind", "summary"}, {"method", summary.method}, {"complete", summary.complete}};
  json["top1"] = number_json(summary.top1);
  json["domains"] = Json::object();
  for (const DomainScore& score : summary.domains) {
    json["domains"][score.domain] = number_json(score.top1());
  }
  json["images"] = summary.images;
  json["skipped"] = summary.skipped;
  json["batches"] = summary.batches;
  json["changes"] = summary.changes;
  json["passes_per_batch"] = number_json(summary.passes_per_batch);
  if (format.timings) {
    json["ms_median"] = std::round(summary.ms_median * 1000) / 1000;
  }
  return dump(json);
}

}  // namespace zoa
