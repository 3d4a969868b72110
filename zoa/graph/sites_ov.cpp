// SPDX-License-Identifier: Apache-2.0
#include "zoa/graph/sites_ov.h"

#include <algorithm>
#include <set>

#include "zoa/core/error.h"
#include "zoa/graph/norm_rewrite_ov.h"
#include "zoa/graph/stream_ov.h"

namespace zoa {

namespace {

using Value = ov::Output<ov::Node>;

// A block of the network: its residual additions and its name as in the norms' names.
struct Block {
  std::string name;
  std::vector<const Residual*> residuals;
};

std::vector<Block> find_blocks(const Structure& structure) {
  std::vector<Block> blocks;
  std::size_t stage = 0;
  std::size_t in_stage = 0;
  for (const Residual& residual : structure.residuals) {
    const bool vit = structure.family == Family::Vit;
    if (vit && !residual.attention && !blocks.empty()) {
      blocks.back().residuals.push_back(&residual);
      continue;
    }
    if (!vit && in_stage == structure.stages[stage]) {
      ++stage;
      in_stage = 0;
    }
    const std::string name =
        vit ? "blocks." + std::to_string(blocks.size())
            : "stage" + std::to_string(stage + 1) + "." + std::to_string(in_stage++);
    blocks.push_back({name, {&residual}});
  }
  return blocks;
}

bool is_layer(const ov::Node& node, const NodeSet& constants) {
  const bool product =
      is_op(node, "MatMul") || is_op(node, "Convolution") || is_op(node, "GroupConvolution");
  return product && constants.count(node.get_input_node_ptr(1)) != 0;
}

SitePoint make_point(const SiteRequest& request,
                     const std::string& name,
                     std::size_t block,
                     const Value& value) {
  SitePoint point;
  point.value = value;
  point.info.name = name;
  point.info.kind = request.kind;
  point.info.form = request.form;
  point.info.block = block;
  point.info.variance = request.variance;
  point.info.spread = request.spread;
  const auto& shape = value.get_partial_shape();
  const auto rank = shape.rank().get_length();
  point.info.channels = channels_of(value, rank == 4 ? 1 : -1);
  if (request.kind != SiteKind::BlockToken) {
    point.info.positions = rank == 4   ? channels_of(value, 2) * channels_of(value, 3)
                           : rank == 3 ? channels_of(value, 1)
                                       : 1;
  }
  const std::size_t channels = point.info.channels;
  point.info.group = request.group == 0 ? channels : std::min(channels, request.group);
  if (channels % point.info.group != 0) {
    point.info.group = channels;  // does not divide: all channels in one group
  }
  return point;
}

class SiteFinder {
 public:
  SiteFinder(const std::shared_ptr<ov::Model>& model,
             const Structure& structure,
             const SiteRequest& request,
             const CurrentValue& current)
      : structure_(structure),
        request_(request),
        current_(current),
        constants_(constant_nodes(*model)),
        order_(model->get_ordered_ops()) {}

  std::vector<SitePoint> run() {
    if (request_.kind == SiteKind::NormInput) {
      add_norms();
      return std::move(points_);
    }
    if (request_.kind == SiteKind::Normalised) {
      add_normalised();
      return std::move(points_);
    }
    const std::vector<Block> blocks = find_blocks(structure_);
    const double first = request_.from_depth * static_cast<double>(blocks.size());
    for (std::size_t block = 0; block < blocks.size(); ++block) {
      if (static_cast<double>(block) < first) {
        continue;
      }
      if (request_.kind == SiteKind::LayerInput) {
        add_layers(blocks[block], block);
      } else {
        add_output(blocks[block], block);
      }
    }
    return std::move(points_);
  }

 private:
  void add_norms() {
    for (const Norm& norm : structure_.norms) {
      if (norm.kind == NormKind::BatchNorm || norm.kind == NormKind::FoldedBatchNorm) {
        const auto block = static_cast<std::size_t>(std::max(0, norm.block));
        // A folded norm's input is its output in the file: not the rewritten one.
        points_.push_back(make_point(request_, norm.layer + ".norm", block, norm.input));
      }
    }
  }

  void add_normalised() {
    for (const Norm& norm : structure_.norms) {
      if (norm.kind != NormKind::LayerNorm && norm.kind != NormKind::GroupNorm) {
        continue;
      }
      const auto block = static_cast<std::size_t>(std::max(0, norm.block));
      SitePoint point =
          make_point(request_, norm.layer + kNormalisedSuffix, block, normalised_value(norm));
      if (is_token_only(norm)) {
        point.token = TapForm::Row;
        point.info.positions = 1;
      }
      points_.push_back(point);
    }
  }

  // Behind the last attention the head reads one token, and the engine computes no other.
  bool is_token_only(const Norm& norm) const {
    if (!structure_.reads_token || norm.input.get_partial_shape().rank() != ov::Rank(3)) {
      return false;
    }
    const Residual& last = structure_.residuals.back();
    const bool in_last = !last.attention && last.main.count(norm.normalize.get()) != 0;
    return in_last || (norm.block < 0 && &norm == &structure_.norms.back());
  }

  void add_output(const Block& block, std::size_t index) {
    const bool token = request_.kind == SiteKind::BlockToken;
    const Value sum = structure_.family == Family::Vit
                          ? block.residuals.back()->add->output(0)
                          : after_activation(block.residuals.back()->add);
    SitePoint point =
        make_point(request_, block.name + (token ? ".token" : ".output"), index, current_(sum));
    if (token) {
      point.token = structure_.family == Family::Cnn ? TapForm::MeanPositions
                    : structure_.reads_token         ? TapForm::Row
                                                     : TapForm::MeanTokens;
    }
    points_.push_back(point);
  }

  static bool holds(const Block& block, const ov::Node* node) {
    return std::any_of(block.residuals.begin(), block.residuals.end(), [&](const Residual* r) {
      return r->main.count(node) != 0 || r->shortcut.count(node) != 0;
    });
  }

  void add_layers(const Block& block, std::size_t index) {
    std::set<Value> seen;
    for (const auto& node : order_) {
      if (!holds(block, node.get()) || !is_layer(*node, constants_)) {
        continue;
      }
      const Value value = skip_quantizer(node->input_value(0), constants_);
      if (!seen.insert(value).second) {
        continue;
      }
      const std::string name = block.name + ".layer" + std::to_string(seen.size() - 1);
      SitePoint point = make_point(request_, name, index, value);
      for (const auto& reader : value.get_target_inputs()) {
        const ov::Node* reading = reader.get_node();
        if (is_op(*reading, "FakeQuantize") || is_layer(*reading, constants_)) {
          point.readers.push_back(reader);
        }
      }
      points_.push_back(point);
    }
  }

  const Structure& structure_;
  const SiteRequest& request_;
  const CurrentValue& current_;
  NodeSet constants_;
  ov::NodeVector order_;
  std::vector<SitePoint> points_;
};

}  // namespace

std::vector<SitePoint> find_sites(const std::shared_ptr<ov::Model>& model,
                                  const Structure& structure,
                                  const SiteRequest& request,
                                  const CurrentValue& current) {
  const bool measured = request.kind == SiteKind::BlockToken ||
                        request.kind == SiteKind::NormInput || request.kind == SiteKind::Normalised;
  if (measured && request.form != SiteForm::Measured) {
    fail(ErrorCode::InvalidArgument, "sites of this kind can be measured only");
  }
  if (request.covariance && (request.spread || !request.variance)) {
    fail(ErrorCode::InvalidArgument, "sites give covariances or the spread of images, not both");
  }
  return SiteFinder(model, structure, request, current).run();
}

}  // namespace zoa
