// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/statistics.h"

#include <algorithm>
#include <cmath>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/core/rng.h"
#include "zoa/core/safetensors.h"

namespace zoa {

namespace {

constexpr char kFormat[] = "zoa calibration statistics 1";
constexpr std::size_t kMaxFileBytes = 16ULL << 30U;

std::string find_text(const Safetensors& file, const std::string& key, const std::string& where) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) {
    fail(ErrorCode::BadFile, where, ": no entry '", key, "'; not a calibration file of zoa");
  }
  return found->second;
}

const Tensor& find_tensor(const Safetensors& file,
                          const std::string& key,
                          TensorType type,
                          const std::string& where) {
  const auto found = file.tensors.find(key);
  if (found == file.tensors.end()) {
    fail(ErrorCode::BadFile, where, ": tensor '", key, "' is missing");
  }
  if (found->second.type != type) {
    fail(ErrorCode::BadFile, where, ": tensor '", key, "' is ", to_string(found->second.type),
         "; expected ", to_string(type));
  }
  return found->second;
}

std::size_t find_number(const Safetensors& file, const std::string& key, const std::string& where) {
  const auto values = values_i64(find_tensor(file, key, TensorType::I64, where));
  if (values.size() != 1 || values[0] < 0) {
    fail(ErrorCode::BadFile, where, ": tensor '", key, "': expected one number from 0");
  }
  return static_cast<std::size_t>(values[0]);
}

Tensor number(std::size_t value) {
  const std::int64_t stored = static_cast<std::int64_t>(value);
  return make_tensor(std::span<const std::int64_t>(&stored, 1));
}

std::vector<float> find_floats(const Safetensors& file,
                               const std::string& key,
                               const std::string& where) {
  auto values = values_f32(find_tensor(file, key, TensorType::F32, where));
  if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
    fail(ErrorCode::BadFile, where, ": tensor '", key, "' holds a value that is not finite");
  }
  return values;
}

void put_value(Safetensors& file, const std::string& prefix, const ValueStatistics& value) {
  file.tensors[prefix + ".histogram"] =
      make_tensor(std::span<const double>(value.histogram.pack()));
  file.tensors[prefix + ".channels"] = number(value.channels);
  file.tensors[prefix + ".row_count"] = number(value.row_count);
  file.tensors[prefix + ".rows"] = make_tensor(std::span<const float>(value.rows));
}

ValueStatistics take_value(const Safetensors& file,
                           const std::string& prefix,
                           const std::string& where) {
  ValueStatistics value;
  value.histogram = Histogram::unpack(
      values_f64(find_tensor(file, prefix + ".histogram", TensorType::F64, where)),
      where + ": " + prefix);
  value.channels = find_number(file, prefix + ".channels", where);
  value.row_count = find_number(file, prefix + ".row_count", where);
  value.rows = find_floats(file, prefix + ".rows", where);
  if (value.channels > 0 && value.rows.size() % value.channels != 0) {
    fail(ErrorCode::BadFile, where, ": ", prefix, ".rows: ", value.rows.size(),
         " values do not make rows of ", value.channels);
  }
  return value;
}

void put_moments(Safetensors& file, const std::string& prefix, const MomentStatistics& moments) {
  file.tensors[prefix + ".groups"] = number(moments.groups);
  file.tensors[prefix + ".width"] = number(moments.width);
  file.tensors[prefix + ".second"] = make_tensor(std::span<const float>(moments.second));
  file.tensors[prefix + ".mean"] = make_tensor(std::span<const float>(moments.mean));
}

MomentStatistics take_moments(const Safetensors& file,
                              const std::string& prefix,
                              const std::string& where) {
  MomentStatistics moments;
  moments.groups = find_number(file, prefix + ".groups", where);
  moments.width = find_number(file, prefix + ".width", where);
  moments.second = find_floats(file, prefix + ".second", where);
  moments.mean = find_floats(file, prefix + ".mean", where);
  // Each number by itself first: the products of absurd ones overflow.
  if (moments.groups > moments.mean.size() || moments.width > moments.mean.size() ||
      moments.mean.size() != moments.groups * moments.width ||
      moments.second.size() != moments.mean.size() * moments.width) {
    fail(ErrorCode::BadFile, where, ": ", prefix, ": ", moments.second.size(), " moments and ",
         moments.mean.size(), " means; expected ", moments.groups, " groups of width ",
         moments.width);
  }
  return moments;
}

// Names of the entries "KIND.NAME.LAST".
std::vector<std::string> names_of(const Safetensors& file,
                                  const std::string& kind,
                                  const std::string& last) {
  std::vector<std::string> names;
  for (const auto& [key, tensor] : file.tensors) {
    if (key.size() > kind.size() + last.size() && key.compare(0, kind.size(), kind) == 0 &&
        key.compare(key.size() - last.size(), last.size(), last) == 0) {
      names.push_back(key.substr(kind.size(), key.size() - kind.size() - last.size()));
    }
  }
  return names;
}

}  // namespace

void sample_rows(ValueStatistics& value, const float* rows, std::size_t count, std::uint64_t seed) {
  const Rng random(seed, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const float* row = rows + i * value.channels;
    const std::uint64_t index = value.row_count++;
    if (index < kSampledRows) {
      value.rows.insert(value.rows.end(), row, row + value.channels);
      continue;
    }
    const auto slot =
        static_cast<std::size_t>(random.uniform(index) * static_cast<double>(index + 1));
    if (slot < kSampledRows) {
      std::copy(row, row + value.channels,
                value.rows.begin() + static_cast<std::ptrdiff_t>(slot * value.channels));
    }
  }
}

void save_statistics(const CalibrationStatistics& statistics, const std::string& path) {
  Safetensors file;
  file.metadata["format"] = kFormat;
  file.metadata["model"] = statistics.model_hash;
  file.metadata["data"] = statistics.data;
  file.tensors["images"] = number(statistics.images);
  file.tensors["skipped"] = number(statistics.skipped);
  for (const auto& [name, value] : statistics.values) {
    put_value(file, "value." + name, value);
  }
  for (const auto& [name, moments] : statistics.moments) {
    put_moments(file, "moments." + name, moments);
  }
  write_file_atomic(path, write_safetensors(file));
}

CalibrationStatistics load_statistics(const std::string& path,
                                      const std::string& model_hash,
                                      const std::string& data) {
  const Bytes bytes = read_file(path, kMaxFileBytes);
  const Safetensors file = read_safetensors(bytes, path);
  const std::string format = find_text(file, "format", path);
  if (format != kFormat) {
    fail(ErrorCode::BadFile, path, ": format '", format, "'; expected '", kFormat, "'");
  }
  CalibrationStatistics statistics;
  statistics.model_hash = find_text(file, "model", path);
  statistics.data = find_text(file, "data", path);
  if (statistics.model_hash != model_hash) {
    fail(ErrorCode::StateMismatch, path, ": was collected on a network with hash ",
         statistics.model_hash, ", this one has ", model_hash,
         "; give another --calib-file, or remove this one to collect anew");
  }
  if (statistics.data != data) {
    fail(ErrorCode::StateMismatch, path, ": was collected on ", statistics.data, "; asked for ",
         data, "; give another --calib-file, or remove this one to collect anew");
  }
  statistics.images = find_number(file, "images", path);
  statistics.skipped = find_number(file, "skipped", path);
  for (const std::string& name : names_of(file, "value.", ".histogram")) {
    statistics.values[name] = take_value(file, "value." + name, path);
  }
  for (const std::string& name : names_of(file, "moments.", ".second")) {
    statistics.moments[name] = take_moments(file, "moments." + name, path);
  }
  return statistics;
}

}  // namespace zoa
