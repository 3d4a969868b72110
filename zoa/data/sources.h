// SPDX-License-Identifier: Apache-2.0
// One maker per kind of data set, and what they share. Private to zoa/data.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "zoa/data/dataset.h"

namespace zoa::detail {

/// Makers: spec as given (for Dataset::spec), path without the kind.
std::unique_ptr<Dataset> make_folder(const std::string& spec,
                                     const std::string& path,
                                     const DatasetOptions& options);
std::unique_ptr<Dataset> make_npz(const std::string& spec,
                                  const std::string& path,
                                  const DatasetOptions& options);
std::unique_ptr<Dataset> make_cifar_c(const std::string& spec,
                                      const std::string& path,
                                      const DatasetOptions& options);
std::unique_ptr<Dataset> make_imagenet_c(const std::string& spec,
                                         const std::string& path,
                                         const DatasetOptions& options);
std::unique_ptr<Dataset> make_mnist(const std::string& spec,
                                    const std::string& path,
                                    const DatasetOptions& options);

/// Hash of names, sizes and labels; the order of the calls counts.
class ContentHash {
 public:
  void add(std::uint64_t value) noexcept;
  void add(const std::string& text) noexcept;
  std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0;
};

/// Pixels of the domain that was asked for last. A stream walks through one domain at a time, so a
/// larger cache would only take memory.
class PixelCache {
 public:
  using Pixels = std::shared_ptr<const std::vector<std::uint8_t>>;
  /// Thread-safe; load is called for another domain than the last one.
  Pixels get(std::size_t domain, const std::function<std::vector<std::uint8_t>()>& load);

 private:
  std::mutex mutex_;
  std::size_t domain_ = 0;
  Pixels pixels_;
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

/// The 15 corruptions without the validation ones, in the published order.
std::vector<std::string> usual_corruptions();

/// Throws  InvalidArgument for a name that is no corruption; the text lists the known ones.
void check_corruptions(const std::vector<std::string>& names);

/// A picture with a side longer than crop resized (short side to crop / 0.875, bilinear) and
/// cropped, as ImageNet-C was made; any other picture, and every one if crop is 0, as it is.
Image crop_as_published(const Image& image, int crop);

/// Throws  InvalidArgument if the option is not 1..5.
void check_severity(int severity);

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
