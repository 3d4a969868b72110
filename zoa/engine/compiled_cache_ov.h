// SPDX-License-Identifier: Apache-2.0
// Compiled networks kept as files, so that a later start need not compile them again. The runtime
// has such a cache of its own (CACHE_DIR), but takes a file with a flipped bit for good; here each
// file has a checksum. That finds damage, not malice: only its owner may write to the folder.
#pragma once

#include <memory>
#include <string>

#include <openvino/core/model.hpp>
#include <openvino/runtime/compiled_model.hpp>

#include "zoa/core/log.h"

namespace zoa {

/// Files of a folder, KEY.zoac. A write removes those unused for longest while there are more than
/// 256 or they take more than 4 GiB.
class CompiledCache {
 public:
  /// folder  is made when it is needed; "" = nothing is kept. What is wrong with it goes to `log`.
  explicit CompiledCache(std::string folder, LogSink log = {});

  /// As the runtime's compile_model for "CPU", from a file where there is one of the same graph,
  /// settings, runtime and processor: the answers are the same bits. A file that is damaged, and a
  /// folder that cannot be read or written, cost the time of compiling, nothing else.
  /// Throws  what compile_model throws.
  ov::CompiledModel compile(const std::shared_ptr<ov::Model>& model, const ov::AnyMap& settings);

 private:
  std::string folder_;
  LogSink log_;
};

namespace detail {
/// Of all that decides what a compiled network is. Names of layers do not: the runtime numbers them
/// through the process, so that they change from one start to the next.
std::string compiled_key(const ov::Model& model, const ov::AnyMap& settings);

/// Removes files of a cache, those unused for longest first, while there are more than `files` of
/// them or they take more than `bytes`. Failures are left for the next time.
void trim_cache(const std::string& folder, std::size_t files, std::uintmax_t bytes);
}  // namespace detail

}  // namespace zoa
