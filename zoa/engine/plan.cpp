// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include <openvino/openvino.hpp>

#include "zoa/core/clock.h"
#include "zoa/core/error.h"
#include "zoa/engine/isa.h"
#include "zoa/engine/plan_ov.h"
#include "zoa/graph/head_ov.h"
#include "zoa/graph/import_ov.h"
#include "zoa/graph/linear_convolutions_ov.h"
#include "zoa/graph/low_bits_ov.h"
#include "zoa/graph/separate_heads_ov.h"
#include "zoa/graph/token_rows_ov.h"

namespace zoa {

void suit_kernels(const std::shared_ptr<ov::Model>& model) {
  if (running_isa() == "avx2") {
    run_linear_as_convolutions(model);
  }
}

Instrumented instrument_model(const ModelGraph& graph,
                              const EngineOptions& options,
                              std::size_t batch,
                              Purpose purpose) {
  const auto network = with_batch(graph.network, batch);
  const Structure structure = find_structure(network, graph.name, {options.adapt});
  InstrumentOptions wanted;
  wanted.batch_statistics = options.batch_statistics;
  wanted.norm_slots = options.norm_slots;
  wanted.norm_statistics = options.norm_statistics;
  wanted.norm_mix = options.norm_mix;
  wanted.prompts = options.prompts;
  wanted.input_filter = options.input_filter;
  wanted.sites = options.sites;
  wanted.shift_slot = options.shift_slot;
  wanted.taps = options.taps;
  wanted.stem = options.stem;
  wanted.per_sample = options.per_sample_slots;
  wanted.folded = graph.folded;
  Instrumented result = instrument(network, structure, wanted);
  const bool run = purpose == Purpose::Run;
  if (!result.slots.empty()) {  // the plain network stays exactly what the file says
    if (run) {
      separate_heads(result.model);
    }
    if (structure.reads_token) {
      compute_token_rows(result.model);
    }
  }
  lower_quantizers(result.model);  // late: everything before reads the quantizers of the file
  if (run) {
    suit_kernels(result.model);
  }
  return result;
}

std::shared_ptr<ov::Model> head_model(const ModelGraph& graph,
                                      const EngineOptions& options,
                                      std::size_t batch) {
  const auto network = with_batch(graph.network, batch);
  const auto head = make_head(find_structure(network, graph.name, {options.adapt}));
  lower_quantizers(head);
  suit_kernels(head);
  return head;
}

ov::AnyMap compile_settings(int threads) {
  return {ov::hint::inference_precision(ov::element::f32),
          ov::hint::dynamic_quantization_group_size(0),
          ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
          ov::num_streams(1),
          ov::inference_num_threads(threads),
          ov::hint::enable_cpu_pinning(false)};
}

namespace {

constexpr std::size_t kMostPortion = 32;
constexpr std::size_t kLeastPortion = 16;

// The largest portion that divides the batch; all of it where that is too small to pay.
std::size_t portion_of(std::size_t batch) {
  for (std::size_t portion = kMostPortion; portion >= kLeastPortion; --portion) {
    if (batch % portion == 0) {
      return portion;
    }
  }
  return batch;
}

bool gives_rows(const std::shared_ptr<ov::Model>& part, std::size_t images) {
  if (part == nullptr) {
    return true;
  }
  for (const auto& result : part->get_results()) {
    const ov::Shape& shape = result->get_output_shape(0);
    if (shape.empty() || shape[0] != images) {
      return false;
    }
  }
  return true;
}

// Whether no image of a batch can tell which others are there.
bool keeps_images_apart(const EngineOptions& options, const Cut& cut, std::size_t images) {
  return !options.batch_statistics && !options.norm_mix && gives_rows(cut.prefix, images) &&
         gives_rows(cut.suffix, images);
}

void add_outputs(Part& part, std::size_t portions) {
  const auto outputs = part.request.get_compiled_model().outputs();
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Port port(outputs[i].get_element_type(), outputs[i].get_shape(), portions, false);
    part.request.set_output_tensor(i, port.portion(0));
    part.outputs.push_back(std::move(port));
  }
}

}  // namespace

Plan::Plan(const ModelGraph& graph,
           const EngineOptions& options,
           std::size_t batch,
           const PartCompiler& compiler)
    : batch_(batch) {
  if (options.head) {
    head_ = compiler.compile(head_model(graph, options, batch));
  }
  build(graph, options, compiler);
}

void Plan::build(const ModelGraph& graph,
                 const EngineOptions& options,
                 const PartCompiler& compiler) {
  const auto start = std::chrono::steady_clock::now();
  std::size_t portion = portion_of(batch_);
  Cut cut = cut_model(instrument_model(graph, options, portion, Purpose::Run).model);
  if (portion != batch_ && !keeps_images_apart(options, cut, portion)) {
    portion = batch_;
    cut = cut_model(instrument_model(graph, options, portion, Purpose::Run).model);
  }
  portions_ = batch_ / portion;
  rewrite_ms_ = milliseconds_since(start);
  border_ = cut.border;
  prefix_.request = compiler.compile(cut.prefix);
  add_outputs(prefix_, portions_);
  for (std::size_t i = 0; i < cut.prefix_outputs.size(); ++i) {
    outputs_[cut.prefix_outputs[i]] = prefix_.outputs[border_ + i].whole();
  }
  if (cut.suffix != nullptr) {
    build_suffix(cut, options, compiler);
  }
}

void Plan::build_suffix(const Cut& cut,
                        const EngineOptions& options,
                        const PartCompiler& compiler) {
  has_suffix_ = true;
  suffix_.request = compiler.compile(cut.suffix);
  add_outputs(suffix_, portions_);
  for (std::size_t i = 0; i < cut.suffix_outputs.size(); ++i) {
    outputs_[cut.suffix_outputs[i]] = suffix_.outputs[i].whole();
  }
  const auto inputs = suffix_.request.get_compiled_model().inputs();
  for (std::size_t i = border_; i < inputs.size(); ++i) {
    const ov::Shape& shape = inputs[i].get_shape();
    const bool repeated = !options.per_sample_slots || shape[0] == 1;
    suffix_.inputs.emplace_back(inputs[i].get_element_type(), shape, portions_, repeated);
    suffix_.request.set_input_tensor(i, suffix_.inputs.back().portion(0));
  }
  for (std::size_t i = 0; i < border_; ++i) {
    suffix_.request.set_input_tensor(i, prefix_.outputs[i].portion(0));  // the same memory, no copy
  }
}

void Plan::set_input(const Batch& batch) {
  // The runtime only reads its inputs; its interface takes them as mutable memory.
  auto* pixels = const_cast<float*>(batch.pixels.data());
  pixels_ = ov::Tensor(ov::element::f32, {batch.count, batch.channels, batch.height, batch.width},
                       pixels);
}

void Plan::bind_prefix(std::size_t portion) {
  ov::Shape shape = pixels_.get_shape();
  shape[0] /= portions_;
  prefix_.request.set_input_tensor(
      ov::Tensor(ov::element::f32, shape, pixels_.data<float>() + portion * ov::shape_size(shape)));
  if (portions_ > 1) {
    for (std::size_t i = 0; i < prefix_.outputs.size(); ++i) {
      prefix_.request.set_output_tensor(i, prefix_.outputs[i].portion(portion));
    }
  }
}

void Plan::run_prefix() {
  for (std::size_t portion = 0; portion < portions_; ++portion) {
    bind_prefix(portion);
    prefix_.request.infer();
  }
}

void Plan::bind_suffix(std::size_t portion) {
  for (std::size_t i = 0; i < border_; ++i) {
    suffix_.request.set_input_tensor(i, prefix_.outputs[i].portion(portion));
  }
  for (std::size_t i = 0; i < suffix_.inputs.size(); ++i) {
    suffix_.request.set_input_tensor(border_ + i, suffix_.inputs[i].portion(portion));
  }
  for (std::size_t i = 0; i < suffix_.outputs.size(); ++i) {
    suffix_.request.set_output_tensor(i, suffix_.outputs[i].portion(portion));
  }
}

void Plan::set_slot(std::size_t index, const SlotInfo& slot, std::span<const float> values) {
  const std::span<const float> source =
      values.empty() ? std::span<const float>(slot.neutral) : values;
  ov::Tensor& tensor = suffix_.inputs[index].whole();
  auto* out = tensor.data<float>();
  if (source.size() == tensor.get_size()) {
    std::copy(source.begin(), source.end(), out);
    return;
  }
  if (source.size() != slot.size) {
    fail(ErrorCode::InvalidArgument, "slot '", slot.name, "': ", source.size(),
         " values; expected ", slot.size, " or ", tensor.get_size());
  }
  for (std::size_t row = 0; row < tensor.get_size() / slot.size; ++row) {
    out = std::copy(source.begin(), source.end(), out);
  }
}

void Plan::run_suffix(const std::vector<SlotInfo>& slots, const SlotValues& values) {
  if (!has_suffix_) {
    return;
  }
  for (std::size_t i = 0; i < slots.size(); ++i) {
    set_slot(i, slots[i], values.empty() ? std::span<const float>() : values[i]);
  }
  for (std::size_t portion = 0; portion < portions_; ++portion) {
    if (portions_ > 1) {
      bind_suffix(portion);
    }
    suffix_.request.infer();
  }
}

std::span<const float> Plan::run_head(std::span<const float> features) {
  ov::Tensor input = head_.get_input_tensor();
  std::copy(features.begin(), features.end(), input.data<float>());
  head_.infer();
  const ov::Tensor logits = head_.get_output_tensor();
  return {logits.data<float>(), logits.get_size()};
}

std::span<const float> Plan::output(const std::string& name) {
  const auto found = outputs_.find(name);
  if (found == outputs_.end()) {
    return {};
  }
  return {found->second.data<float>(), found->second.get_size()};
}

}  // namespace zoa
