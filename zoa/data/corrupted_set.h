// SPDX-License-Identifier: Apache-2.0
// Corrupted copies of a data set on disk, in the layout of ImageNet-C (a folder per corruption,
// severity and class) or of CIFAR-10-C (an array per corruption). Called by 'zoa corrupt'; what is
// written is what corrupted() makes on the fly with the same seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "zoa/data/dataset.h"
#include "zoa/data/stream.h"

namespace zoa {

/// How pictures are stored: Png and Jpeg in the layout of ImageNet-C, Npy in that of CIFAR-10-C.
enum class Store { Png, Jpeg, Npy };

/// "png", "jpeg" or "npy".
const char* to_string(Store store) noexcept;

/// Throws  InvalidArgument for any other word.
Store parse_store(const std::string& name);

struct CorruptedSetPlan {
  std::vector<std::string> names;              ///< corruptions, in order; empty = the usual 15
  std::vector<int> severities{1, 2, 3, 4, 5};  ///< increasing
  Store store = Store::Jpeg;
  int quality = 85;                ///< of Jpeg, 4:2:0: what make_imagenet_c.py saved with
  std::uint64_t seed = 0;          ///< image_seed(seed, index in the domain) seeds each picture
  std::optional<Profile> profile;  ///< none = by the size of each picture
  int crop = 224;                  ///< as CorruptedOptions::crop
  std::size_t limit = 0;           ///< pictures of the domain, the first ones; 0 = all
  std::size_t threads = 1;         ///< the files do not depend on it
  bool overwrite = false;          ///< replace a folder that was written here before
};

struct CorruptedSetHooks {
  std::function<void(const std::string& label, std::size_t done, std::size_t total)> progress;
  std::function<bool()> stop;  ///< asked between blocks of pictures
};

struct CorruptedSetResult {
  std::size_t pictures = 0;           ///< that were corrupted
  std::size_t files = 0;              ///< pictures or arrays, without labels and manifest
  std::vector<SkippedImage> skipped;  ///< that could not be read
  bool stopped = false;               ///< by the hook; nothing is left on disk then
};

/// Writes the set into `folder`: the pictures or arrays, labels (labels.txt: class folders in the
/// order of the labels; or labels.npy), checksums.txt (for xxhsum -c) and manifest.json. All is
/// written beside the folder first and renamed in the end, so `folder` is whole or untouched.
/// Throws  InvalidArgument for a plan out of range, a picture without a label, pictures of several
///         sizes for Npy, or a folder that is there and not empty (unless overwrite is set and its
///         manifest is one of ours); BadFile if no picture can be read; Io, e.g. for a full disk.
CorruptedSetResult write_corrupted_set(const Dataset& base,
                                       const std::string& domain,
                                       const CorruptedSetPlan& plan,
                                       const std::string& folder,
                                       const CorruptedSetHooks& hooks = {});

}  // namespace zoa
