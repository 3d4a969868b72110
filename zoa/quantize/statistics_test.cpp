// SPDX-License-Identifier: Apache-2.0
#include "zoa/quantize/statistics.h"

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"
#include "zoa/core/safetensors.h"
#include "zoa/core/test_folder.h"

namespace zoa {
namespace {

constexpr char kModel[] = "0123abc";
constexpr char kData[] = "images:somewhere (calib, 5 images)";

std::vector<float> numbered_rows(std::size_t count) {
  std::vector<float> rows;
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<float>(i);
    rows.insert(rows.end(), {number, -number, 3 * number});
  }
  return rows;
}

ValueStatistics three_channels() {
  ValueStatistics value;
  value.channels = 3;
  return value;
}

TEST(SampleRows, KeepsTheFirstRowsAsTheyAre) {
  ValueStatistics value = three_channels();
  const auto rows = numbered_rows(kSampledRows);
  sample_rows(value, rows.data(), kSampledRows, 1);
  EXPECT_EQ(value.rows, rows);
  EXPECT_EQ(value.row_count, kSampledRows);
}

TEST(SampleRows, KeepsWholeRowsEachOnce) {
  ValueStatistics value = three_channels();
  const auto rows = numbered_rows(3000);
  sample_rows(value, rows.data(), 3000, 2);
  ASSERT_EQ(value.rows.size(), 3 * kSampledRows);
  EXPECT_EQ(value.row_count, 3000U);
  std::vector<bool> seen(3000, false);
  for (std::size_t i = 0; i < value.rows.size(); i += 3) {
    const float number = value.rows[i];
    EXPECT_EQ(value.rows[i + 1], -number);
    EXPECT_EQ(value.rows[i + 2], 3 * number);
    EXPECT_FALSE(seen[static_cast<std::size_t>(number)]) << number;
    seen[static_cast<std::size_t>(number)] = true;
  }
}

TEST(SampleRows, DoesNotDependOnHowRowsArrive) {
  const std::size_t count = 2000;
  const auto rows = numbered_rows(count);
  ValueStatistics whole = three_channels();
  sample_rows(whole, rows.data(), count, 3);
  for (const std::size_t piece : {1U, 7U, 100U, 513U}) {
    ValueStatistics value = three_channels();
    for (std::size_t done = 0; done < count; done += piece) {
      sample_rows(value, rows.data() + 3 * done, std::min(piece, count - done), 3);
    }
    EXPECT_EQ(value.rows, whole.rows) << piece;
    EXPECT_EQ(value.row_count, count) << piece;
  }
  ValueStatistics other = three_channels();
  sample_rows(other, rows.data(), count, 4);
  EXPECT_NE(other.rows, whole.rows);
}

// 300 seeds; every sixteenth of 4096 rows has 32 of 512 places, with a variance of
// 512 / 16 * 15 / 16 * (4096 - 512) / 4095.
TEST(SampleRows, EveryRowHasTheSameChance) {
  constexpr std::size_t kRows = 4096;
  constexpr std::size_t kSeeds = 300;
  std::vector<float> rows(kRows);
  for (std::size_t i = 0; i < kRows; ++i) {
    rows[i] = static_cast<float>(i);
  }
  std::vector<double> counts(16, 0.0);
  for (std::size_t seed = 0; seed < kSeeds; ++seed) {
    ValueStatistics value;
    value.channels = 1;
    sample_rows(value, rows.data(), kRows, seed);
    for (const float row : value.rows) {
      counts[static_cast<std::size_t>(row) / (kRows / 16)] += 1;
    }
  }
  const double deviation = std::sqrt(kSeeds * 512.0 / 16 * 15 / 16 * (4096 - 512) / 4095);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    EXPECT_NEAR(counts[i], kSeeds * 32.0, 4.5 * deviation) << i;
  }
}

CalibrationStatistics some_statistics() {
  CalibrationStatistics statistics;
  statistics.model_hash = kModel;
  statistics.data = kData;
  statistics.images = 5;
  statistics.skipped = 2;
  const Rng rng(7, 0);
  ValueStatistics value = three_channels();
  std::vector<float> rows;
  for (std::size_t i = 0; i < 3 * 700; ++i) {
    rows.push_back(static_cast<float>(rng.normal(i)));
  }
  value.histogram.add(rows);
  sample_rows(value, rows.data(), 700, 1);
  statistics.values["/blocks.0/MatMul:0"] = value;
  ValueStatistics attention;
  attention.histogram.add(std::vector<float>{-1e-9F, 4e7F});
  statistics.values["name with.rows:1"] = attention;
  statistics.moments["/blocks.0/MatMul:0"] = {1, 2, {1.0F, 0.1F, 0.1F, 1e-42F}, {0.3F, -0.0F}};
  statistics.moments["stem.conv"] = {2, 1, {3.0F, 4.0F}, {5.0F, 1.0F / 3}};
  return statistics;
}

CalibrationStatistics load(const std::string& path) {
  return load_statistics(path, kModel, kData);
}

TEST(StatisticsFile, ComesBackBitForBit) {
  const TestFolder folder;
  const std::string path = folder.file("calib");
  const CalibrationStatistics before = some_statistics();
  save_statistics(before, path);
  const CalibrationStatistics after = load(path);
  EXPECT_EQ(after.model_hash, kModel);
  EXPECT_EQ(after.data, kData);
  EXPECT_EQ(after.images, 5U);
  EXPECT_EQ(after.skipped, 2U);
  ASSERT_EQ(after.values.size(), 2U);
  for (const auto& [name, value] : before.values) {
    const ValueStatistics& found = after.values.at(name);
    EXPECT_EQ(found.histogram.pack(), value.histogram.pack()) << name;
    EXPECT_EQ(found.channels, value.channels) << name;
    EXPECT_EQ(found.rows, value.rows) << name;
    EXPECT_EQ(found.row_count, value.row_count) << name;
  }
  ASSERT_EQ(after.moments.size(), 2U);
  for (const auto& [name, moments] : before.moments) {
    const MomentStatistics& found = after.moments.at(name);
    EXPECT_EQ(found.groups, moments.groups) << name;
    EXPECT_EQ(found.width, moments.width) << name;
    EXPECT_EQ(found.second, moments.second) << name;
    EXPECT_EQ(found.mean, moments.mean) << name;
  }
  save_statistics(after, folder.file("again"));
  EXPECT_EQ(read_file(folder.file("again"), 1U << 30U), read_file(path, 1U << 30U));
  EXPECT_EQ(folder.count_files(), 2U);
}

class DamagedStatistics : public testing::Test {
 protected:
  DamagedStatistics() { save_statistics(some_statistics(), path_); }

  void expect_error(ErrorCode code, const std::vector<std::string>& parts) const {
    expect_error_of([&] { load(path_); }, code, parts);
  }
  void expect_error_of(const std::function<void()>& call,
                       ErrorCode code,
                       const std::vector<std::string>& parts) const {
    try {
      call();
      ADD_FAILURE() << "no error; expected one with " << parts.front();
    } catch (const Error& error) {
      const std::string text = error.what();
      EXPECT_EQ(error.code(), code) << text;
      EXPECT_NE(text.find(path_), std::string::npos) << text;
      for (const std::string& part : parts) {
        EXPECT_NE(text.find(part), std::string::npos) << text << "\nwithout " << part;
      }
    }
  }

  // The file with its content changed by `change`, well-formed otherwise.
  void rewrite(const std::function<void(Safetensors&)>& change) const {
    save_statistics(some_statistics(), path_);
    Safetensors file = read_safetensors(read_file(path_, 1U << 30U), path_);
    change(file);
    write_file_atomic(path_, write_safetensors(file));
  }

  TestFolder folder_;
  std::string path_ = folder_.file("calib");
};

TEST_F(DamagedStatistics, OtherNetworkOrImages) {
  expect_error_of([&] { load_statistics(path_, "fff", kData); }, ErrorCode::StateMismatch,
                  {"network", "fff", kModel, "--calib-file"});
  expect_error_of([&] { load_statistics(path_, kModel, "npz:else"); }, ErrorCode::StateMismatch,
                  {"npz:else", kData, "--calib-file"});
}

TEST_F(DamagedStatistics, Missing) {
  std::filesystem::remove(path_);
  expect_error(ErrorCode::Io, {});
}

TEST_F(DamagedStatistics, CannotBeWritten) {
  path_ = folder_.file("nowhere/calib");
  expect_error_of([&] { save_statistics(some_statistics(), path_); }, ErrorCode::Io, {});
}

TEST_F(DamagedStatistics, CutOffAnywhere) {
  const Bytes whole = read_file(path_, 1U << 30U);
  const std::size_t most = whole.size();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, std::size_t{8}, std::size_t{100}, most / 2, most - 1}) {
    write_file_atomic(path_, std::span(whole).first(size));
    expect_error(ErrorCode::BadFile, {});
  }
}

TEST_F(DamagedStatistics, NotOfOurs) {
  folder_.put("calib", "this is no calibration file at all");
  expect_error(ErrorCode::LimitExceeded, {"header"});
  rewrite([](Safetensors& file) { file.metadata.clear(); });
  expect_error(ErrorCode::BadFile, {"format", "not a calibration file"});
  rewrite([](Safetensors& file) { file.metadata["format"] = "zoa state 1"; });
  expect_error(ErrorCode::BadFile, {"zoa state 1", "zoa calibration statistics 1"});
  rewrite([](Safetensors& file) { file.metadata.erase("model"); });
  expect_error(ErrorCode::BadFile, {"model"});
}

TEST_F(DamagedStatistics, EveryTensorIsMissed) {
  const Safetensors whole = read_safetensors(read_file(path_, 1U << 30U), path_);
  for (const auto& [key, tensor] : whole.tensors) {
    if (key.ends_with(".histogram") || key.ends_with(".second")) {
      continue;  // without these, the entry itself is not there
    }
    rewrite([&](Safetensors& file) { file.tensors.erase(key); });
    expect_error(ErrorCode::BadFile, {key, "missing"});
  }
}

TEST_F(DamagedStatistics, EveryTensorHasItsType) {
  const Safetensors whole = read_safetensors(read_file(path_, 1U << 30U), path_);
  for (const auto& [key, tensor] : whole.tensors) {
    rewrite([&](Safetensors& file) {
      file.tensors[key] = make_tensor(std::span<const std::uint8_t>(tensor.bytes));
    });
    expect_error(ErrorCode::BadFile, {key});
  }
}

Tensor floats(const std::vector<float>& values) {
  return make_tensor(std::span<const float>(values));
}
Tensor number(std::int64_t value) {
  return make_tensor(std::span<const std::int64_t>(&value, 1));
}

TEST_F(DamagedStatistics, NumbersThatDoNotFit) {
  const std::string value = "value./blocks.0/MatMul:0";
  const std::string moments = "moments.stem.conv";
  const std::pair<std::string, Tensor> changes[] = {
      {"images", number(-1)},
      {value + ".channels", number(-3)},
      {value + ".channels", number(7)},
      {value + ".rows", floats({1.0F, 2.0F})},
      {value + ".rows", floats({1.0F, 2.0F, std::numeric_limits<float>::quiet_NaN()})},
      {value + ".histogram", make_tensor(std::span<const double>(std::vector<double>(9, 1.0)))},
      {moments + ".groups", number(1)},
      {moments + ".width", number(2)},
      {moments + ".mean", floats({1.0F})},
      {moments + ".second", floats({1.0F})},
      {moments + ".second", floats({1.0F, std::numeric_limits<float>::infinity()})},
  };
  for (const auto& [key, tensor] : changes) {
    SCOPED_TRACE(key);
    rewrite([&](Safetensors& file) { file.tensors[key] = tensor; });
    expect_error(ErrorCode::BadFile, {});
  }
}

TEST_F(DamagedStatistics, SizesWhoseProductOverflows) {
  rewrite([](Safetensors& file) {
    const std::string moments = "moments.stem.conv";
    file.tensors[moments + ".groups"] = number(std::int64_t{1} << 32);
    file.tensors[moments + ".width"] = number(std::int64_t{1} << 32);
    file.tensors[moments + ".mean"] = floats({});
    file.tensors[moments + ".second"] = floats({});
  });
  expect_error(ErrorCode::BadFile, {"stem.conv"});
}

TEST(HistogramPack, ComesBackAndGoesOn) {
  const Rng rng(3, 0);
  std::vector<float> values{std::numeric_limits<float>::infinity()};
  for (std::size_t i = 0; i < 1000; ++i) {
    values.push_back(static_cast<float>(3 * rng.normal(i)));
  }
  Histogram whole;
  whole.add(values);
  Histogram half;
  half.add(std::span(values).first(400));
  Histogram back = Histogram::unpack(half.pack(), "here");
  EXPECT_EQ(back.pack(), half.pack());
  EXPECT_EQ(back.min(), half.min());
  EXPECT_EQ(back.max(), half.max());
  EXPECT_EQ(back.count(), 399U);
  EXPECT_EQ(back.non_finite(), 1U);
  EXPECT_EQ(back.bin_width(), half.bin_width());
  back.add(std::span(values).subspan(400));
  EXPECT_EQ(back.pack(), whole.pack());
  EXPECT_EQ(back.non_finite(), 1U);
}

TEST(HistogramPack, RefusesOtherRows) {
  Histogram histogram;
  histogram.add(std::vector<float>{1.0F});
  std::vector<double> row = histogram.pack();
  row.pop_back();
  EXPECT_THROW(Histogram::unpack(row, "here"), Error);
  row.push_back(NAN);
  EXPECT_THROW(Histogram::unpack(row, "here"), Error);
  EXPECT_THROW(Histogram::unpack({}, "here"), Error);
}

}  // namespace
}  // namespace zoa
