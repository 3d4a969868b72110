// SPDX-License-Identifier: Apache-2.0
// One maker per kind of data set, and what they share. Private to zoa/data.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "zoa/data/dataset.h"

namespace zoa::detail {

/// Makers: spec as given (for Dataset::spec), path without the kind.
using Maker = std::unique_ptr<Dataset>(const std::string& spec,
                                       const std::string& path,
                                       const DatasetOptions& options);
Maker make_folder;
Maker make_npz;
Maker make_cifar_c;
Maker make_imagenet_c;
Maker make_imagenet;
Maker make_imagenet_r;
Maker make_imagenet_a;
Maker make_imagenet_sketch;
Maker make_imagenet_v2;
Maker make_mnist;

/// Hash of names, sizes and labels; the order of the calls counts.
class ContentHash {
 public:
  void add(std::uint64_t value) noexcept;
  void add(const std::string& text) noexcept;
  std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0;
};

/// Pixels of whole domains. A stream that walks through one domain after the other needs the last
/// one only; one that mixes domains comes back to each of them soon, and they are kept. Which of
/// the two it is shows in how many pictures in a row were of one domain.
class PixelCache {
 public:
  using Pixels = std::shared_ptr<const std::vector<std::uint8_t>>;
  /// Thread-safe; load is called for a domain that is not kept.
  Pixels get(std::size_t domain, const std::function<std::vector<std::uint8_t>()>& load);

 private:
  void make_room();

  std::mutex mutex_;
  std::size_t domain_ = 0;
  std::size_t in_a_row_ = 0;
  std::map<std::size_t, Pixels> kept_;
};

/// Picture `index` of a block of equal pictures with 1 (made gray RGB) or 3 channels.
Image cut_image(const std::vector<std::uint8_t>& pixels,
                std::size_t index,
                int width,
                int height,
                int channels);

/// Sorts the names of corruptions into the published order if all but clean, calib and train are
/// such.
std::vector<std::string> published_order(const std::vector<std::string>& names);

/// Class names, one a line; empty path = none.
/// Throws  Io; BadFile for an empty file.
std::vector<std::string> load_class_names(const std::string& path);

/// Class of every folder name: the place in the sorted names, or, where `classes` (changed to the
/// folders if empty) names the folders by line or by a line's first word, the line.
/// Throws  InvalidArgument if only some of the folders are named.
std::vector<int> number_classes(const std::vector<std::string>& folders,
                                std::vector<std::string>& classes,
                                const std::string& where);

/// As number_classes, for folders named by WordNet id: the place among the 1,000 ids of ImageNet
/// where `classes` does not name the folders itself. `classes` (changed to the ids if empty) has
/// one entry for each of the network's classes, however few folders there are. Throws
/// InvalidArgument for a folder that is no such id, or if classes are not 1,000.
std::vector<int> number_wnids(const std::vector<std::string>& folders,
                              std::vector<std::string>& classes,
                              const std::string& where);

/// Sorted; the index is the class.
const std::vector<std::string>& imagenet_wnids();
bool is_imagenet_wnid(const std::string& name);

/// Pictures that lie in files below one folder: one domain.
struct PictureList {
  std::vector<std::string> files;  ///< relative to the folder
  std::vector<int> labels;
  std::vector<std::string> classes;
  std::vector<int> possible;  ///< for Dataset::possible_classes
};
std::unique_ptr<Dataset> make_pictures(const std::string& spec,
                                       const std::string& path,
                                       const std::string& domain,
                                       PictureList list);

/// Adds the pictures of path/folder/.
void add_pictures(PictureList& list, const std::string& path, const std::string& folder, int label);

/// "found the folders a, b, c and 4 more" or what else lies there, for errors.
std::string describe_content(const std::string& path);
/// The 15 corruptions without the validation ones, in the published order.
std::vector<std::string> usual_corruptions();

/// Throws  InvalidArgument for a name that is no corruption; the text lists the known ones.
void check_corruptions(const std::vector<std::string>& names);

/// A picture with a side longer than crop resized (short side to crop / 0.875, bilinear) and
/// cropped, as ImageNet-C was made; any other picture, and every one if crop is 0, as it is.
Image crop_as_published(const Image& image, int crop);

/// Throws  InvalidArgument if a label has no class name, given that there are names.
void check_labels(const std::vector<int>& labels,
                  const std::vector<std::string>& classes,
                  const std::string& where);

/// Sorted names of the folders (or of the JPEG and PNG files) directly inside; hidden ones left
/// out. Throws  Io if the folder is missing or unreadable.
std::vector<std::string> list_folders(const std::string& path);
std::vector<std::string> list_pictures(const std::string& path);

/// Bytes of a file; 0 if it is missing.
std::uint64_t size_or_zero(const std::string& path) noexcept;

}  // namespace zoa::detail
