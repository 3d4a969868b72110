// SPDX-License-Identifier: Apache-2.0
// Which kernel runs each product of a network, as the runtime tells it.
#pragma once

#include <vector>

#include "zoa/engine/inspect.h"
#include "zoa/model/model_ov.h"

namespace zoa {

/// Compiles the plain network at batch 1 and reads the runtime's own listing.
std::vector<KernelFacts> list_kernels(const ModelGraph& graph);

}  // namespace zoa
