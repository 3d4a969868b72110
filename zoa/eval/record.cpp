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

// So many digits as mean something; not finite becomes null.
Json rounded(double value, double per_unit) {
  return number_json(std::round(value * per_unit) / per_unit);
}

// Bins that hold nothing are left out; each line: number, images, sum of confidence, right answers.
Json bins_json(const ConfidenceBins& bins) {
  Json json = Json::array();
  for (std::size_t i = 0; i < bins.size(); ++i) {
    if (bins[i].count > 0) {
      json.push_back({i, bins[i].count, bins[i].confidence, bins[i].correct});
    }
  }
  return json;
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
  json["pass_equivalents"] = rounded(record.pass_equivalents, 1e6);
  json["ece_bins"] = bins_json(record.ece_bins);
  if (!record.guard.empty()) {
    json["guard"] = record.guard;
  }
  json["bank_weights"] = Json::array();
  for (const double weight : record.bank_weights) {
    json["bank_weights"].push_back(rounded(weight, 1e6));
  }
  json["skipped"] = record.skipped;
  for (const DomainCount& count : record.by_domain) {
    json["by_domain"][count.domain] = {count.labeled, count.correct};
  }
  if (format.timings) {
    json["ms"] = rounded(record.ms, 1e3);
    if (record.rss_mb) {
      json["rss_mb"] = rounded(*record.rss_mb, 10);
    }
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
  json["pass_equivalents_per_batch"] = rounded(summary.pass_equivalents_per_batch, 1e6);
  json["ece"] = number_json(summary.ece);
  json["ece_domains"] = Json::object();
  for (const DomainScore& score : summary.domains) {
    json["ece_domains"][score.domain] = number_json(calibration_error(score.ece_bins));
  }
  json["entropy"] = number_json(summary.entropy);
  json["loss"] = number_json(summary.loss);
  if (summary.rounds.size() > 1) {
    for (const RoundScore& score : summary.rounds) {
      json["rounds"][std::to_string(score.round)] = number_json(score.top1);
    }
  }
  if (format.timings) {
    json["ms_median"] = rounded(summary.ms_median, 1e3);
    if (summary.rss_mb) {
      json["rss_mb"] = rounded(*summary.rss_mb, 10);
    }
  }
  return dump(json);
}

}  // namespace zoa
