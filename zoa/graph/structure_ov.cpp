// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/structure_ov.h"

#include <algorithm>
#include <regex>
#include <unordered_map>

#include "zoa/core/error.h"
#include "zoa/graph/stream_ov.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;

// The first product of the network with its bias: patch embedding or first convolution.
Value find_stem(const std::shared_ptr<ov::Model>& model, const NodeSet& constants) {
  for (const auto& node : model->get_ordered_ops()) {
    const bool product = is_op(*node, "Convolution") ||
                         (is_op(*node, "MatMul") && constants.count(node->get_input_node_ptr(1)));
    if (!product) {
      continue;
    }
    const NodePtr bias = only_consumer(node->output(0));
    const bool biased = bias != nullptr && is_op(*bias, "Add") && data_input(*bias, constants);
    return biased ? bias->output(0) : node->output(0);
  }
  return {};
}

std::vector<Norm*> norms_within(std::vector<Norm>& norms, const NodeSet& nodes) {
  std::vector<Norm*> found;
  for (Norm& norm : norms) {
    if (nodes.count(norm.normalize.get()) != 0) {
      found.push_back(&norm);
    }
  }
  return found;
}

// ---- ViT
// ------------------------------------------------------------------------------------------

// zoa, docs/methods/zoa.md: the first block and the last quarter of the blocks stay fixed.
bool is_adapted_block(std::size_t block, std::size_t blocks) {
  return block >= 1 && block < blocks - blocks / 4;
}

void number_vit_blocks(Structure& structure,
                       std::vector<Norm*>& first_norms,
                       const std::string& where) {
  int block = -1;
  for (const Residual& residual : structure.residuals) {
    block += residual.attention ? 1 : 0;
    const auto norms = norms_within(structure.norms, residual.main);
    if (residual.attention) {
      if (norms.empty()) {
        fail(ErrorCode::UnsupportedModel, where, ": attention block ", block,
             " has no normalization before it; expected a pre-norm transformer");
      }
      first_norms.push_back(norms.front());
    }
    for (std::size_t i = 0; i < norms.size(); ++i) {
      norms[i]->block = block;
      norms[i]->layer = "blocks." + std::to_string(block) +
                        (residual.attention ? ".norm1" : ".norm2") +
                        (i == 0 ? "" : "." + std::to_string(i));
      norms[i]->adapted = i == 0;
    }
  }
  structure.blocks = static_cast<std::size_t>(block) + 1;
  for (Norm& norm : structure.norms) {
    norm.adapted = norm.adapted && norm.block >= 0 &&
                   is_adapted_block(static_cast<std::size_t>(norm.block), structure.blocks);
  }
}

void describe_vit(Structure& structure, const std::string& where) {
  std::vector<Norm*> first_norms;
  number_vit_blocks(structure, first_norms, where);
  const TapForm form = structure.reads_token ? TapForm::Row : TapForm::MeanTokens;
  for (std::size_t block = 1; block < first_norms.size(); ++block) {
    const Value source = first_norms[block]->output;
    structure.taps.push_back(
        {"blocks." + std::to_string(block - 1), source, form, channels_of(source, -1)});
  }
  structure.taps.push_back({"blocks." + std::to_string(structure.blocks - 1), structure.feature,
                            TapForm::Whole, channels_of(structure.feature, -1)});
}

// ---- CNN
// ------------------------------------------------------------------------------------------

bool same_stage(const Residual& a, const Residual& b) {
  const auto& left = a.add->get_output_partial_shape(0);
  const auto& right = b.add->get_output_partial_shape(0);
  return left[1] == right[1] && left[2] == right[2] && left[3] == right[3];
}

std::size_t count_convolutions(const NodeSet& nodes) {
  return static_cast<std::size_t>(
      std::count_if(nodes.begin(), nodes.end(), [](const ov::Node* node) {
        return is_op(*node, "Convolution") || is_op(*node, "GroupConvolution");
      }));
}

void name_cnn_norms(Structure& structure,
                    std::size_t index,
                    std::size_t stage,
                    std::size_t in_stage) {
  const Residual& residual = structure.residuals[index];
  const std::string block = "stage" + std::to_string(stage) + "." + std::to_string(in_stage);
  const bool bottleneck = count_convolutions(residual.main) >= 3;
  const auto main = norms_within(structure.norms, residual.main);
  for (std::size_t i = 0; i < main.size(); ++i) {
    main[i]->block = static_cast<int>(index);
    main[i]->layer = block + ".norm" + std::to_string(i + 1);
    const bool third = bottleneck && i >= 2;
    main[i]->adapted = !third && !(stage == 1 && in_stage == 0);
  }
  for (Norm* norm : norms_within(structure.norms, residual.shortcut)) {
    norm->block = static_cast<int>(index);
    norm->layer = block + ".shortcut.norm";
  }
}

void describe_cnn(Structure& structure) {
  std::size_t in_stage = 0;
  for (std::size_t i = 0; i < structure.residuals.size(); ++i) {
    const Residual& residual = structure.residuals[i];
    if (i == 0 || !same_stage(structure.residuals[i - 1], residual)) {
      structure.stages.push_back(0);
      in_stage = 0;
    }
    ++structure.stages.back();
    name_cnn_norms(structure, i, structure.stages.size(), in_stage++);
    const bool last_of_stage =
        i + 1 == structure.residuals.size() || !same_stage(residual, structure.residuals[i + 1]);
    if (last_of_stage && i + 1 < structure.residuals.size()) {
      const Value source = after_activation(residual.add);
      structure.taps.push_back({"stage" + std::to_string(structure.stages.size()), source,
                                TapForm::MeanPositions, channels_of(source, 1)});
    }
  }
  const std::string last = "stage" + std::to_string(structure.stages.size());
  structure.taps.push_back(
      {last, structure.feature, TapForm::Whole, channels_of(structure.feature, -1)});
  for (Norm& norm : structure.norms) {
    norm.adapted = norm.adapted && norm.layer.rfind(last + ".", 0) != 0;
  }
  structure.blocks = structure.residuals.size();
}

// ---- both
// -----------------------------------------------------------------------------------------

void name_outside_norms(Structure& structure) {
  bool before = true;
  std::size_t count = 0;
  for (Norm& norm : structure.norms) {
    if (norm.block >= 0) {
      before = false;
    } else if (norm.layer.empty()) {
      norm.layer = before ? "stem.norm" : "norm";
      norm.layer += count > 0 ? "." + std::to_string(count) : "";
      ++count;
    }
  }
}

void select_by_expression(Structure& structure, const std::string& expression) {
  std::regex pattern;
  try {
    pattern = std::regex(expression);
  } catch (const std::regex_error& error) {
    fail(ErrorCode::InvalidArgument, "--adapt ", expression, ": not a regular expression (",
         error.what(), ")");
  }
  std::size_t selected = 0;
  for (Norm& norm : structure.norms) {
    norm.adapted =
        std::regex_search(norm.layer, pattern) || std::regex_search(norm.graph_name, pattern);
    selected += norm.adapted ? 1U : 0U;
  }
  if (selected == 0) {
    fail(ErrorCode::InvalidArgument, "--adapt ", expression, ": matches none of the ",
         structure.norms.size(), " norms; 'zoa inspect' lists their names");
  }
}

}  // namespace

Value after_activation(const NodePtr& add) {
  for (const auto& input : add->output(0).get_target_inputs()) {
    if (is_op(*input.get_node(), "Relu")) {
      return input.get_node()->output(0);
    }
  }
  return add->output(0);
}

StemShape stem_shape(const Value& stem) {
  if (stem.get_partial_shape().rank() == ov::Rank(4)) {
    return {channels_of(stem, 1), channels_of(stem, 2) * channels_of(stem, 3)};
  }
  return {channels_of(stem, -1), channels_of(stem, 1)};
}

Structure find_structure(const std::shared_ptr<ov::Model>& model,
                         const std::string& where,
                         const StructureOptions& options) {
  const NodeSet constants = constant_nodes(*model);
  Structure structure;
  structure.logits = model->output(0).get_node()->input_value(0);
  HeadPath head = find_head(structure.logits, constants, where);
  structure.head = head.product;
  structure.feature = head.feature;
  structure.residuals = find_residuals(head, model, constants);
  if (structure.residuals.empty()) {
    fail(
        ErrorCode::UnsupportedModel, where,
        ": no residual blocks lead to the head; zoa knows transformers with attention blocks (ViT) "
        "and residual convolutional networks (ResNet)");
  }
  structure.stem = find_stem(model, constants);
  const bool attention = std::any_of(structure.residuals.begin(), structure.residuals.end(),
                                     [](const Residual& residual) { return residual.attention; });
  const auto rank = structure.residuals.back().add->get_output_partial_shape(0).rank();
  structure.family = attention && rank == ov::Rank(3) ? Family::Vit : Family::Cnn;
  if (structure.family == Family::Cnn && rank != ov::Rank(4)) {
    fail(ErrorCode::UnsupportedModel, where, ": the residual stream has rank ", rank,
         " and no attention; expected a ViT (batch, tokens, width) or a CNN (batch, channels, h, "
         "w)");
  }
  structure.reads_token = head.selects_token;
  structure.norms = find_norms(model, constants);
  if (structure.norms.empty() && structure.family == Family::Cnn) {
    structure.norms = find_folded_norms(model, constants);
  }
  if (structure.norms.empty()) {
    fail(ErrorCode::UnsupportedModel, where,
         ": no normalization layer found (LayerNorm, BatchNorm, folded BatchNorm, GroupNorm); "
         "there is "
         "nothing to adapt");
  }
  if (structure.family == Family::Vit) {
    describe_vit(structure, where);
  } else {
    describe_cnn(structure);
  }
  name_outside_norms(structure);
  if (!options.adapt.empty()) {
    select_by_expression(structure, options.adapt);
  }
  return structure;
}

}  // namespace zoa
