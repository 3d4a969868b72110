// SPDX-License-Identifier: Apache-2.0
// Runs methods over the domains of a data set and records every batch. Called by 'zoa eval' and
// 'zoa demo'. The protocol is that of the paper: one domain after the other, without a reset.
// Methods take turns on each batch: images are read once, times are comparable even if the machine
// slows down, and a run that is stopped early has them all at the same place.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "zoa/data/dataset.h"
#include "zoa/eval/record.h"
#include "zoa/methods/method.h"
#include "zoa/model/model.h"

namespace zoa {

struct EvalOptions {
  std::int64_t batch = 64;
  std::int64_t rounds = 1;
  std::int64_t seed = 2020;  ///< the paper's
  std::int64_t limit = 0;
  std::string order = "file";
  std::int64_t order_seed = 0;
  std::int64_t severity = 5;
  std::string reset = "continual";
  std::int64_t threads = 0;
  std::vector<std::string> domains;  ///< in this order; none = default_domains()

  template <class F>
  void visit(F&& f) {
    f(batch, OptionMeta{"batch", "images per batch", 1, 256});
    f(rounds, OptionMeta{"rounds", "times that the sequence of domains is run", 1, 1000});
    f(seed, OptionMeta{"seed", "of the methods' random numbers", 0, 9e15});
    f(limit, OptionMeta{"limit", "images per domain, 0 = all", 0, 1e9});
    f(order, OptionMeta{"order", "of the images in a domain: file or shuffled"});
    f(order_seed, OptionMeta{"order_seed", "of the shuffle", 0, 9e15});
    f(severity, OptionMeta{"severity", "of corruptions and of cifar10-c, imagenet-c", 1, 5});
    f(reset, OptionMeta{"reset", "continual: never; domain: at the start of each domain"});
    f(threads, OptionMeta{"threads", "0 = all that the process may use", 0, 1024});
  }
};

/// Throws  InvalidArgument naming the option.
void check_eval_options(const EvalOptions& options);

struct MethodRequest {
  std::string name;
  OptionValues overrides;
};

struct EvalPlan {
  std::vector<MethodRequest> methods;
  EvalOptions options;
  std::string command;  ///< goes into the header as it is
  bool timings = true;  ///< of the JSON lines; see RecordFormat
};

struct EvalProgress {
  std::string domain;
  std::size_t done = 0;  ///< images, each once however many methods run
  std::size_t total = 0;
};

/// All may be empty. Called from the thread that called run_eval().
struct EvalHooks {
  std::function<void(const std::string&)> line;  ///< a JSON line, without the newline
  std::function<void(const EvalProgress&)> progress;
  std::function<void(const std::string&)> note;  ///< an image that was left out, with the reason
  std::function<bool()> stop;                    ///< asked after every batch; true = end here
};

/// Answers each batch with every method. What was recorded up to a stop comes back; the summaries
/// of an interrupted run say so. Throws  InvalidArgument for unknown methods, options, domains or a
/// wrong number of classes, before
///         the first line is written; UnsupportedModel, Io, and what the hooks throw.
Run run_eval(const Model& model, const Dataset& data, const EvalPlan& plan, const EvalHooks& hooks);

/// Throws  InvalidArgument if the data names another number of classes than the network answers.
void check_classes(const Model& model, const Dataset& data);

/// "w8a8", or "float".
std::string bits_text(const QuantizationSummary& summary);

}  // namespace zoa
