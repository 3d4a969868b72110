// SPDX-License-Identifier: Apache-2.0
// What calibration images say of a network, enough for every bit width and search: collected once,
// kept in a file (--calib-file).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "zoa/quantize/histogram.h"

namespace zoa {

/// An activation that some product reads.
struct ValueStatistics {
  Histogram histogram;          ///< of all its values
  std::size_t channels = 0;     ///< 0 where no product has constant weights for it (attention)
  std::vector<float> rows;      ///< (n, channels) values of n random positions; n <= kSampledRows
  std::uint64_t row_count = 0;  ///< positions seen
};

inline constexpr std::size_t kSampledRows = 512;

/// What a product with constant weights reads: one row per image and position (a token, or the
/// patch under a convolution's kernel).
struct MomentStatistics {
  std::size_t groups = 1;     ///< of a grouped convolution
  std::size_t width = 0;      ///< inputs of one output channel
  std::vector<float> second;  ///< (groups, width, width) mean of x x^T
  std::vector<float> mean;    ///< (groups, width)
};

struct CalibrationStatistics {
  std::string model_hash;  ///< of the network's file
  std::string data;        ///< the images: names, sizes, labels, preprocessing, number
  std::size_t images = 0;
  std::size_t skipped = 0;                          ///< could not be decoded
  std::map<std::string, ValueStatistics> values;    ///< by value_key
  std::map<std::string, MomentStatistics> moments;  ///< by moments_key
};

/// Adds rows (count, channels) to the sample: every row seen so far has the same chance to be in it
/// (reservoir sampling, Vitter 1985, algorithm R), by counter-based random numbers.
void sample_rows(ValueStatistics& value, const float* rows, std::size_t count, std::uint64_t seed);

/// One file, atomically replaced. Throws  Io.
void save_statistics(const CalibrationStatistics& statistics, const std::string& path);

/// Throws  Io, BadFile; StateMismatch if it belongs to another network or other images.
CalibrationStatistics load_statistics(const std::string& path,
                                      const std::string& model_hash,
                                      const std::string& data);

}  // namespace zoa
