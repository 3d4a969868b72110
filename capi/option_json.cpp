// SPDX-License-Identifier: Apache-2.0
#include "capi/option_json.h"

#include <string>

#include <nlohmann/json.hpp>

#include "zoa/core/error.h"

namespace zoa::capi {
namespace {

using Json = nlohmann::ordered_json;  // looks names up one by one, hence the limit

constexpr std::size_t kMostShown = 80;  // of a text that is refused

std::string option_text(const std::string& name, const Json& value) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  if (value.is_number() || value.is_boolean()) {
    return value.dump();
  }
  fail(ErrorCode::InvalidArgument, "option '", name, "' is ", value.type_name(),
       "; expected a number, a text, true or false");
}

}  // namespace

OptionValues parse_option_json(std::string_view text) {
  if (text.size() > kMostOptionBytes) {
    fail(ErrorCode::LimitExceeded, "options: more than ", kMostOptionBytes, " bytes");
  }
  // Objects have no lists inside, so that depth needs no limit: the callback ends at depth 2.
  const auto flat = [](int depth, Json::parse_event_t /*event*/, Json& /*parsed*/) {
    return depth < 2;
  };
  const Json json = Json::parse(text, flat, false);
  if (!json.is_object()) {
    fail(ErrorCode::InvalidArgument, "options: '", text.substr(0, kMostShown),
         "' is not a JSON object, e.g. {\"window\": 32}");
  }
  OptionValues values;
  values.reserve(json.size());
  for (const auto& [name, value] : json.items()) {
    values.emplace_back(name, option_text(name, value));
  }
  return values;
}

}  // namespace zoa::capi
