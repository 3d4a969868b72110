// SPDX-License-Identifier: Apache-2.0
// The shards of an evaluation back to one: the records that the same call without --shard writes,
// in its order, byte for byte where times are left out. Works on the lines themselves, so that keys
// which this version does not know survive.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace zoa {

/// The lines of a file of 'zoa eval --shard i/n -o'.
struct ShardFile {
  std::string name;  ///< for errors
  std::vector<std::string> lines;
};

/// Reads a file of records.
/// Throws  LimitExceeded for a line of more than 16 MiB.
ShardFile read_shard(std::istream& in, const std::string& name);

/// All shards of one evaluation to its lines, each without the newline. Machine facts are those of
/// shard 1.
/// Throws  BadFile for lines that are no records; InvalidArgument if a shard is missing, there
///         twice, not complete, or of another evaluation (the text names the first value that
///         differs).
std::vector<std::string> merge_shards(const std::vector<ShardFile>& files);

}  // namespace zoa
