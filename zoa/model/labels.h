// SPDX-License-Identifier: Apache-2.0
// Class names of a model.
#pragma once

#include <string>
#include <vector>

#include "zoa/model/model.h"

namespace zoa {

/// The same model with these class names; no names at all is allowed.
/// where  says in the error text where the names come from
/// Throws  BadFile if there are not as many as the network has outputs.
Model with_labels(const Model& model, std::vector<std::string> labels, const std::string& where);

}  // namespace zoa
