// SPDX-License-Identifier: Apache-2.0
#include "zoa/engine/inspect.h"

#include <openvino/core/except.hpp>

#include "zoa/core/error.h"
#include "zoa/engine/cost_ov.h"
#include "zoa/engine/kernels_ov.h"
#include "zoa/graph/cut_ov.h"
#include "zoa/graph/import_ov.h"
#include "zoa/graph/norm_rewrite_ov.h"
#include "zoa/graph/runtime_ov.h"

namespace zoa {

namespace {

// Channels of a norm; a folded one has no gamma of its own.
std::size_t channels_of(const Norm& norm) {
  return zoa::channels_of(norm.output, norm.channels_last ? -1 : 1);
}

void describe_structure(const Structure& structure, Inspection& result) {
  const bool vit = structure.family == Family::Vit;
  result.family = vit ? "ViT" : "CNN";
  result.blocks = structure.blocks;
  result.stages = structure.stages;
  result.reads = !vit                    ? "mean over positions"
                 : structure.reads_token ? "CLS token"
                                         : "mean over tokens";
  result.stem = structure.stem.get_node()->get_friendly_name();
  result.stem_channels = stem_shape(structure.stem).channels;
  for (const Norm& norm : structure.norms) {
    const std::size_t channels = channels_of(norm);
    result.norms.push_back(
        {norm.layer, norm.graph_name, to_string(norm.kind), channels, norm.adapted});
    result.adapted_parameters += norm.adapted ? 2 * channels : 0;
  }
  std::size_t offset = 0;
  for (const TapPoint& tap : structure.taps) {
    result.taps.push_back({tap.name, offset, tap.width});
    offset += tap.width;
  }
}

// Where the network would be cut. Folded norms need no statistics for that: any will do.
void describe_cut(const ModelGraph& graph, const std::string& adapt, Inspection& result) {
  const auto network = with_batch(graph.network, 1);
  const Structure structure = find_structure(network, graph.name, {adapt});
  InstrumentOptions options;
  options.norm_slots = true;
  options.shift_slot = true;
  options.taps = true;
  for (const Norm& norm : structure.norms) {
    if (norm.kind == NormKind::FoldedBatchNorm) {
      const std::vector<float> ones(channels_of(norm), 1.0F);
      options.folded[norm.graph_name] = {ones, ones};
    }
  }
  result.multiplications = count_multiplications(*network);
  const Cut cut = cut_model(instrument(network, structure, options).model);
  const double prefix = count_multiplications(*cut.prefix);
  const double suffix = cut.suffix == nullptr ? 0.0 : count_multiplications(*cut.suffix);
  result.prefix_share = prefix / (prefix + suffix);
}

}  // namespace

Inspection inspect(const Model& model, const std::string& adapt) {
  const ModelGraph& graph = model.graph();
  try {
    Inspection result;
    describe_structure(find_structure(graph.network, graph.name, {adapt}), result);
    describe_cut(graph, adapt, result);
    result.kernels = list_kernels(graph);
    return result;
  } catch (const ov::Exception& error) {
    fail(ErrorCode::UnsupportedModel, model.name(), ": ", runtime_text(error));
  }
}

}  // namespace zoa
