// SPDX-License-Identifier: Apache-2.0
// Records back from their lines, for 'zoa report'. Files come from outside: a missing or mistyped
// key is an error with the number of its line.
#include <istream>
#include <limits>

#include <nlohmann/json.hpp>

#include "zoa/core/error.h"
#include "zoa/eval/record.h"

namespace zoa {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostLineBytes = 16U << 20U;

template <class Value>
std::optional<Value> optional_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) {
    return std::nullopt;
  }
  return found->get<Value>();
}

double number_of(const Json& json, const char* key) {
  return optional_of<double>(json, key).value_or(std::numeric_limits<double>::quiet_NaN());
}

std::vector<OptionText> options_of(const Json& json) {
  std::vector<OptionText> options;
  for (const auto& [name, value] : json.items()) {
    const char* type = value.is_boolean()          ? "bool"
                       : value.is_number_integer() ? "int"
                       : value.is_number()         ? "float"
                                                   : "text";
    options.push_back(
        {name, type, value.is_string() ? value.get<std::string>() : value.dump(), ""});
  }
  return options;
}

RunHeader header_of(const Json& json) {
  RunHeader header;
  header.zoa = json.at("zoa");
  header.runtime = json.at("runtime");
  if (const auto machine = json.find("machine"); machine != json.end()) {
    header.machine = {machine->at("cpu"), machine->at("isa"), machine->at("threads")};
  }
  const Json& model = json.at("model");
  header.model = model.at("name");
  header.model_hash = model.at("hash");
  header.family = model.at("family");
  header.bits = model.at("bits");
  header.quantized = model.at("quantized");
  header.products = model.at("products");
  header.preprocess = model.at("preprocess");
  const Json& data = json.at("data");
  header.data = data.at("spec");
  header.data_hash = data.at("hash");
  header.domains = data.at("domains").get<std::vector<std::string>>();
  header.images = data.at("images").get<std::vector<std::size_t>>();
  header.options = options_of(json.at("options"));
  for (const Json& method : json.at("methods")) {
    header.methods.push_back({method.at("name"), options_of(method.at("options"))});
  }
  header.command = json.at("command");
  return header;
}

ConfidenceBins bins_of(const Json& json) {
  ConfidenceBins bins{};
  for (const Json& bin : json) {
    const std::size_t number = bin.at(0);
    if (number >= bins.size()) {
      fail(ErrorCode::BadFile, "ece_bins: bin ", number, ", expected 0 .. ", bins.size() - 1);
    }
    bins[number] = {bin.at(1), bin.at(2), bin.at(3)};
  }
  return bins;
}

BatchRecord batch_of(const Json& json) {
  BatchRecord record;
  record.method = json.at("method");
  record.domain = json.at("domain");
  record.round = json.at("round");
  record.step = json.at("step");
  record.count = json.at("count");
  record.correct = optional_of<std::size_t>(json, "correct");
  record.labeled = optional_of<std::size_t>(json, "labeled").value_or(0);
  record.top1 = optional_of<double>(json, "top1");
  record.loss = number_of(json, "loss");
  record.loss_perturbed = optional_of<double>(json, "loss_perturbed");
  record.entropy = number_of(json, "entropy");
  record.discrepancy = optional_of<double>(json, "discrepancy");
  record.domain_distance = optional_of<double>(json, "domain_distance");
  record.changed = json.at("changed");
  record.removed_entry = optional_of<std::size_t>(json, "removed_entry");
  record.bank_entries = optional_of<std::size_t>(json, "bank_entries").value_or(0);
  record.updated = optional_of<bool>(json, "updated").value_or(false);
  record.passes = json.at("passes");
  record.pass_equivalents =
      optional_of<double>(json, "pass_equivalents").value_or(static_cast<double>(record.passes));
  record.ece_bins = bins_of(json.value("ece_bins", Json::array()));
  record.rss_mb = optional_of<double>(json, "rss_mb");
  record.guard = json.value("guard", std::string{});
  record.bank_weights = json.value("bank_weights", std::vector<double>{});
  record.skipped = optional_of<std::size_t>(json, "skipped").value_or(0);
  record.ms = optional_of<double>(json, "ms").value_or(0);
  if (const auto shares = json.find("by_domain"); shares != json.end()) {
    for (const auto& [domain, count] : shares->items()) {
      record.by_domain.push_back({domain, count.at(0), count.at(1)});
    }
  }
  return record;
}

void add_record(std::vector<Run>& runs, const Json& json) {
  const std::string kind = json.at("kind");
  if (kind == "run") {
    const int schema = json.at("schema");
    if (schema > kRecordSchema) {
      fail(ErrorCode::BadFile, "schema ", schema, "; this zoa reads up to ", kRecordSchema);
    }
    runs.push_back({header_of(json), {}, {}, {}});
    return;
  }
  if (kind != "batch" && kind != "summary") {
    return;
  }
  if (runs.empty()) {
    fail(ErrorCode::BadFile, "a record of kind '", kind, "' before the first of kind 'run'");
  }
  if (kind == "batch") {
    runs.back().batches.push_back(batch_of(json));
  }
}

// Summaries are made from the batches, so that a file that ends early has them too.
void add_summaries(Run& run) {
  for (const MethodFacts& method : run.header.methods) {
    MethodSummary summary = summarize(run, method.name);
    if (summary.batches > 0 || summary.skipped > 0) {
      run.summaries.push_back(std::move(summary));
    }
  }
}

}  // namespace

std::vector<Run> read_runs(std::istream& lines, const std::string& where) {
  std::vector<Run> runs;
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    const bool whole = !lines.eof();
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      continue;
    }
    try {
      if (line.size() > kMostLineBytes) {
        fail(ErrorCode::BadFile, "longer than ", kMostLineBytes, " bytes");
      }
      add_record(runs, Json::parse(line));
    } catch (const nlohmann::json::exception& error) {
      if (whole) {
        fail(ErrorCode::BadFile, where, ":", number, ": not a record of zoa eval: ", error.what());
      }
    } catch (const Error& error) {
      fail(error.code(), where, ":", number, ": ", error.what());
    }
  }
  if (runs.empty()) {
    fail(ErrorCode::BadFile, where, ": no run in it; expected the file of zoa eval -o");
  }
  for (Run& run : runs) {
    run.source = where;
    add_summaries(run);
  }
  return runs;
}

}  // namespace zoa
