// SPDX-License-Identifier: Apache-2.0
// A method together with an engine that gives it just what it asks for. Used by run_eval() and
// run_bench(), so that both measure the same thing.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "zoa/engine/engine.h"
#include "zoa/methods/method.h"

namespace zoa {

struct ContenderOptions {
  std::uint64_t seed = 0;
  int threads = 0;  ///< 0 = all that the process may use
};

struct TimedStep {
  StepResult result;
  std::size_t passes = 0;
  double pass_equivalents = 0;  ///< in full passes: Forward::cost()
  double ms = 0;                ///< step and accept; compiling for a new batch size is not counted
};

class Contender {
 public:
  /// Throws  InvalidArgument for unknown names; UnsupportedModel, StateMismatch.
  Contender(const Model& model,
            const std::string& method,
            const OptionValues& overrides,
            const ContenderOptions& options);

  const std::string& name() const { return name_; }
  const Engine& engine() const { return *engine_; }
  const Method& method() const { return *method_; }
  std::size_t classes() const { return engine_->info().classes; }

  /// Answers a batch and takes the update. A batch below the method's least one is answered too,
  /// but teaches nothing.
  TimedStep run(const Batch& batch);
  void reset() { method_->reset(); }
  void load(StateReader& state) { method_->load(state); }

 private:
  std::string name_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Method> method_;
  std::set<std::size_t> compiled_;  // batch sizes
};

/// What the engine must offer for a method on this network.
EngineOptions engine_options(const MethodInfo& method, bool has_batch_norm, int threads);

/// The table's entry. Throws  InvalidArgument for an unknown name; the text lists the known ones.
MethodInfo find_method(const std::string& name);

}  // namespace zoa
