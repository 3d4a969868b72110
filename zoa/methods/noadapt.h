// SPDX-License-Identifier: Apache-2.0
// No adaptation: one pass with the model as shipped. The baseline of every table, and what a guard
// falls back to. docs/methods/noadapt.md.
#pragma once

#include <memory>

#include "zoa/methods/method.h"

namespace zoa {

MethodInfo noadapt_info();
std::unique_ptr<Method> make_noadapt(const ModelInfo& model);

}  // namespace zoa
