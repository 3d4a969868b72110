// SPDX-License-Identifier: Apache-2.0
#include "zoa/model/labels.h"

#include <utility>

#include "zoa/core/error.h"
#include "zoa/model/model_ov.h"

namespace zoa {

Model with_labels(const Model& model, std::vector<std::string> labels, const std::string& where) {
  if (!labels.empty() && labels.size() != model.classes()) {
    fail(ErrorCode::BadFile, where, ": ", labels.size(), " class names, the network '",
         model.name(), "' answers ", model.classes(), "; expected one name per output");
  }
  auto graph = std::make_shared<ModelGraph>(model.graph());
  graph->labels = std::move(labels);
  return Model(std::move(graph));
}

}  // namespace zoa
