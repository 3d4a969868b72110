// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/import_ov.h"

#include <cmath>
#include <string>

#include <openvino/core/graph_util.hpp>
#include <openvino/op/ops.hpp>
#include <openvino/openvino.hpp>
#include <openvino/pass/constant_folding.hpp>
#include <openvino/pass/manager.hpp>

#include "zoa/core/error.h"
#include "zoa/graph/attention_ov.h"
#include "zoa/graph/batch_ov.h"
#include "zoa/graph/integer_interface_ov.h"
#include "zoa/graph/layer_norm_ov.h"
#include "zoa/graph/onnx_header.h"
#include "zoa/graph/ops_ov.h"
#include "zoa/graph/quantizers_ov.h"
#include "zoa/graph/runtime_ov.h"
#include "zoa/graph/token_mean_ov.h"
#include "zoa/graph/weights_ov.h"
#include "zoa/graph/wide_quantizers_ov.h"

namespace zoa {

namespace {

void check_limits(const ov::Model& model, const std::string& where, const ImportLimits& limits) {
  const auto nodes = model.get_ops();
  if (nodes.size() > limits.nodes) {
    fail(ErrorCode::LimitExceeded, where, ": ", nodes.size(), " nodes, the limit is ",
         limits.nodes);
  }
  for (const auto& node : nodes) {
    for (const auto& output : node->outputs()) {
      if (output.get_partial_shape().is_static() &&
          ov::shape_size(output.get_shape()) > limits.tensor_elements) {
        fail(ErrorCode::LimitExceeded, where, ": ", describe(*node), " has shape ",
             output.get_shape(), ", the limit is ", limits.tensor_elements, " elements");
      }
    }
  }
}

void check_finite(const ov::Model& model, const std::string& where) {
  for (const auto& node : model.get_ops()) {
    const auto constant = std::dynamic_pointer_cast<ov::op::v0::Constant>(node);
    if (constant == nullptr || constant->get_element_type() != ov::element::f32) {
      continue;
    }
    const float* values = constant->get_data_ptr<float>();
    const std::size_t count = ov::shape_size(constant->get_shape());
    for (std::size_t i = 0; i < count; ++i) {
      // The infinities of attention masks are legitimate; a NaN never is.
      if (std::isnan(values[i])) {
        fail(ErrorCode::BadFile, where, ": weight '", constant->get_friendly_name(),
             "' holds a NaN at element ", i, "; the file is damaged or training diverged");
      }
    }
  }
}

// The input of a softmax that ends here, perhaps with quantizers after it; otherwise `output`.
ov::Output<ov::Node> before_softmax(const ov::Output<ov::Node>& output) {
  NodePtr node = output.get_node_shared_ptr();
  while (const NodePtr quantize = quantizer_of(node)) {
    node = quantize->get_input_node_shared_ptr(0);
  }
  return is_op(*node, "Softmax") ? node->input_value(0) : output;
}

// Leaves one Result: the logits. A softmax at the end is taken off, for losses need logits.
std::shared_ptr<ov::Model> keep_logits(const std::shared_ptr<ov::Model>& model,
                                       const std::string& where) {
  std::vector<ov::Output<ov::Node>> candidates;
  for (const auto& output : model->outputs()) {
    const auto& shape = output.get_partial_shape();
    if (shape.rank().is_static() && shape.rank().get_length() == 2 && shape[1].is_static()) {
      candidates.push_back(output.get_node()->input_value(0));
    }
  }
  if (candidates.size() != 1) {
    fail(ErrorCode::UnsupportedModel, where, ": ", model->outputs().size(), " outputs, ",
         candidates.size(), " of them of shape (batch, classes); expected exactly one such");
  }
  ov::Output<ov::Node> logits = before_softmax(candidates.front());
  logits.add_names({"logits"});
  auto result = std::make_shared<ov::op::v0::Result>(logits);
  result->set_friendly_name("logits_result");
  return std::make_shared<ov::Model>(ov::ResultVector{result}, model->get_parameters(),
                                     model->get_friendly_name());
}

std::string first_line(const std::string& text) {
  // OpenVINO's texts carry source paths and check expressions; the last non-empty line says what
  // failed.
  std::string best;
  std::size_t start = 0;
  while (start < text.size()) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string line = text.substr(start, end - start);
    const bool noise = line.empty() || line.find("Exception from") == 0 ||
                       line.find("Check '") == 0 || line.find("src/") != std::string::npos;
    if (!noise && best.empty()) {
      best = line;
    }
    start = end + 1;
  }
  return best.empty() ? "the runtime refused it without a reason" : best;
}

}  // namespace

std::string runtime_text(const std::exception& error) {
  return first_line(error.what());
}

ov::Core& runtime_core() {
  // One Core a process: a Core loads plugins, and affinity is read when the first is made. It is
  // leaked on purpose: destroying a static Core at exit can hang (openvino PR 34477).
  static auto* core = new ov::Core();
  return *core;
}

void fold_constants(const std::shared_ptr<ov::Model>& model) {
  protect_quantized_weights(model);
  ov::pass::Manager manager;
  manager.register_pass<ov::pass::ConstantFolding>();
  manager.run_passes(model);
}

std::shared_ptr<ov::Model> with_batch(const std::shared_ptr<ov::Model>& model, std::size_t batch) {
  auto copy = model->clone();
  ov::PartialShape shape = copy->input(0).get_partial_shape();
  shape[0] = static_cast<std::int64_t>(batch);
  copy->reshape(shape);
  fold_constants(copy);
  return copy;
}

void normalize_model(const std::shared_ptr<ov::Model>& model, const std::string& where) {
  fold_constants(model);  // so that a fixed batch shows as numbers in constants
  free_batch(model, where);
  fold_constants(model);
  keep_wide_quantizers(model);
  fold_constants(model);
  normalize_quantized_weights(model);
  fuse_layer_norms(model);
  expand_attention(model);
  separate_token_means(model);
  model->validate_nodes_and_infer_types();
}

std::shared_ptr<ov::Model> import_model(const std::filesystem::path& path,
                                        const ImportLimits& limits) {
  const std::string where = path.string();
  const ModelKind kind = detect_model_kind(path, limits);
  if (kind == ModelKind::Onnx) {
    const std::int64_t opset = read_onnx_opset(path);
    if (opset < kLeastOpset || opset > kMostOpset) {
      fail(ErrorCode::UnsupportedModel, where, ": ONNX opset ", opset, "; expected ", kLeastOpset,
           " to ", kMostOpset, ": export it again with such an opset");
    }
  }
  std::shared_ptr<ov::Model> model;
  try {
    model = runtime_core().read_model(path);
  } catch (const std::exception& error) {
    fail(ErrorCode::BadFile, where, ": cannot be read: ", runtime_text(error));
  }
  try {
    check_limits(*model, where, limits);
    check_finite(*model, where);
    use_float_interface(model, where);
    model = keep_logits(model, where);
    normalize_model(model, where);
  } catch (const ov::Exception& error) {
    fail(ErrorCode::UnsupportedModel, where, ": ", runtime_text(error));
  }
  return model;
}

}  // namespace zoa
