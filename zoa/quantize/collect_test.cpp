// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>
#include <openvino/openvino.hpp>

#include "zoa/core/error.h"
#include "zoa/core/rng.h"
#include "zoa/graph/import_ov.h"
#include "zoa/graph/toy_graphs_ov.h"
#include "zoa/quantize/collect_ov.h"
#include "zoa/quantize/test_images.h"

namespace zoa {
namespace {

namespace op = ov::op;
using toy::Value;
using Floats = std::vector<float>;

constexpr int kSide = 8;
constexpr std::size_t kImages = 10;

Value weights(const ov::Shape& shape, std::uint64_t seed) {
  const Rng rng(seed, 0);
  Floats values(ov::shape_size(shape));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(0.4 * rng.normal(i));
  }
  return make_constant(shape, values)->output(0);
}

// A window over a map, as the products of the network below have it.
struct Window {
  const char* name;
  std::size_t groups;
  std::size_t side;
  std::size_t stride;
  std::size_t pad;
};

template <class Convolution>
Value convolve(const Value& input, const Value& kernels, const Window& window) {
  const auto pad = static_cast<std::ptrdiff_t>(window.pad);
  const auto node = std::make_shared<Convolution>(
      input, kernels, ov::Strides{window.stride, window.stride}, ov::CoordinateDiff{pad, pad},
      ov::CoordinateDiff{pad, pad}, ov::Strides{1, 1});
  node->set_friendly_name(window.name);
  return node->output(0);
}

Value relu(const Value& input, const char* name) {
  const auto node = std::make_shared<op::v0::Relu>(input);
  node->set_friendly_name(name);
  return node->output(0);
}

constexpr Window kWindows[] = {{"strided", 1, 3, 2, 1},
                               {"depthwise", 4, 3, 1, 1},
                               {"grouped", 2, 2, 1, 0},
                               {"point", 1, 1, 1, 0},
                               {"point_strided", 1, 1, 2, 0}};

// Convolutions of each kind one after the other, then linear layers on tokens; what each reads is
// named "before_NAME".
std::shared_ptr<ov::Model> make_network() {
  const auto input = toy::parameter({-1, 3, kSide, kSide});
  Value value = relu(input, "before_strided");
  value = convolve<op::v1::Convolution>(value, weights({4, 3, 3, 3}, 1), kWindows[0]);
  value = relu(value, "before_depthwise");
  value = convolve<op::v1::GroupConvolution>(value, weights({4, 1, 1, 3, 3}, 2), kWindows[1]);
  value = relu(value, "before_grouped");
  value = convolve<op::v1::GroupConvolution>(value, weights({2, 3, 2, 2, 2}, 3), kWindows[2]);
  value = relu(value, "before_point");
  value = convolve<op::v1::Convolution>(value, weights({8, 6, 1, 1}, 4), kWindows[3]);
  value = relu(value, "before_point_strided");
  value = convolve<op::v1::Convolution>(value, weights({5, 8, 1, 1}, 5), kWindows[4]);
  const auto turned = std::make_shared<op::v1::Transpose>(value, make_indices({0, 2, 3, 1}));
  const auto tokens = std::make_shared<op::v1::Reshape>(turned, make_indices({0, -1, 5}), true);
  tokens->set_friendly_name("before_linear");
  const auto one = std::make_shared<op::v0::MatMul>(tokens, weights({5, 6}, 6));
  one->set_friendly_name("linear");
  const auto two = std::make_shared<op::v0::MatMul>(tokens, weights({6, 5}, 7), false, true);
  two->set_friendly_name("linear_turned");
  const auto sum = std::make_shared<op::v1::Add>(one, two);
  return toy::model(std::make_shared<op::v1::ReduceMean>(sum, make_indices({1}), false)->output(0),
                    {input});
}

CalibrationData calibration(const Dataset& data, std::int64_t batch, std::int64_t threads) {
  QuantizeOptions options;
  options.batch = batch;
  options.threads = threads;
  return {data, 0, preset("inception", kSide, kSide), options, {}};
}

CalibrationStatistics collect(const std::shared_ptr<ov::Model>& network,
                              const Dataset& data,
                              std::int64_t batch = 4,
                              std::int64_t threads = 1) {
  return collect_statistics(network, calibration(data, batch, threads));
}

struct Map {
  Floats values;
  ov::Shape shape;

  float at(std::size_t n, std::size_t c, std::ptrdiff_t y, std::ptrdiff_t x) const {
    const auto height = static_cast<std::ptrdiff_t>(shape[2]);
    const auto width = static_cast<std::ptrdiff_t>(shape[3]);
    if (y < 0 || x < 0 || y >= height || x >= width) {
      return 0.0F;
    }
    const auto place = static_cast<std::size_t>(y * width + x);
    return values[(n * shape[1] + c) * shape[2] * shape[3] + place];
  }
};

// The named value on all calibration images, in the order in which they come.
Map watch(const std::shared_ptr<ov::Model>& network, const Dataset& data, const std::string& name) {
  const auto copy = with_batch(network, data.size(0));
  Value value;
  for (const auto& node : copy->get_ops()) {
    value = node->get_friendly_name() == name ? node->output(0) : value;
  }
  if (value.get_node() == nullptr) {
    throw std::invalid_argument(name);
  }
  auto request = runtime_core()
                     .compile_model(toy::model(value, copy->get_parameters()), "CPU",
                                    {{"INFERENCE_PRECISION_HINT", "f32"}})
                     .create_infer_request();
  for_each_batch(calibration(data, 1, 1), data.size(0), "test", [&](const Batch& batch) {
    std::copy(batch.pixels.begin(), batch.pixels.end(), request.get_input_tensor().data<float>());
  });
  request.infer();
  const ov::Tensor found = request.get_output_tensor();
  return {Floats(found.data<const float>(), found.data<const float>() + found.get_size()),
          found.get_shape()};
}

void expect_near(const Floats& found, const std::vector<double>& wanted, const std::string& what) {
  ASSERT_EQ(found.size(), wanted.size()) << what;
  double most = 0;
  for (const double value : wanted) {
    most = std::max(most, std::abs(value));
  }
  EXPECT_GT(most, 1e-3) << what;
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], wanted[i], 2e-5 * most) << what << " " << i;
  }
}

// Moments of rows of one group each; `rows` holds (groups, n, width).
void expect_moments(const MomentStatistics& found,
                    const std::vector<std::vector<Floats>>& rows,
                    const std::string& what) {
  const std::size_t width = rows[0][0].size();
  EXPECT_EQ(found.groups, rows.size()) << what;
  EXPECT_EQ(found.width, width) << what;
  std::vector<double> second;
  std::vector<double> mean;
  for (const auto& group : rows) {
    std::vector<double> sums(width * width, 0.0);
    std::vector<double> sum(width, 0.0);
    for (const Floats& row : group) {
      for (std::size_t a = 0; a < width; ++a) {
        sum[a] += static_cast<double>(row[a]) / static_cast<double>(group.size());
        for (std::size_t b = 0; b < width; ++b) {
          sums[a * width + b] += static_cast<double>(row[a]) * static_cast<double>(row[b]) /
                                 static_cast<double>(group.size());
        }
      }
    }
    second.insert(second.end(), sums.begin(), sums.end());
    mean.insert(mean.end(), sum.begin(), sum.end());
  }
  expect_near(found.second, second, what + " second");
  expect_near(found.mean, mean, what + " mean");
}

// Patches under the window, channels of a group first, then positions of the kernel.
std::vector<std::vector<Floats>> patches(const Map& map, const Window& window) {
  const std::size_t channels = map.shape[1] / window.groups;
  const std::size_t height = (map.shape[2] + 2 * window.pad - window.side) / window.stride + 1;
  const std::size_t width = (map.shape[3] + 2 * window.pad - window.side) / window.stride + 1;
  std::vector<std::vector<Floats>> rows(window.groups);
  for (std::size_t i = 0; i < map.shape[0] * height * width; ++i) {
    const auto top = static_cast<std::ptrdiff_t>(i / width % height * window.stride) -
                     static_cast<std::ptrdiff_t>(window.pad);
    const auto left = static_cast<std::ptrdiff_t>(i % width * window.stride) -
                      static_cast<std::ptrdiff_t>(window.pad);
    for (std::size_t g = 0; g < window.groups; ++g) {
      Floats row;
      for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t k = 0; k < window.side * window.side; ++k) {
          row.push_back(map.at(i / width / height, g * channels + c,
                               top + static_cast<std::ptrdiff_t>(k / window.side),
                               left + static_cast<std::ptrdiff_t>(k % window.side)));
        }
      }
      rows[g].push_back(row);
    }
  }
  return rows;
}

TEST(CollectStatistics, MomentsAreThoseOfThePatches) {
  const test::RandomImages data(kImages, kSide);
  const auto network = make_network();
  const CalibrationStatistics statistics = collect(network, data);
  EXPECT_EQ(statistics.images, kImages);
  EXPECT_EQ(statistics.skipped, 0U);
  EXPECT_EQ(statistics.moments.size(), 6U);  // both linear layers read one value
  for (const Window& window : kWindows) {
    const Map map = watch(network, data, std::string("before_") + window.name);
    expect_moments(statistics.moments.at(window.name), patches(map, window), window.name);
  }
  const Map tokens = watch(network, data, "before_linear");
  std::vector<std::vector<Floats>> rows(1);
  for (std::size_t i = 0; i < tokens.values.size(); i += 5) {
    rows[0].emplace_back(tokens.values.begin() + static_cast<std::ptrdiff_t>(i),
                         tokens.values.begin() + static_cast<std::ptrdiff_t>(i) + 5);
  }
  expect_moments(statistics.moments.at("before_linear:0"), rows, "linear");
}

// Few enough positions: the sample holds every one, in order.
TEST(CollectStatistics, RowsAreTheChannelsOfEachPosition) {
  const test::RandomImages data(4, kSide);
  const auto network = make_network();
  const CalibrationStatistics statistics = collect(network, data);
  for (const Window& window : kWindows) {
    const std::string name = std::string("before_") + window.name;
    const Map map = watch(network, data, name);
    const ValueStatistics& value = statistics.values.at(name + ":0");
    const std::size_t channels = map.shape[1];
    const std::size_t positions = map.shape[2] * map.shape[3];
    EXPECT_EQ(value.channels, channels);
    EXPECT_EQ(value.row_count, 4 * positions);
    EXPECT_EQ(value.histogram.count(), map.values.size());
    ASSERT_EQ(value.rows.size(), map.values.size());
    for (std::size_t i = 0; i < value.rows.size(); ++i) {
      const std::size_t row = i / channels;
      EXPECT_NEAR(
          value.rows[i],
          map.values[(row / positions * channels + i % channels) * positions + row % positions],
          1e-5F)
          << name << " " << i;
    }
  }
  const Map tokens = watch(network, data, "before_linear");
  const ValueStatistics& value = statistics.values.at("before_linear:0");
  EXPECT_EQ(value.channels, 5U);
  EXPECT_LE(toy::difference(value.rows, tokens.values), 1e-5F);
}

// (B, 3 heads, 8 tokens, 8 channels), the second factor as it is or with channels before tokens.
TEST(CollectStatistics, AttentionRowsAreTheChannelsOfAllHeads) {
  for (const bool channels_last : {true, false}) {
    const auto input = toy::parameter({-1, 3, kSide, kSide});
    const Value query = relu(input, "query");
    const auto key = std::make_shared<op::v0::Abs>(input);
    key->set_friendly_name("key");
    const auto scores = std::make_shared<op::v0::MatMul>(query, key, false, channels_last);
    const auto network = toy::model(scores->output(0), {input});
    const test::RandomImages data(4, kSide);
    const CalibrationStatistics statistics = collect(network, data);
    EXPECT_TRUE(statistics.moments.empty());
    for (const std::string name : {"query", "key"}) {
      const Map map = watch(network, data, name);
      const ValueStatistics& value = statistics.values.at(name + ":0");
      ASSERT_EQ(value.channels, 24U) << name;
      ASSERT_EQ(value.rows.size(), map.values.size()) << name;
      const bool last = channels_last || name == "query";
      for (std::size_t i = 0; i < value.rows.size(); ++i) {
        const std::size_t token = i / 24 % 8;
        const std::size_t channel = i % 8;
        const auto y = static_cast<std::ptrdiff_t>(last ? token : channel);
        const auto x = static_cast<std::ptrdiff_t>(last ? channel : token);
        ASSERT_EQ(value.rows[i], map.at(i / 24 / 8, i % 24 / 8, y, x)) << name << " " << i;
      }
    }
  }
}

// The runtime's reshape joins a transpose and the product behind it; then the last axis of the
// input is not the channels.
TEST(CollectStatistics, ProductsThatTransposeTheirInputStayFloat) {
  const auto input = toy::parameter({-1, 3, kSide, kSide});
  const auto rows = std::make_shared<op::v1::Reshape>(input, make_indices({0, 12, 16}), true);
  const auto turned = std::make_shared<op::v1::Transpose>(rows, make_indices({0, 2, 1}));
  const auto product = std::make_shared<op::v0::MatMul>(turned, weights({12, 5}, 1));
  const auto behind = std::make_shared<op::v0::MatMul>(relu(product, "tokens"), weights({5, 4}, 2));
  const auto network = toy::model(behind->output(0), {input});
  network->reshape(ov::PartialShape{-1, 3, kSide, kSide});
  const auto products = find_products(network);
  ASSERT_EQ(products.size(), 2U);
  ASSERT_EQ(toy::count(*network, "Transpose"), 0U);
  EXPECT_NE(products[0].reason.find("transposes"), std::string::npos) << products[0].reason;
  EXPECT_EQ(products[1].reason, "");
  const CalibrationStatistics statistics = collect(network, test::RandomImages(4, kSide));
  EXPECT_EQ(statistics.values.size(), 1U);
  EXPECT_EQ(statistics.moments.count("tokens:0"), 1U);
}

TEST(CollectStatistics, DoesNotDependOnTheBatch) {
  const test::RandomImages data(kImages, kSide);
  const auto network = make_network();
  const CalibrationStatistics one = collect(network, data, 1);
  for (const std::int64_t batch : {3, 8}) {  // the last pass is smaller
    const CalibrationStatistics other = collect(network, data, batch);
    for (const auto& [name, moments] : one.moments) {
      const MomentStatistics& found = other.moments.at(name);
      expect_near(found.second, {moments.second.begin(), moments.second.end()}, name);
      expect_near(found.mean, {moments.mean.begin(), moments.mean.end()}, name);
    }
    for (const auto& [name, value] : one.values) {
      const ValueStatistics& found = other.values.at(name);
      EXPECT_EQ(found.row_count, value.row_count) << name;
      EXPECT_EQ(found.histogram.count(), value.histogram.count()) << name;
      EXPECT_LE(toy::difference(found.rows, value.rows), 1e-5F) << name;
    }
    EXPECT_EQ(other.values.at("before_strided:0").histogram.pack(),
              one.values.at("before_strided:0").histogram.pack());
  }
}

TEST(CollectStatistics, DoesNotDependOnThreads) {
  const test::RandomImages data(kImages, kSide);
  const auto network = make_network();
  const CalibrationStatistics one = collect(network, data, 4, 1);
  const CalibrationStatistics two = collect(network, data, 4, 2);
  for (const auto& [name, moments] : one.moments) {
    EXPECT_EQ(two.moments.at(name).second, moments.second) << name;
    EXPECT_EQ(two.moments.at(name).mean, moments.mean) << name;
  }
  for (const auto& [name, value] : one.values) {
    EXPECT_EQ(two.values.at(name).rows, value.rows) << name;
    EXPECT_EQ(two.values.at(name).histogram.pack(), value.histogram.pack()) << name;
  }
}

TEST(CollectStatistics, LeavesSpoiltImagesOut) {
  test::RandomImages data(kImages, kSide);
  data.spoil({2, 7});
  const CalibrationStatistics statistics = collect(make_network(), data);
  EXPECT_EQ(statistics.images, kImages - 2);
  EXPECT_EQ(statistics.skipped, 2U);
  EXPECT_EQ(statistics.values.at("before_strided:0").row_count, (kImages - 2) * kSide * kSide);
}

TEST(CollectStatistics, RefusesNetworksWithNaNs) {
  const auto input = toy::parameter({-1, 3, kSide, kSide});
  const auto root = std::make_shared<op::v0::Sqrt>(input);  // pixels are -1 .. 1
  root->set_friendly_name("root");
  const auto network = toy::model(
      convolve<op::v1::Convolution>(root, weights({4, 3, 3, 3}, 1), kWindows[0]), {input});
  try {
    collect(network, test::RandomImages(4, kSide));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::UnsupportedModel);
    EXPECT_NE(std::string(error.what()).find("'root:0'"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace zoa
