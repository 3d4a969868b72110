// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <sstream>

#include <openvino/openvino.hpp>

#include "zoa/core/cpu.h"
#include "zoa/engine/isa.h"
#include "zoa/engine/kernels_ov.h"
#include "zoa/engine/plan_ov.h"
#include "zoa/graph/float_reason_ov.h"
#include "zoa/graph/import_ov.h"
#include "zoa/graph/low_bits_ov.h"
#include "zoa/graph/products_ov.h"
#include "zoa/graph/runtime_ov.h"

namespace zoa {

namespace {

// Keys of the runtime's listing (the wheel ships no header for them).
constexpr char kLayerType[] = "layerType";
constexpr char kImplementation[] = "primitiveType";
constexpr char kPrecision[] = "runtimePrecision";
constexpr char kOriginalNames[] = "originalLayersNames";

struct RuntimeKernel {
  std::string layer_type;
  std::string implementation;
  std::string precision;
};

std::string rt_text(const ov::Node& node, const char* key) {
  const auto found = node.get_rt_info().find(key);
  return found == node.get_rt_info().end() ? "" : found->second.as<std::string>();
}

// Runtime nodes by the names of the layers that were fused into them.
std::multimap<std::string, RuntimeKernel> runtime_kernels(const ov::Model& model) {
  std::multimap<std::string, RuntimeKernel> kernels;
  for (const auto& node : model.get_ops()) {
    const RuntimeKernel kernel{rt_text(*node, kLayerType), rt_text(*node, kImplementation),
                               rt_text(*node, kPrecision)};
    std::istringstream names(rt_text(*node, kOriginalNames));
    std::string name;
    while (std::getline(names, name, ',')) {
      kernels.emplace(name, kernel);
    }
  }
  return kernels;
}

// A product and nothing else.
bool is_matrix_kernel(const RuntimeKernel& kernel) {
  return kernel.layer_type == "FullyConnected" || kernel.layer_type == "Convolution" ||
         kernel.layer_type == "GroupConvolution" || kernel.layer_type == "MatMul";
}

// Or attention in one node.
bool is_product_kernel(const RuntimeKernel& kernel) {
  return is_matrix_kernel(kernel) || kernel.layer_type == "Subgraph" ||
         kernel.layer_type == "ScaledDotProductAttention";
}

bool is_int8(const RuntimeKernel& kernel) {
  // A float kernel on decompressed integers reports their type: the kernel's own name decides.
  const bool float_kernel = kernel.implementation.find("f32") != std::string::npos ||
                            kernel.implementation.find("bf16") != std::string::npos;
  return !float_kernel && (kernel.precision == "i8" || kernel.precision == "u8");
}

// The layer that the runtime fuses a product with first: it may keep only that one's name.
NodePtr next_fused(const ov::Node& node) {
  const NodePtr next = only_consumer(const_cast<ov::Node&>(node).output(0));
  const bool fused = next != nullptr && (is_op(*next, "Add") || is_op(*next, "Multiply") ||
                                         is_op(*next, "BatchNormInference"));
  return fused ? next : nullptr;
}

// Runtime nodes that run a product.
std::vector<RuntimeKernel> kernels_of(const ov::Node& product,
                                      const std::multimap<std::string, RuntimeKernel>& kernels) {
  std::vector<RuntimeKernel> found;
  const ov::Node* node = &product;
  NodePtr next;
  while (node != nullptr && found.empty()) {
    for (const char* suffix : {"", "/DequantizationMultiply"}) {
      const auto [begin, end] = kernels.equal_range(node->get_friendly_name() + suffix);
      for (auto it = begin; it != end; ++it) {
        if (is_product_kernel(it->second)) {
          found.push_back(it->second);
        }
      }
    }
    next = next_fused(*node);
    node = next.get();
  }
  // What scales or shifts a product's result carries its name too, in a node of its own.
  const bool alone = std::none_of(found.begin(), found.end(), is_matrix_kernel);
  if (!alone) {
    found.erase(
        std::remove_if(found.begin(), found.end(),
                       [](const RuntimeKernel& kernel) { return !is_matrix_kernel(kernel); }),
        found.end());
  }
  return found;
}

std::string why_float(const Product& product, bool found) {
  if (std::string reason = float_reason(product); !reason.empty()) {
    return reason;
  }
  if (!found) {
    return "the runtime fused it away";
  }
  if (product.kind == ProductKind::Attention && int8_products_saturate(running_isa())) {
    return "this CPU (" + running_isa() +
           ") has no VNNI: the runtime multiplies this q, k or v in float";
  }
  return "its quantizer has a form that the runtime does not take to int8 (zero point or levels)";
}

}  // namespace

std::vector<KernelFacts> list_kernels(const ModelGraph& graph) {
  const auto network = with_batch(graph.network, 1);
  lower_quantizers(network);
  const auto suited = with_batch(graph.network, 1);  // the same, as the engine runs it
  lower_quantizers(suited);
  suit_kernels(suited);
  const auto compiled = runtime_core().compile_model(suited, "CPU", compile_settings(1));
  const auto kernels = runtime_kernels(*compiled.get_runtime_model());
  std::vector<KernelFacts> facts;
  for (const Product& product : find_products(network)) {
    KernelFacts fact;
    fact.layer = product.node->get_friendly_name();
    fact.kind = to_string(product.kind);
    const auto found = kernels_of(*product.node, kernels);
    fact.int8 = !found.empty() && std::all_of(found.begin(), found.end(), is_int8);
    if (!found.empty()) {
      fact.kernel = found.front().layer_type + " " + found.front().implementation;
    }
    if (!fact.int8) {
      fact.reason = why_float(product, !found.empty());
    }
    facts.push_back(fact);
  }
  return facts;
}

}  // namespace zoa
