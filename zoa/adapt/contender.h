// SPDX-License-Identifier: Apache-2.0
// A method together with an engine that gives it just what it asks for. Used by run_eval() and
// run_bench(), so that both measure the same thing.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "zoa/adapt/guard_options.h"
#include "zoa/engine/engine.h"
#include "zoa/methods/method.h"

namespace zoa {

struct ContenderOptions {
  std::uint64_t seed = 0;
  int threads = 0;              ///< 0 = all that the process may use
  std::string guard = "paper";  ///< a preset of the guards; overrides "guard.NAME" change one
  std::string cache = {};       ///< as EngineOptions::cache
  LogSink log = {};             ///< as EngineOptions::log
};

class GuardedMethod;

/// A method and the engine it runs on.
struct Fitted {
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Method> method;
  const GuardedMethod* guarded = nullptr;  ///< the method, where it is under guard
};

/// The method is under guard where any guard is on, but for noadapt, which has nothing to guard.
/// Throws  InvalidArgument for unknown names; UnsupportedModel; StateMismatch where the model has
///         no source statistics and the method needs them.
Fitted fit_method(const Model& model,
                  const std::string& method,
                  const OptionValues& overrides,
                  const ContenderOptions& options);

struct TimedStep {
  StepResult result;
  std::size_t passes = 0;
  double pass_equivalents = 0;  ///< in full passes: Forward::cost()
  double ms = 0;                ///< step and accept; compiling for a new batch size is not counted
  EngineTimes times;            ///< of that, what the engine ran
};

class Contender {
 public:
  /// Throws  InvalidArgument for unknown names; UnsupportedModel, StateMismatch.
  Contender(const Model& model,
            const std::string& method,
            const OptionValues& overrides,
            const ContenderOptions& options);

  const std::string& name() const { return name_; }
  const Engine& engine() const { return *fitted_.engine; }
  const Method& method() const { return *fitted_.method; }
  std::size_t classes() const { return engine().info().classes; }

  /// Answers a batch and takes the update. A batch below the method's least one is answered too,
  /// but teaches nothing.
  TimedStep run(const Batch& batch);
  void reset() { fitted_.method->reset(); }
  void load(StateReader& state) { fitted_.method->load(state); }

 private:
  std::string name_;
  Fitted fitted_;
  std::set<std::size_t> compiled_;  // batch sizes
};

/// Overrides of a method and those of its guards, which are written "guard.NAME".
struct GuardedOverrides {
  OptionValues method;
  GuardOptions guard;
};

/// Whether an override is one of the guards.
bool is_guard_override(const std::string& name);

/// Throws  InvalidArgument for an unknown preset or guard option, or one out of range.
GuardedOverrides split_overrides(const OptionValues& overrides, const std::string& preset);

/// What the engine must offer for a method on this network.
EngineOptions engine_options(const MethodInfo& method, bool has_batch_norm, int threads);

/// The table's entry. Throws  InvalidArgument for an unknown name; the text lists the known ones.
MethodInfo find_method(const std::string& name);

}  // namespace zoa
