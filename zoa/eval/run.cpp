// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/run.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <utility>

#include "zoa/core/cpu.h"
#include "zoa/core/error.h"
#include "zoa/core/hash.h"
#include "zoa/core/threads.h"
#include "zoa/core/version.h"
#include "zoa/data/stream.h"
#include "zoa/engine/isa.h"
#include "zoa/eval/contender.h"
#include "zoa/eval/metrics.h"

namespace zoa {
namespace {

std::vector<std::size_t> pick_domains(const Dataset& data, const EvalOptions& options) {
  std::vector<std::size_t> picked;
  for (const std::string& name :
       options.domains.empty() ? default_domains(data) : options.domains) {
    const std::size_t domain = find_domain(data, name);
    if (std::find(picked.begin(), picked.end(), domain) != picked.end()) {
      fail(ErrorCode::InvalidArgument, "domain '", name, "' is named twice");
    }
    picked.push_back(domain);
  }
  return picked;
}

std::size_t images_of(const Dataset& data, std::size_t domain, const EvalOptions& options) {
  const std::size_t size = data.size(domain);
  return options.limit > 0 ? std::min(size, static_cast<std::size_t>(options.limit)) : size;
}

StreamOptions stream_options(const EvalOptions& options, std::size_t classes) {
  StreamOptions stream;
  stream.batch = static_cast<std::size_t>(options.batch);
  stream.limit = static_cast<std::size_t>(options.limit);
  stream.shuffle = options.order == "shuffled";
  stream.seed = static_cast<std::uint64_t>(options.order_seed);
  stream.classes = classes;
  stream.threads = static_cast<std::size_t>(threads_or_available(options.threads));
  return stream;
}

void fill_record(BatchRecord& record, const TimedStep& step, const CorrectCount& count) {
  record.labeled = count.labeled;
  if (count.labeled > 0) {
    record.correct = count.correct;
  }
  record.loss = step.result.loss;
  record.loss_perturbed = step.result.loss_perturbed;
  record.entropy = step.result.entropy;
  record.discrepancy = step.result.discrepancy;
  record.domain_distance = step.result.domain_distance;
  record.changed = step.result.domain_changed;
  record.removed_entry = step.result.removed_entry;
  record.bank_entries = step.result.bank_entries;
  record.updated = step.result.updated;
  record.passes = step.passes;
  record.ms = step.ms;
}

// A method with its place in the stream.
struct Lane {
  Contender contender;
  std::size_t step = 0;
  CorrectCount so_far;  // of the present domain and round
};

// One call of run_eval().
class Evaluation {
 public:
  Evaluation(const Model& model, const Dataset& data, const EvalPlan& plan, const EvalHooks& hooks)
      : model_(model),
        data_(data),
        plan_(plan),
        hooks_(hooks),
        format_{plan.timings},
        domains_(pick_domains(data, plan.options)) {}

  Run run();

 private:
  void make_lanes();
  void fill_header();
  bool run_rounds();  // false: stopped
  bool run_domain(std::size_t domain, std::size_t round);
  void run_batch(Lane& lane, const Batch& batch, BatchRecord record);
  void start_domain(const std::string& domain);
  void note_skipped(const std::string& domain, const std::vector<SkippedImage>& skipped) const;
  void report(const std::string& domain) const;
  void write(const std::string& line) const {
    if (hooks_.line) {
      hooks_.line(line);
    }
  }

  const Model& model_;
  const Dataset& data_;
  const EvalPlan& plan_;
  const EvalHooks& hooks_;
  RecordFormat format_;
  std::vector<std::size_t> domains_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  Run run_;
  std::size_t done_ = 0;  // images
  std::size_t total_ = 0;
};

void Evaluation::make_lanes() {
  const ContenderOptions options{static_cast<std::uint64_t>(plan_.options.seed),
                                 static_cast<int>(plan_.options.threads)};
  for (const MethodRequest& request : plan_.methods) {
    lanes_.push_back(std::make_unique<Lane>(
        Lane{Contender(model_, request.name, request.overrides, options), 0, {}}));
  }
}

void Evaluation::fill_header() {
  RunHeader& header = run_.header;
  header.zoa = kVersion;
  header.runtime = runtime_version();
  header.machine = {cpu_model(), running_isa(), lanes_.front()->contender.engine().threads()};
  header.model = model_.name();
  header.model_hash = model_.hash();
  header.family = model_.family() == Family::Vit ? "vit" : "cnn";
  header.bits = bits_text(model_.quantization());
  header.quantized = model_.quantization().quantized;
  header.products = model_.quantization().products;
  header.preprocess = describe(model_.preprocess());
  header.data = data_.spec();
  header.data_hash = hex64(data_.hash());
  for (const std::size_t domain : domains_) {
    header.domains.push_back(data_.domains()[domain]);
    header.images.push_back(images_of(data_, domain, plan_.options));
    total_ += header.images.back() * static_cast<std::size_t>(plan_.options.rounds);
  }
  header.options = list_options(plan_.options);
  for (const auto& lane : lanes_) {
    header.methods.push_back({lane->contender.name(), lane->contender.method().options()});
  }
  header.command = plan_.command;
}

void Evaluation::report(const std::string& domain) const {
  if (hooks_.progress) {
    hooks_.progress({domain, done_, total_});
  }
}

void Evaluation::note_skipped(const std::string& domain,
                              const std::vector<SkippedImage>& skipped) const {
  if (!hooks_.note) {
    return;
  }
  for (const SkippedImage& image : skipped) {
    hooks_.note("left out image " + std::to_string(image.id) + " of " + domain + ": " +
                image.reason);
  }
}

// record  has domain, round and skipped. A batch without images stands for the images that were
// left out behind the last whole batch of a domain.
void Evaluation::run_batch(Lane& lane, const Batch& batch, BatchRecord record) {
  record.method = lane.contender.name();
  record.count = batch.count;
  if (batch.count > 0) {
    ++lane.step;
    const TimedStep step = lane.contender.run(batch);
    const CorrectCount count =
        count_correct(step.result.logits, lane.contender.classes(), batch.labels);
    lane.so_far.labeled += count.labeled;
    lane.so_far.correct += count.correct;
    fill_record(record, step, count);
  }
  record.step = lane.step;
  if (lane.so_far.labeled > 0) {
    record.top1 =
        static_cast<double>(lane.so_far.correct) / static_cast<double>(lane.so_far.labeled);
  }
  write(to_json_line(record, format_));
  run_.batches.push_back(std::move(record));
}

void Evaluation::start_domain(const std::string& domain) {
  for (auto& lane : lanes_) {
    lane->so_far = {};
    if (plan_.options.reset == "domain") {
      lane->contender.reset();
    }
  }
  report(domain);
}

bool Evaluation::run_domain(std::size_t domain, std::size_t round) {
  const std::string& name = data_.domains()[domain];
  BatchReader reader(data_, domain, model_.preprocess(),
                     stream_options(plan_.options, model_.classes()));
  start_domain(name);
  Batch batch;
  std::vector<SkippedImage> skipped;
  while (reader.next(batch, skipped) || !skipped.empty()) {
    note_skipped(name, skipped);
    BatchRecord fields;
    fields.domain = name;
    fields.round = round;
    fields.skipped = skipped.size();
    for (auto& lane : lanes_) {
      run_batch(*lane, batch, fields);
    }
    done_ += batch.count + skipped.size();
    skipped.clear();
    report(name);
    if (hooks_.stop && hooks_.stop()) {
      return false;
    }
  }
  return true;
}

bool Evaluation::run_rounds() {
  for (std::int64_t round = 1; round <= plan_.options.rounds; ++round) {
    for (const std::size_t domain : domains_) {
      if (!run_domain(domain, static_cast<std::size_t>(round))) {
        return false;
      }
    }
  }
  return true;
}

Run Evaluation::run() {
  make_lanes();
  fill_header();
  write(to_json_line(run_.header, format_));
  const bool complete = run_rounds();
  for (const auto& lane : lanes_) {
    MethodSummary summary = summarize(run_, lane->contender.name());
    summary.complete = complete;
    write(to_json_line(summary, format_));
    run_.summaries.push_back(std::move(summary));
  }
  return std::move(run_);
}

}  // namespace

std::string bits_text(const QuantizationSummary& summary) {
  if (summary.weight_bits >= 32 && summary.activation_bits >= 32) {
    return "float";
  }
  return "w" + std::to_string(summary.weight_bits) + "a" + std::to_string(summary.activation_bits);
}

void check_classes(const Model& model, const Dataset& data) {
  if (!data.classes().empty() && data.classes().size() != model.classes()) {
    fail(ErrorCode::InvalidArgument, data.spec(), ": ", data.classes().size(),
         " classes, the network '", model.name(), "' answers ", model.classes(),
         "; give the names of all its classes with --labels FILE");
  }
}

void check_eval_options(const EvalOptions& options) {
  check_options(options);
  if (options.order != "file" && options.order != "shuffled") {
    fail(ErrorCode::InvalidArgument, "option 'order': '", options.order,
         "' is not file or shuffled");
  }
  if (options.reset != "continual" && options.reset != "domain") {
    fail(ErrorCode::InvalidArgument, "option 'reset': '", options.reset,
         "' is not continual or domain");
  }
}

Run run_eval(const Model& model,
             const Dataset& data,
             const EvalPlan& plan,
             const EvalHooks& hooks) {
  check_eval_options(plan.options);
  check_classes(model, data);
  if (plan.methods.empty()) {
    fail(ErrorCode::InvalidArgument, "no method to run; give one with --method");
  }
  return Evaluation(model, data, plan, hooks).run();
}

}  // namespace zoa
