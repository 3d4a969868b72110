// SPDX-License-Identifier: Apache-2.0
#include "cli/adapt_record.h"

#include <cmath>

#include <nlohmann/json.hpp>

namespace zoa::cli {
namespace {

using Json = nlohmann::ordered_json;

// JSON has no NaN and no infinity.
Json number(const std::optional<double>& value, double per_unit = 1e6) {
  return value && std::isfinite(*value) ? Json(std::round(*value * per_unit) / per_unit)
                                        : Json(nullptr);
}

// Paths may hold bytes that are no UTF-8.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json learnt_json(const StepResult& learnt) {
  return {{"updated", learnt.updated},
          {"loss", number(learnt.loss)},
          {"loss_perturbed", number(learnt.loss_perturbed)},
          {"entropy", number(learnt.entropy)},
          {"discrepancy", number(learnt.discrepancy)},
          {"domain_distance", number(learnt.domain_distance)},
          {"domain_changed", learnt.domain_changed},
          {"bank_entries", learnt.bank_entries}};
}

}  // namespace

std::string frame_record(const Frame& frame,
                         const Prediction& prediction,
                         const std::vector<std::string>& labels,
                         std::optional<double> milliseconds) {
  Json json = {{"frame", prediction.frame}, {"source", frame.name}};
  const bool answered = prediction.top1 >= 0;
  json["top1"] = answered ? Json(prediction.top1) : Json(nullptr);
  const auto index = static_cast<std::size_t>(answered ? prediction.top1 : 0);
  json["label"] = answered && index < labels.size() ? Json(labels[index]) : Json(nullptr);
  json["confidence"] = answered ? number(prediction.confidence) : Json(nullptr);
  json["entropy"] = number(prediction.entropy);
  json["skip"] =
      prediction.skip == FrameSkip::None ? Json(nullptr) : Json(to_string(prediction.skip));
  if (!prediction.guard.empty()) {
    json["guard"] = prediction.guard;
    json["plain"] = prediction.plain;
  }
  if (milliseconds) {
    json["ms"] = number(milliseconds, 1e3);
  }
  if (prediction.learnt) {
    json["learnt"] = learnt_json(*prediction.learnt);
  }
  return dump(json);
}

std::string error_record(const Frame& frame) {
  return dump({{"frame", nullptr}, {"source", frame.name}, {"error", frame.error}});
}

}  // namespace zoa::cli
