// SPDX-License-Identifier: Apache-2.0
// The runtime starts its int8 kernels at FakeQuantize of 256, 255, 16 or 15 levels only. Measured
// on a transformer's MLP (384 to 1536, 64 x 37 tokens, AVX2), against plain 256 levels: Clamp then
// 256 levels +1 %, Minimum then 256 levels 0 %, two quantizers in a row up to +5 %. Clamp is taken
// although Minimum was 1 % ahead there: behind a convolution only Clamp is fused into the product,
// where Minimum sends the map through memory as floats. A native quantizer of 16 levels was no
// faster (+0.3 to +1.7 %) and not bit-equal, so 16 and 15 levels are rewritten like the others.
#include "zoa/graph/low_bits_ov.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <openvino/core/graph_util.hpp>
#include <openvino/core/rt_info.hpp>
#include <openvino/op/ops.hpp>

#include "zoa/graph/ops_ov.h"

namespace zoa {

namespace {

using Quantizer = ov::op::v0::FakeQuantize;
using QuantizerPtr = std::shared_ptr<Quantizer>;

constexpr double kContainerSteps = 255.0;
constexpr double kSignedZero = 128.0;  // zero point of the range that needs none: [-128 s, 127 s]
// How far from a step, in steps, a zero or a range may lie: ranges are floats, steps their
// quotients.
constexpr double kOnGrid = 1e-3;

struct Range {
  double low = 0;
  double high = 0;
};

struct Ranges {
  Range in;
  Range out;
};

bool is_near(double value, double target) {
  return std::abs(value - target) <= kOnGrid;
}

std::optional<Ranges> scalar_ranges(const Quantizer& quantizer) {
  std::array<double, 4> ends{};
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto value = scalar_value(quantizer.input_value(i + 1));
    if (!value) {
      return std::nullopt;
    }
    ends[i] = static_cast<double>(*value);
  }
  const Ranges ranges{{ends[0], ends[1]}, {ends[2], ends[3]}};
  const bool rising = ranges.in.low < ranges.in.high && ranges.out.low < ranges.out.high;
  return rising ? std::optional(ranges) : std::nullopt;
}

double step_of(const Range& range, std::size_t levels) {
  return (range.high - range.low) / static_cast<double>(levels - 1);
}

// 256 levels with this step that hold `range`, or nothing where zero would lie between two steps.
std::optional<Range> container_of(const Range& range, double step) {
  const double zero = -range.low / step;
  const double last = (range.high - range.low) / step;
  if (!is_near(zero, std::round(zero)) || zero < -kOnGrid || zero > last + kOnGrid ||
      last > kContainerSteps + kOnGrid) {
    return std::nullopt;
  }
  // Attention takes no zero point: where zero is the middle, it goes to the middle of 256 levels.
  // Elsewhere the integers stay unsigned and small, so that sums of pairs cannot saturate.
  const bool symmetric = std::abs(2 * zero - last) <= 1 + kOnGrid &&
                         last - zero <= kContainerSteps - kSignedZero + kOnGrid;
  const double low = -step * (symmetric ? kSignedZero : std::round(zero));
  return Range{low, low + kContainerSteps * step};
}

std::shared_ptr<Quantizer> make_quantizer(const ov::Output<ov::Node>& value, const Range& range) {
  const auto low = make_constant({}, {static_cast<float>(range.low)});
  const auto high = make_constant({}, {static_cast<float>(range.high)});
  return std::make_shared<Quantizer>(value, low, high, low, high, 256);
}

bool lower_quantizer(const QuantizerPtr& quantizer) {
  const std::size_t levels = quantizer->get_levels();
  const auto ranges = scalar_ranges(*quantizer);
  if (levels < 2 || levels >= 255 || !ranges || ranges->in.low != ranges->out.low ||
      ranges->in.high != ranges->out.high) {
    return false;
  }
  const auto container = container_of(ranges->in, step_of(ranges->in, levels));
  if (!container) {
    return false;
  }
  auto clamp = std::make_shared<ov::op::v0::Clamp>(quantizer->input_value(0), ranges->in.low,
                                                   ranges->in.high);
  clamp->set_friendly_name(quantizer->get_friendly_name() + "/clamp");
  auto lowered = make_quantizer(clamp->output(0), *container);
  lowered->set_friendly_name(quantizer->get_friendly_name());
  ov::copy_runtime_info(quantizer, {clamp, lowered});
  ov::replace_node(quantizer, lowered);
  return true;
}

// Ends of a quantizer per head or channel, as many as `value` has; nothing if in and out differ.
struct GroupRanges {
  ov::Shape shape;
  std::vector<Range> ranges;
};

std::optional<GroupRanges> group_ranges(const Quantizer& quantizer) {
  const auto low = constant_values(quantizer.input_value(1));
  const auto high = constant_values(quantizer.input_value(2));
  if (!low || !high || low->size() != high->size() || low->size() < 2 ||
      constant_values(quantizer.input_value(3)) != low ||
      constant_values(quantizer.input_value(4)) != high) {
    return std::nullopt;
  }
  GroupRanges groups{quantizer.get_input_shape(1), {}};
  for (std::size_t i = 0; i < low->size(); ++i) {
    groups.ranges.push_back({static_cast<double>((*low)[i]), static_cast<double>((*high)[i])});
  }
  return groups;
}

std::shared_ptr<ov::op::v0::Constant> group_constant(const GroupRanges& groups,
                                                     double Range::* end) {
  std::vector<float> values;
  values.reserve(groups.ranges.size());
  for (const Range& range : groups.ranges) {
    values.push_back(static_cast<float>(range.*end));
  }
  return make_constant(groups.shape, values);
}

// As lower_quantizer, with a range per head or channel of attention. Without the limits in front,
// the runtime would multiply in float.
bool lower_groups(const QuantizerPtr& quantizer) {
  const std::size_t levels = quantizer->get_levels();
  const auto groups = group_ranges(*quantizer);
  if (levels < 2 || levels >= 255 || !groups) {
    return false;
  }
  GroupRanges containers{groups->shape, {}};
  for (const Range& range : groups->ranges) {
    const auto container =
        range.low < range.high ? container_of(range, step_of(range, levels)) : std::nullopt;
    if (!container) {
      return false;
    }
    containers.ranges.push_back(*container);
  }
  auto above = std::make_shared<ov::op::v1::Maximum>(quantizer->input_value(0),
                                                     group_constant(*groups, &Range::low));
  auto within = std::make_shared<ov::op::v1::Minimum>(above, group_constant(*groups, &Range::high));
  const auto low = group_constant(containers, &Range::low);
  const auto high = group_constant(containers, &Range::high);
  auto lowered = std::make_shared<Quantizer>(within, low, high, low, high, 256);
  lowered->set_friendly_name(quantizer->get_friendly_name());
  ov::copy_runtime_info(quantizer, {above, within, lowered});
  ov::replace_node(quantizer, lowered);
  return true;
}

struct Twins {
  QuantizerPtr first;
  QuantizerPtr second;
};

// The two quantizers of one value that an Add sums.
std::optional<Twins> find_twins(const NodePtr& node, const NodeSet& constants) {
  if (!is_quantizer_sum(*node) || constants.count(node.get()) != 0) {
    return std::nullopt;
  }
  const Twins twins{std::dynamic_pointer_cast<Quantizer>(node->get_input_node_shared_ptr(0)),
                    std::dynamic_pointer_cast<Quantizer>(node->get_input_node_shared_ptr(1))};
  const bool alone = only_consumer(twins.first->output(0)) == node &&
                     only_consumer(twins.second->output(0)) == node;
  return alone ? std::optional(twins) : std::nullopt;
}

std::optional<Range> sum_container(const Twins& twins) {
  const auto first = scalar_ranges(*twins.first);
  const auto second = scalar_ranges(*twins.second);
  if (!first || !second || twins.first->get_levels() < 2 || twins.second->get_levels() < 2) {
    return std::nullopt;
  }
  const double step1 = step_of(first->out, twins.first->get_levels());
  const double step2 = step_of(second->out, twins.second->get_levels());
  const double fine = std::min(step1, step2);
  const double ratio = std::max(step1, step2) / fine;
  if (!is_near(ratio, std::round(ratio))) {
    return std::nullopt;
  }
  return container_of({first->out.low + second->out.low, first->out.high + second->out.high}, fine);
}

bool lower_sum(const NodePtr& add, const Twins& twins) {
  const auto readers = add->output(0).get_target_inputs();
  const bool lowered = std::any_of(readers.begin(), readers.end(), [](const auto& reader) {
    return is_op(*reader.get_node(), "FakeQuantize");
  });
  const auto container = sum_container(twins);
  if (lowered || !container) {
    return false;
  }
  auto quantizer = make_quantizer(add->output(0), *container);
  quantizer->set_friendly_name(add->get_friendly_name() + "/quantizer");
  ov::copy_runtime_info(add, quantizer);
  for (auto reader : readers) {
    reader.replace_source_output(quantizer->output(0));
  }
  return true;
}

}  // namespace

std::size_t lower_quantizers(const std::shared_ptr<ov::Model>& model) {
  const NodeSet constants = constant_nodes(*model);
  const auto nodes = model->get_ordered_ops();
  NodeSet twins;
  std::size_t count = 0;
  for (const auto& node : nodes) {
    if (const auto pair = find_twins(node, constants)) {
      twins.insert(pair->first.get());
      twins.insert(pair->second.get());
      count += lower_sum(node, *pair) ? 1U : 0U;
    }
  }
  for (const auto& node : nodes) {
    const auto quantizer = std::dynamic_pointer_cast<Quantizer>(node);
    if (quantizer != nullptr && constants.count(node.get()) == 0 && twins.count(node.get()) == 0) {
      count += lower_quantizer(quantizer) || lower_groups(quantizer) ? 1U : 0U;
    }
  }
  return count;
}

}  // namespace zoa
