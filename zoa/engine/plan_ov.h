// SPDX-License-Identifier: Apache-2.0
// Prefix and suffix compiled for one batch size, with the tensors that join them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <openvino/runtime/compiled_model.hpp>
#include <openvino/runtime/infer_request.hpp>

#include "zoa/engine/compiled_cache_ov.h"
#include "zoa/engine/engine.h"
#include "zoa/engine/port_ov.h"
#include "zoa/graph/cut_ov.h"
#include "zoa/model/model_ov.h"

namespace zoa {

/// Rewrites a network whose quantizers are lowered into the form that this processor's kernels run
/// fastest; the numbers stay.
void suit_kernels(const std::shared_ptr<ov::Model>& model);

/// Describe: slots, outputs and work are those of Run, without the rewriting that moves weights.
enum class Purpose { Run, Describe };

/// The graph of a plan before it is compiled.
Instrumented instrument_model(const ModelGraph& graph,
                              const EngineOptions& options,
                              std::size_t batch,
                              Purpose purpose);

/// The head alone, ready to compile.
std::shared_ptr<ov::Model> head_model(const ModelGraph& graph,
                                      const EngineOptions& options,
                                      std::size_t batch);

/// Runtime settings of every compiled model: f32 outside int8 kernels, no hidden dynamic
/// quantization, given threads, no pinning.
ov::AnyMap compile_settings(int threads);

/// How the parts of a plan are compiled.
struct PartCompiler {
  CompiledCache& cache;
  ov::AnyMap settings;

  ov::InferRequest compile(const std::shared_ptr<ov::Model>& model) const {
    return cache.compile(model, settings).create_infer_request();
  }
};

/// One part of a network, compiled, with the memory of what it reads and gives.
struct Part {
  ov::InferRequest request;
  std::vector<Port> inputs;   ///< of a suffix: its slots
  std::vector<Port> outputs;  ///< of a prefix: the border values first
};

/// A batch goes through the network in portions of at most 32 images where no image can tell: the
/// maps between layers then stay in the processor's cache, and their memory does not grow with the
/// batch. With batch statistics, or means over the batch among the outputs, it goes in one.
class Plan {
 public:
  Plan(const ModelGraph& graph,
       const EngineOptions& options,
       std::size_t batch,
       const PartCompiler& compiler);

  std::size_t batch() const { return batch_; }
  /// Part of the constructor's time that went before compiling.
  double rewrite_ms() const { return rewrite_ms_; }
  /// The pixels are not copied.
  void set_input(const Batch& batch);
  void run_prefix();
  void run_suffix(const std::vector<SlotInfo>& slots, const SlotValues& values);
  /// Logits of the head alone. features  (batch, D)
  std::span<const float> run_head(std::span<const float> features);
  /// f32 values of a named output; empty if the plan does not have it.
  std::span<const float> output(const std::string& name);

 private:
  void build(const ModelGraph& graph, const EngineOptions& options, const PartCompiler& compiler);
  void build_suffix(const Cut& cut, const EngineOptions& options, const PartCompiler& compiler);
  void bind_suffix(std::size_t portion);
  void bind_prefix(std::size_t portion);
  void set_slot(std::size_t index, const SlotInfo& slot, std::span<const float> values);

  std::size_t batch_;
  std::size_t portions_ = 1;
  double rewrite_ms_ = 0;
  Part prefix_;
  Part suffix_;
  ov::InferRequest head_;  // where the options ask for it
  std::size_t border_ = 0;
  bool has_suffix_ = false;
  ov::Tensor pixels_;
  std::map<std::string, ov::Tensor> outputs_;
};

}  // namespace zoa
