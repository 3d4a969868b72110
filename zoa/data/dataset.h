// SPDX-License-Identifier: Apache-2.0
// Pictures with labels in domains (corruptions, splits), whatever files they come from.
// open_dataset() takes the SPEC of the command line; corrupted() makes domains on the fly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "zoa/corrupt/corrupt.h"
#include "zoa/image/image.h"

namespace zoa {

/// All const functions may be called from several threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual const std::string& spec() const = 0;  ///< as given, for records
  /// All, in the data's order; corruptions (if all but clean, calib and train are) as published.
  virtual const std::vector<std::string>& domains() const = 0;
  virtual std::size_t size(std::size_t domain) const = 0;  ///< pictures in a domain

  /// Decodes one picture.
  /// Throws  BadFile, LimitExceeded or Io for a picture that cannot be had; the set stays usable.
  virtual Image image(std::size_t domain, std::size_t index) const = 0;

  /// Class index; -1 = unknown.
  virtual int label(std::size_t domain, std::size_t index) const = 0;

  /// What others call the picture, for lists of pictures: its file relative to the domain's folder;
  /// its index where the data are arrays.
  virtual std::string name(std::size_t domain, std::size_t index) const;

  /// The classes among which the published accuracy of this data looks for the largest logit,
  /// ascending; empty = all.
  virtual const std::vector<int>& possible_classes() const;

  /// Class names; empty where the data has none.
  virtual const std::vector<std::string>& classes() const = 0;

  /// Hash of names, sizes and labels: two runs with equal hashes saw the same data (cheap; pixels
  /// count only where the container has a checksum of them).
  virtual std::uint64_t hash() const = 0;
};

struct DatasetOptions {
  std::string labels;  ///< text file, one class name per line, line number - 1 = class; "" = none
  std::vector<int> severities{5};  ///< 1..5, for cifar10-c, cifar100-c and imagenet-c; of several,
                                   ///< each makes domains of its own, see cross_severities
};

/// Opens a data set:
///   images:DIR      one folder per class (label = place in the sorted names, or line of `labels`),
///                   or files and labels.csv (file,label), or files alone (label -1);
///                   one domain, "images"
///   npz:FILE        one uint8 array (N,H,W,3) per domain; `labels` are those of their first N; the
///                   labels of `calib` are unknown
///   cifar10-c:DIR, cifar100-c:DIR   NAME.npy (rows,H,W,3), e.g. (50000,32,32,3), and labels.npy;
///                   five blocks of rows, one per severity, or those that manifest.json names
///   imagenet-c:DIR  CORRUPTION/SEVERITY/WNID/*.JPEG; without `labels`, the labels.txt of 'zoa
///                   corrupt' counts
///   imagenet:DIR, imagenet-r:DIR, imagenet-a:DIR, imagenet-sketch:DIR   WNID/*.JPEG
///   imagenet-v2:DIR   0 .. 999/*.jpeg
///   mnist:DIR       idx files, plain or .gz; domains "train" and "test"
/// Layouts, labels and limits in full: docs/reference/data.md.
/// Throws  InvalidArgument for an unknown kind (the text lists the known ones) or a bad option;
///         Io for a missing path; BadFile if what lies there is not that kind of data.
std::unique_ptr<Dataset> open_dataset(const std::string& spec, const DatasetOptions& options = {});

/// The domains that are run when nobody picks: all but calib, train and clean (those too if nothing
/// else is there), in the order of domains().
std::vector<std::string> default_domains(const Dataset& data);

/// Index of a domain.
/// Throws  InvalidArgument if there is none of that name; the text lists the names.
std::size_t find_domain(const Dataset& data, const std::string& name);

/// The domain that calibration reads when nobody picks: calib, else train, else clean, else the
/// first.
std::size_t calib_domain(const Dataset& data);

struct CorruptedOptions {
  std::vector<std::string> names;  ///< corruptions, in order; empty = the usual 15
  std::vector<int> severities{5};  ///< 1..5; of several, see cross_severities
  std::uint64_t seed = 0;
  std::optional<Profile> profile;  ///< none = by the size of each picture, see choose_profile
  int crop = 224;  ///< pictures with a longer side are first resized (short side to crop / 0.875,
                   ///< bilinear) and cropped to crop x crop, as ImageNet-C was made; 0 = never
};

/// The pictures of one domain of `base` under each corruption: one domain per name and severity.
/// Throws  InvalidArgument for an unknown name, domain or severity.
std::unique_ptr<Dataset> corrupted(std::shared_ptr<const Dataset> base,
                                   const std::string& domain,
                                   const CorruptedOptions& options);

/// The pictures that a list names, in its order, in every domain. The file has one picture a line:
/// its Dataset::name() or, if the line has only digits and no picture has that name, its index.
/// Throws  Io; BadFile for an empty list or a line that is there twice. A picture that a domain
///         lacks throws InvalidArgument when that domain is first used.
std::unique_ptr<Dataset> subset(std::shared_ptr<const Dataset> base, const std::string& file);

}  // namespace zoa
