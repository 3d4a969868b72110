// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

#include "zoa/core/error.h"

namespace zoa::detail {
namespace {

using Json = nlohmann::json;

constexpr int kDeepest = 2;  // header, tensor, list of numbers

// Watches the parser, because a finished Json has forgotten duplicate keys: refuses them, nesting
// that the format does not have, and too many entries, all before memory is spent.
class Watch {
 public:
  Watch(const std::string& where, const SafetensorsLimits& limits)
      : where_(where), limits_(limits), keys_(kDeepest + 1) {}

  bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    const bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth > kDeepest) {
      fail(ErrorCode::BadFile, where_, ": header is nested too deeply");
    }
    if (event == Json::parse_event_t::object_start) {
      keys_[static_cast<std::size_t>(depth)].clear();
    }
    if (event == Json::parse_event_t::key) {
      add_key(static_cast<std::size_t>(depth) - 1, parsed.get_ref<const std::string&>());
    }
    return true;
  }

 private:
  void add_key(std::size_t level, const std::string& key) {
    if (!keys_[level].insert(key).second) {
      fail(ErrorCode::BadFile, where_, ": header has '", key, "' twice");
    }
    if (keys_[level].size() > limits_.tensors + 1) {
      fail(ErrorCode::LimitExceeded, where_, ": header has more than ", limits_.tensors,
           " entries");
    }
  }

  const std::string& where_;
  const SafetensorsLimits& limits_;
  std::vector<std::set<std::string>> keys_;
};

Json parse_json(std::span<const std::uint8_t> text,
                const std::string& where,
                const SafetensorsLimits& limits) {
  try {
    Watch watch(where, limits);
    return Json::parse(text.begin(), text.end(), std::ref(watch));
  } catch (const Json::exception& error) {
    fail(ErrorCode::BadFile, where, ": header is not JSON: ", error.what());
  }
}

std::optional<TensorType> parse_type(const Json& value) {
  for (const TensorType type :
       {TensorType::F32, TensorType::F64, TensorType::I64, TensorType::U8}) {
    if (value == to_string(type)) {
      return type;
    }
  }
  return std::nullopt;
}

std::vector<std::size_t> parse_numbers(const Json& list, const std::string& at) {
  if (!list.is_array()) {
    fail(ErrorCode::BadFile, at, ": shape and data_offsets must be lists");
  }
  std::vector<std::size_t> numbers;
  for (const Json& number : list) {
    if (!number.is_number_unsigned()) {
      fail(ErrorCode::BadFile, at, ": ", number.dump(), " is not a whole number >= 0");
    }
    numbers.push_back(number.get<std::size_t>());
  }
  return numbers;
}

TensorEntry parse_entry(const std::string& name,
                        const Json& value,
                        const std::string& where,
                        const SafetensorsLimits& limits) {
  const std::string at = where + ": tensor '" + name + "'";
  if (!value.is_object() || value.size() != 3 || !value.contains("dtype") ||
      !value.contains("shape") || !value.contains("data_offsets")) {
    fail(ErrorCode::BadFile, at, ": needs exactly dtype, shape and data_offsets");
  }
  const std::optional<TensorType> type = parse_type(value["dtype"]);
  if (!type) {
    fail(ErrorCode::BadFile, at, ": type ", value["dtype"].dump(),
         " is not one of F32, F64, I64, U8");
  }
  TensorEntry entry{name, *type, parse_numbers(value["shape"], at), 0, 0};
  if (entry.shape.size() > limits.dimensions) {
    fail(ErrorCode::LimitExceeded, at, ": ", entry.shape.size(), " dimensions, limit is ",
         limits.dimensions);
  }
  const std::vector<std::size_t> offsets = parse_numbers(value["data_offsets"], at);
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    fail(ErrorCode::BadFile, at, ": data_offsets must be [begin, end]");
  }
  std::tie(entry.begin, entry.end) = std::pair(offsets[0], offsets[1]);
  if (tensor_bytes(entry.type, entry.shape) != entry.end - entry.begin) {
    fail(ErrorCode::BadFile, at, ": ", entry.end - entry.begin, " bytes do not fit its shape");
  }
  return entry;
}

std::map<std::string, std::string> parse_metadata(const Json& value, const std::string& where) {
  std::map<std::string, std::string> metadata;
  if (!value.is_object()) {
    fail(ErrorCode::BadFile, where, ": __metadata__ must be a map of texts");
  }
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) {
      fail(ErrorCode::BadFile, where, ": metadata '", key, "' is not a text");
    }
    metadata[key] = text.get<std::string>();
  }
  return metadata;
}

}  // namespace

std::optional<std::size_t> tensor_bytes(TensorType type, const std::vector<std::size_t>& shape) {
  // A zero anywhere makes it empty, whatever the other sizes are.
  if (std::find(shape.begin(), shape.end(), std::size_t{0}) != shape.end()) {
    return 0;
  }
  std::size_t bytes = type_bytes(type);
  for (const std::size_t size : shape) {
    if (bytes > std::numeric_limits<std::size_t>::max() / size) {
      return std::nullopt;
    }
    bytes *= size;
  }
  return bytes;
}

SafetensorsHeader parse_safetensors_header(std::span<const std::uint8_t> text,
                                           const std::string& where,
                                           const SafetensorsLimits& limits) {
  if (text.empty() || text.front() != '{') {
    fail(ErrorCode::BadFile, where, ": header does not start with '{'");
  }
  const Json json = parse_json(text, where, limits);
  SafetensorsHeader header;
  for (const auto& [name, value] : json.items()) {
    if (name == kMetadataKey) {
      header.metadata = parse_metadata(value, where);
    } else {
      header.entries.push_back(parse_entry(name, value, where, limits));
    }
  }
  return header;
}

void check_safetensors_ranges(SafetensorsHeader& header,
                              std::size_t data_bytes,
                              const std::string& where) {
  std::sort(header.entries.begin(), header.entries.end(),
            [](const TensorEntry& a, const TensorEntry& b) {
              return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
            });
  std::size_t place = 0;
  for (const TensorEntry& entry : header.entries) {
    if (entry.begin != place) {
      fail(ErrorCode::BadFile, where, ": tensor '", entry.name, "' begins at ", entry.begin,
           ", expected ", place);
    }
    place = entry.end;
  }
  if (place != data_bytes) {
    fail(ErrorCode::BadFile, where, ": tensors end at byte ", place, ", the data has ", data_bytes);
  }
}

}  // namespace zoa::detail
