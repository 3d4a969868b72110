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
#include "zoa/graph/runtime_ov.h"
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
                              std::size_t batch) {
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
  if (!result.slots.empty()) {  // the plain network stays exactly what the file says
    separate_heads(result.model);
    if (structure.reads_token) {
      compute_token_rows(result.model);
    }
  }
  lower_quantizers(result.model);  // late: everything before reads the quantizers of the file
  suit_kernels(result.model);
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

Plan::Plan(const ModelGraph& graph, const EngineOptions& options, std::size_t batch, int threads)
    : batch_(batch) {
  const auto start = std::chrono::steady_clock::now();
  const Cut cut = cut_model(instrument_model(graph, options, batch).model);
  rewrite_ms_ = milliseconds_since(start);
  const ov::AnyMap settings = compile_settings(threads);
  if (options.head) {
    head_ = runtime_core()
                .compile_model(head_model(graph, options, batch), "CPU", settings)
                .create_infer_request();
  }
  auto prefix = runtime_core().compile_model(cut.prefix, "CPU", settings);
  prefix_ = prefix.create_infer_request();
  for (std::size_t i = 0; i < cut.prefix_outputs.size(); ++i) {
    outputs_[cut.prefix_outputs[i]] = prefix_.get_output_tensor(cut.border + i);
  }
  if (cut.suffix == nullptr) {
    return;
  }
  has_suffix_ = true;
  auto suffix = runtime_core().compile_model(cut.suffix, "CPU", settings);
  suffix_ = suffix.create_infer_request();
  for (std::size_t i = 0; i < cut.border; ++i) {
    suffix_.set_input_tensor(i, prefix_.get_output_tensor(i));  // the same memory, no copy
  }
  for (std::size_t i = cut.border; i < suffix.inputs().size(); ++i) {
    slots_.push_back(suffix_.get_input_tensor(i));
  }
  for (std::size_t i = 0; i < cut.suffix_outputs.size(); ++i) {
    outputs_[cut.suffix_outputs[i]] = suffix_.get_output_tensor(i);
  }
}

void Plan::set_input(const Batch& batch) {
  // The runtime only reads its inputs; its interface takes them as mutable memory.
  auto* pixels = const_cast<float*>(batch.pixels.data());
  prefix_.set_input_tensor(ov::Tensor(
      ov::element::f32, {batch.count, batch.channels, batch.height, batch.width}, pixels));
}

void Plan::run_prefix() {
  prefix_.infer();
}

void Plan::set_slot(std::size_t index, const SlotInfo& slot, std::span<const float> values) {
  const std::span<const float> source =
      values.empty() ? std::span<const float>(slot.neutral) : values;
  ov::Tensor& tensor = slots_[index];
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
  suffix_.infer();
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
