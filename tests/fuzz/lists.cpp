// SPDX-License-Identifier: Apache-2.0
// Text files beside pictures: class names, lists of pictures, labels.csv, the manifest.json of a
// corrupted set; severities as the command line writes them.
#include "zoa/data/set_store.h"
#include "zoa/data/severity.h"
#include "zoa/data/sources.h"
#include "zoa/data/test_fake_dataset.h"

#include "tests/fuzz/fuzz.h"

namespace {

using namespace zoa;

const auto kRefusals = {ErrorCode::BadFile, ErrorCode::InvalidArgument};

void read_labels(const std::string& folder, const std::string& class_names) {
  fuzz::reads(
      [&] {
        const auto set = detail::make_folder("images:input", folder, {.labels = class_names});
        for (std::size_t i = 0; i < set->size(0); ++i) {
          fuzz::require(set->label(0, i) >= -1, "a label is a class or unknown");
        }
        set->hash();
      },
      kRefusals);
}

void read_subset(const std::string& list) {
  fuzz::reads(
      [&] {
        const auto chosen = subset(std::make_shared<test::FakeDataset>(20), list);
        chosen->size(0);
        chosen->label(0, 0);
      },
      kRefusals);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::TwoParts parts = fuzz::split({data, size});
  const fuzz::MemoryFile first(parts.first);
  const fuzz::MemoryFile second(parts.second);
  fuzz::reads([&] { detail::load_class_names(first.path()); }, kRefusals);
  read_subset(first.path());
  fuzz::reads([&] { parse_severities(fuzz::text_of(parts.first)); }, {ErrorCode::InvalidArgument});
  static const fuzz::MemoryFolder pictures;
  pictures.link("labels.csv", first);
  read_labels(pictures.path(), "");
  read_labels(pictures.path(), second.path());
  static const fuzz::MemoryFolder set;
  set.link("manifest.json", first);
  fuzz::reads([&] { detail::severities_of(set.path()); }, {ErrorCode::BadFile});
  return 0;
}
