// SPDX-License-Identifier: Apache-2.0
// The corruptions against their authors' package (tests/data/corruptions, made by
// tools/make_golden_corruptions.py): those without chance pixel by pixel, the others by how much
// they change pictures, for every severity of both profiles.
#include <cmath>
#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "zoa/corrupt/corrupt.h"
#include "zoa/data/npy.h"

namespace zoa {
namespace {

const std::string kFolder = std::string(ZOA_SOURCE_DIR) + "/tests/data/corruptions/";
constexpr std::size_t kSeverities = 5;

// docs/design/corruptions.md: two grey levels; one value in a thousand may be further away.
constexpr int kLevels = 2;
constexpr double kShare = 0.001;
// Mean change: of the reference, plus four standard errors of both means.
constexpr double kMeanBand = 0.03;
constexpr double kFrostBand = 0.12;  // pictures of ice that are made, against photographs
constexpr std::uint64_t kDraws = 60;

const NpzFile& pictures() {
  static const NpzFile kFile(kFolder + "pictures.npz");
  return kFile;
}

const nlohmann::json& statistics() {
  static const nlohmann::json kJson =
      nlohmann::json::parse(std::ifstream(kFolder + "statistics.json"));
  return kJson;
}

std::vector<Image> load_pictures(const std::string& name) {
  const NpyArray array = pictures().load(name);
  const std::vector<std::size_t>& shape = array.header.shape;  // (..., H, W, 3)
  const std::size_t height = shape[shape.size() - 3];
  const std::size_t width = shape[shape.size() - 2];
  std::vector<Image> images;
  for (std::size_t at = 0; at < array.bytes.size(); at += height * width * 3) {
    Image image(static_cast<int>(width), static_cast<int>(height));
    std::copy_n(array.bytes.begin() + static_cast<std::ptrdiff_t>(at), image.rgb.size(),
                image.rgb.begin());
    images.push_back(std::move(image));
  }
  return images;
}

double mean_change(const Image& a, const Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) {
    sum += std::abs(a.rgb[i] - b.rgb[i]);
  }
  return sum / static_cast<double>(a.rgb.size());
}

double share_beyond(const Image& a, const Image& b, int levels) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) {
    count += std::abs(a.rgb[i] - b.rgb[i]) > levels ? 1 : 0;
  }
  return static_cast<double>(count) / static_cast<double>(a.rgb.size());
}

class CorruptionsLikeTheirAuthors : public testing::TestWithParam<std::string> {
 protected:
  Profile profile() const { return GetParam() == "cifar" ? Profile::Cifar : Profile::ImageNet; }
};

TEST_P(CorruptionsLikeTheirAuthors, PixelByPixelWithoutChance) {
  const std::vector<Image> clean = load_pictures(GetParam());
  for (const std::string name : statistics()["fixed"]) {
    const std::vector<Image> expected = load_pictures(GetParam() + "_" + name);
    ASSERT_EQ(expected.size(), kSeverities * clean.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const int severity = static_cast<int>(i / clean.size()) + 1;
      const Image made = corrupt(clean[i % clean.size()], name, severity, profile(), 0);
      EXPECT_LE(share_beyond(made, expected[i], kLevels), kShare) << name << " " << severity;
    }
  }
}

TEST_P(CorruptionsLikeTheirAuthors, AsStrongOnAverageWhereThereIsChance) {
  const std::vector<Image> clean = load_pictures(GetParam());
  const double repeats = statistics()["repeats"];
  for (const auto& [name, rows] : statistics()[GetParam()].items()) {
    for (std::size_t i = 0; i < kSeverities * clean.size(); ++i) {
      const std::size_t level = i / clean.size();
      const Image& picture = clean[i % clean.size()];
      double sum = 0;
      double squares = 0;
      for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
        const double change = mean_change(
            picture, corrupt(picture, name, static_cast<int>(level) + 1, profile(), draw));
        sum += change;
        squares += change * change;
      }
      const double mean = sum / kDraws;
      const double variance = std::max(squares / kDraws - mean * mean, 0.0);
      const double expected = rows[level][i % clean.size()][0];
      const double deviation = rows[level][i % clean.size()][1];
      const double error = std::sqrt(variance / kDraws + deviation * deviation / repeats);
      const double band = name == "frost" ? kFrostBand : kMeanBand;
      EXPECT_NEAR(mean, expected, band * expected + 4 * error) << name << " " << level + 1;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Profiles,
                         CorruptionsLikeTheirAuthors,
                         testing::Values("imagenet", "cifar"),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace zoa
