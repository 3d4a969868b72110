// SPDX-License-Identifier: Apache-2.0
// Limits of the model reader. A model file is untrusted input: kind and magic are checked before a
// frontend is chosen by name, and size, node count and tensor sizes are capped.
#pragma once

#include <cstdint>
#include <filesystem>

namespace zoa {

struct ImportLimits {
  std::uint64_t file_bytes = 4ULL << 30U;
  std::size_t nodes = 200'000;
  std::uint64_t tensor_elements = 1ULL << 31U;  ///< of one constant
};

enum class ModelKind { Onnx, OpenVinoIr, TfLite };

/// Tells the kind of a model file from its name and first bytes.
/// Throws  Io if it cannot be read, BadFile if name and content disagree or the kind is unknown,
///         LimitExceeded if it is too big.
ModelKind detect_model_kind(const std::filesystem::path& path, const ImportLimits& limits = {});

}  // namespace zoa
