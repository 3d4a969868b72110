// SPDX-License-Identifier: Apache-2.0
// The table of corruptions: published order, then the four validation ones.
#include <algorithm>
#include <array>
#include <iterator>

#include "zoa/core/error.h"
#include "zoa/core/nearest.h"
#include "zoa/corrupt/families.h"

namespace zoa {
namespace {

constexpr int kCifarBelow = 64;  // pixels; between the two published sizes, 32 and 224

struct Row {
  const char* name;
  const char* group;
  bool validation;
  Image (*apply)(const Image&, const detail::Setting&);
};

constexpr std::array<Row, 19> kRows{{
    {"gaussian_noise", "noise", false, detail::gaussian_noise},
    {"shot_noise", "noise", false, detail::shot_noise},
    {"impulse_noise", "noise", false, detail::impulse_noise},
    {"defocus_blur", "blur", false, detail::defocus_blur},
    {"glass_blur", "blur", false, detail::glass_blur},
    {"motion_blur", "blur", false, detail::motion_blur},
    {"zoom_blur", "blur", false, detail::zoom_blur},
    {"snow", "weather", false, detail::snow},
    {"frost", "weather", false, detail::frost},
    {"fog", "weather", false, detail::fog},
    {"brightness", "weather", false, detail::brightness},
    {"contrast", "digital", false, detail::contrast},
    {"elastic_transform", "digital", false, detail::elastic_transform},
    {"pixelate", "digital", false, detail::pixelate},
    {"jpeg_compression", "digital", false, detail::jpeg_compression},
    {"speckle_noise", "noise", true, detail::speckle_noise},
    {"gaussian_blur", "blur", true, detail::gaussian_blur},
    {"spatter", "weather", true, detail::spatter},
    {"saturate", "digital", true, detail::saturate},
}};

const Row& find_row(const std::string& name) {
  const auto found =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& row) { return name == row.name; });
  if (found == kRows.end()) {
    std::vector<std::string> known;
    std::transform(kRows.begin(), kRows.end(), std::back_inserter(known),
                   [](const Row& row) { return std::string(row.name); });
    fail(ErrorCode::InvalidArgument, unknown_name_text("corruption", name, known));
  }
  return *found;
}

}  // namespace

const std::vector<CorruptionInfo>& list_corruptions() {
  static const std::vector<CorruptionInfo> kList = [] {
    std::vector<CorruptionInfo> infos;
    infos.reserve(kRows.size());
    for (const Row& row : kRows) {
      infos.push_back({row.name, row.group, row.validation});
    }
    return infos;
  }();
  return kList;
}

Profile choose_profile(const Image& image) noexcept {
  return std::min(image.width, image.height) < kCifarBelow ? Profile::Cifar : Profile::ImageNet;
}

std::uint64_t image_seed(std::uint64_t seed, std::int64_t id) noexcept {
  return mix_seed(seed, static_cast<std::uint64_t>(id));
}

Image corrupt(const Image& image,
              const std::string& name,
              int severity,
              Profile profile,
              std::uint64_t seed) {
  const Row& row = find_row(name);
  if (severity < 1 || severity > 5) {
    fail(ErrorCode::InvalidArgument, name, ": severity ", severity, ", expected 1..5");
  }
  const auto pixels = static_cast<std::size_t>(std::max(image.width, 0)) *
                      static_cast<std::size_t>(std::max(image.height, 0));
  if (pixels == 0 || image.rgb.size() != pixels * 3) {
    fail(ErrorCode::InvalidArgument, name, ": empty picture, expected at least 1 x 1 pixels");
  }
  const auto place = static_cast<std::uint64_t>(&row - kRows.data());
  const detail::Setting setting{static_cast<std::size_t>(severity - 1), profile,
                                mix_seed(seed, place * 8 + static_cast<std::uint64_t>(severity))};
  return row.apply(image, setting);
}

}  // namespace zoa
