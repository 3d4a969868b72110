// SPDX-License-Identifier: Apache-2.0
// The table of kinds, and what is true of every data set.
#include "zoa/data/dataset.h"

#include <algorithm>
#include <array>

#include "zoa/core/error.h"
#include "zoa/core/nearest.h"
#include "zoa/data/sources.h"

namespace zoa {
namespace {

struct Kind {
  const char* name;
  std::unique_ptr<Dataset> (*make)(const std::string&, const std::string&, const DatasetOptions&);
};
constexpr std::array<Kind, 6> kKinds{{{"images", detail::make_folder},
                                      {"npz", detail::make_npz},
                                      {"cifar10-c", detail::make_cifar_c},
                                      {"cifar100-c", detail::make_cifar_c},
                                      {"imagenet-c", detail::make_imagenet_c},
                                      {"mnist", detail::make_mnist}}};

}  // namespace

std::string Dataset::name(std::size_t /*domain*/, std::size_t index) const {
  const std::string number = std::to_string(index);
  return std::string(number.size() < 8 ? 8 - number.size() : 0, '0') + number;
}

std::unique_ptr<Dataset> open_dataset(const std::string& spec, const DatasetOptions& options) {
  const std::size_t colon = spec.find(':');
  const std::string name = spec.substr(0, colon);
  std::vector<std::string> known;
  for (const Kind& kind : kKinds) {
    if (colon != std::string::npos && name == kind.name) {
      if (colon + 1 == spec.size()) {
        fail(ErrorCode::InvalidArgument, "data \"", spec, "\": no path after the colon");
      }
      return kind.make(spec, spec.substr(colon + 1), options);
    }
    known.emplace_back(kind.name);
  }
  if (colon == std::string::npos) {
    fail(ErrorCode::InvalidArgument, "data \"", spec,
         "\": expected KIND:PATH, for example images:", spec.empty() ? "DIR" : spec,
         "; kinds: images, npz, cifar10-c, cifar100-c, imagenet-c, mnist");
  }
  fail(ErrorCode::InvalidArgument, unknown_name_text("kind of data", name, known));
}

std::vector<std::string> default_domains(const Dataset& data) {
  const auto pick = [&](const std::vector<std::string>& excluded) {
    std::vector<std::string> names;
    for (const std::string& name : data.domains()) {
      if (std::find(excluded.begin(), excluded.end(), name) == excluded.end()) {
        names.push_back(name);
      }
    }
    return names;
  };
  std::vector<std::string> names = pick({"calib", "train", "clean"});
  if (names.empty()) {
    names = pick({"calib", "train"});
  }
  return names.empty() ? data.domains() : names;
}

std::size_t find_domain(const Dataset& data, const std::string& name) {
  const auto& names = data.domains();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    fail(ErrorCode::InvalidArgument, data.spec(), ": ", unknown_name_text("domain", name, names));
  }
  return static_cast<std::size_t>(found - names.begin());
}

std::size_t calib_domain(const Dataset& data) {
  const auto& names = data.domains();
  for (const char* wanted : {"calib", "train", "clean"}) {
    const auto found = std::find(names.begin(), names.end(), wanted);
    if (found != names.end()) {
      return static_cast<std::size_t>(found - names.begin());
    }
  }
  return 0;
}

}  // namespace zoa
