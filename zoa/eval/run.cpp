// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/run.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <memory>
#include <utility>

#include "zoa/core/cpu.h"
#include "zoa/core/error.h"
#include "zoa/core/threads.h"
#include "zoa/core/version.h"
#include "zoa/data/stream.h"
#include "zoa/engine/isa.h"
#include "zoa/eval/contender.h"
#include "zoa/eval/metrics.h"

namespace zoa {
namespace {

std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof(text), "%016llx", static_cast<unsigned long long>(value));
  return text;
}

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
  void make_contenders();
  void fill_header();
  bool run_method(Contender& contender);  // false: stopped
  bool run_domain(Contender& contender, std::size_t domain, std::size_t round);
  void record(const Contender& contender, const Batch& batch, TimedStep step, BatchRecord record);
  void record_skipped(const Contender& contender,
                      const std::string& domain,
                      std::size_t round,
                      std::size_t count);
  void report(const Contender& contender, const std::string& domain) const;
  void note_skipped(const std::string& domain, const std::vector<SkippedImage>& skipped) const;
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
  std::vector<std::unique_ptr<Contender>> contenders_;
  Run run_;
  std::size_t step_ = 0;  // of the present method
  std::size_t done_ = 0;  // images, all methods
  std::size_t total_ = 0;
  CorrectCount so_far_;  // of the present domain and round
};

void Evaluation::make_contenders() {
  const ContenderOptions options{static_cast<std::uint64_t>(plan_.options.seed),
                                 static_cast<int>(plan_.options.threads)};
  for (const MethodRequest& request : plan_.methods) {
    contenders_.push_back(
        std::make_unique<Contender>(model_, request.name, request.overrides, options));
  }
}

void Evaluation::fill_header() {
  RunHeader& header = run_.header;
  header.zoa = kVersion;
  header.runtime = runtime_version();
  header.machine = {cpu_model(), running_isa(), contenders_.front()->engine().threads()};
  header.model = model_.name();
  header.model_hash = model_.hash();
  header.family = model_.family() == Family::Vit ? "vit" : "cnn";
  header.bits = bits_text(model_.quantization());
  header.quantized = model_.quantization().quantized;
  header.products = model_.quantization().products;
  header.preprocess = describe(model_.preprocess());
  header.data = data_.spec();
  header.data_hash = hex(data_.hash());
  for (const std::size_t domain : domains_) {
    header.domains.push_back(data_.domains()[domain]);
    header.images.push_back(images_of(data_, domain, plan_.options));
    total_ +=
        header.images.back() * contenders_.size() * static_cast<std::size_t>(plan_.options.rounds);
  }
  header.options = list_options(plan_.options);
  for (const auto& contender : contenders_) {
    header.methods.push_back({contender->name(), contender->method().options()});
  }
  header.command = plan_.command;
}

void Evaluation::report(const Contender& contender, const std::string& domain) const {
  if (hooks_.progress) {
    hooks_.progress({contender.name(), domain, done_, total_});
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

void Evaluation::record(const Contender& contender,
                        const Batch& batch,
                        TimedStep step,
                        BatchRecord record) {
  const CorrectCount count = count_correct(step.result.logits, contender.classes(), batch.labels);
  so_far_.labeled += count.labeled;
  so_far_.correct += count.correct;
  record.method = contender.name();
  record.step = ++step_;
  record.count = batch.count;
  record.labeled = count.labeled;
  if (count.labeled > 0) {
    record.correct = count.correct;
  }
  if (so_far_.labeled > 0) {
    record.top1 = static_cast<double>(so_far_.correct) / static_cast<double>(so_far_.labeled);
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
  write(to_json_line(record, format_));
  run_.batches.push_back(std::move(record));
}

void Evaluation::record_skipped(const Contender& contender,
                                const std::string& domain,
                                std::size_t round,
                                std::size_t count) {
  BatchRecord record;
  record.method = contender.name();
  record.domain = domain;
  record.round = round;
  record.step = step_;
  record.skipped = count;
  write(to_json_line(record, format_));
  run_.batches.push_back(std::move(record));
}

bool Evaluation::run_domain(Contender& contender, std::size_t domain, std::size_t round) {
  const EvalOptions& options = plan_.options;
  StreamOptions stream;
  stream.batch = static_cast<std::size_t>(options.batch);
  stream.limit = static_cast<std::size_t>(options.limit);
  stream.shuffle = options.order == "shuffled";
  stream.seed = static_cast<std::uint64_t>(options.order_seed);
  stream.classes = contender.classes();
  stream.threads =
      static_cast<std::size_t>(options.threads > 0 ? options.threads : available_threads());
  BatchReader reader(data_, domain, model_.preprocess(), stream);
  const std::string& name = data_.domains()[domain];
  so_far_ = {};
  Batch batch;
  std::vector<SkippedImage> skipped;
  report(contender, name);
  while (reader.next(batch, skipped)) {
    BatchRecord fields;
    fields.domain = name;
    fields.round = round;
    fields.skipped = skipped.size();
    record(contender, batch, contender.run(batch), std::move(fields));
    note_skipped(name, skipped);
    done_ += batch.count + skipped.size();
    skipped.clear();
    report(contender, name);
    if (hooks_.stop && hooks_.stop()) {
      return false;
    }
  }
  if (!skipped.empty()) {  // those behind the last whole batch: a record of their own
    note_skipped(name, skipped);
    record_skipped(contender, name, round, skipped.size());
  }
  done_ += skipped.size();
  return true;
}

bool Evaluation::run_method(Contender& contender) {
  step_ = 0;
  for (std::int64_t round = 1; round <= plan_.options.rounds; ++round) {
    for (const std::size_t domain : domains_) {
      if (plan_.options.reset == "domain") {
        contender.reset();
      }
      if (!run_domain(contender, domain, static_cast<std::size_t>(round))) {
        return false;
      }
    }
  }
  return true;
}

Run Evaluation::run() {
  make_contenders();
  fill_header();
  write(to_json_line(run_.header, format_));
  for (auto& contender : contenders_) {
    const bool complete = run_method(*contender);
    MethodSummary summary = summarize(run_, contender->name());
    summary.complete = complete;
    write(to_json_line(summary, format_));
    run_.summaries.push_back(std::move(summary));
    contender.reset();  // its compiled networks are not needed any more
    if (!complete) {
      break;
    }
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
