// SPDX-License-Identifier: Apache-2.0
// The two layouts behind write_corrupted_set(), the folder that a set grows in, and its manifest.
// Private to zoa/data.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "zoa/data/corrupted_set.h"

namespace zoa::detail {

/// One picture that is taken, readable or not.
struct SetPicture {
  std::size_t index = 0;  ///< in the domain
  int label = 0;
  std::string folder;  ///< of its class
  std::string name;    ///< without extension; no two of a class are equal
};

/// What is written: the pictures that a plan takes of a domain.
struct SetContent {
  std::vector<SetPicture> pictures;
  std::vector<std::string> class_folders;  ///< by label
};

/// Names and labels of the first `limit` pictures of a domain (0 = all).
/// Throws  InvalidArgument if one has no label.
SetContent list_content(const Dataset& base, std::size_t domain, std::size_t limit);

/// A cell of the set: positions in the plan's names and severities, and in the pictures.
struct SetCell {
  std::size_t corruption = 0;
  std::size_t severity = 0;
  std::size_t picture = 0;
};

struct SetFile {
  std::string path;  ///< inside the set
  std::string hash;  ///< hash128
};

class SetStore {
 public:
  virtual ~SetStore() = default;
  /// Stores one picture; may be called from several threads at once. Throws  Io.
  virtual void put(const SetCell& cell, const Image& image) = 0;
  /// Writes the labels; all files with their hashes, in a fixed order. Throws  Io.
  virtual std::vector<SetFile> finish() = 0;
};

/// content and plan must outlive the store. Png and Jpeg.
std::unique_ptr<SetStore> make_folder_store(const std::string& folder,
                                            const SetContent& content,
                                            const CorruptedSetPlan& plan);

/// Npy; every picture of the content will be put, all of size width x height.
std::unique_ptr<SetStore> make_array_store(const std::string& folder,
                                           const SetContent& content,
                                           const CorruptedSetPlan& plan,
                                           std::array<int, 2> size);

/// A folder beside the wanted one, removed unless it was published.
class StagingFolder {
 public:
  /// Throws  InvalidArgument if `target` is there, is not empty and may not be replaced; Io.
  StagingFolder(const std::string& target, bool overwrite);
  ~StagingFolder();
  StagingFolder(const StagingFolder&) = delete;
  StagingFolder& operator=(const StagingFolder&) = delete;

  const std::string& path() const noexcept { return path_; }
  /// Puts it in the target's place.
  void publish();

 private:
  std::string target_;
  std::string path_;
};

struct ManifestFacts {
  const Dataset& base;
  std::string domain;
  const CorruptedSetPlan& plan;
  const CorruptedSetResult& result;
  std::string checksums;  ///< hash128 of checksums.txt
};

/// Text of manifest.json.
std::string manifest_text(const ManifestFacts& facts);

/// Severities that the arrays of a folder hold, block by block: what its manifest says, 1..5
/// without one. Throws  BadFile for a manifest that cannot be understood.
std::vector<int> severities_of(const std::string& folder);

/// True where the folder has a manifest of write_corrupted_set().
bool is_corrupted_set(const std::string& folder);

/// Writes a file that nobody reads yet: no fsync, no rename. Throws  Io.
void write_new_file(const std::string& path, std::span<const std::uint8_t> bytes);

}  // namespace zoa::detail
