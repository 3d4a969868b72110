// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/run.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "zoa/adapt/contender.h"
#include "zoa/adapt/method_state.h"
#include "zoa/core/cpu.h"
#include "zoa/core/error.h"
#include "zoa/core/hash.h"
#include "zoa/core/version.h"
#include "zoa/engine/isa.h"
#include "zoa/eval/budget.h"
#include "zoa/eval/class_subset.h"
#include "zoa/eval/metrics.h"
#include "zoa/eval/peak_memory.h"
#include "zoa/eval/shard.h"
#include "zoa/eval/streams.h"

namespace zoa {
namespace {

const std::vector<int> kAllClasses;

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
  record.pass_equivalents = step.pass_equivalents;
  record.bank_weights = step.result.bank_weights;
  record.guard = step.result.guard;
  record.rss_mb = peak_rss_mb();
  record.ms = step.ms;
}

LogSink note_sink(const EvalHooks& hooks) {
  if (!hooks.note) {
    return {};
  }
  return drop_repeats([note = hooks.note](LogLevel, const std::string& text) { note(text); });
}

// A method with its place in the stream.
struct Lane {
  Contender contender;
  std::size_t number = 0;  // among all methods of the run, also those of other shards
  std::size_t step = 0;
  CorrectCount so_far;  // of the present stream and round
};

// One call of run_eval().
class Evaluation {
 public:
  Evaluation(const Model& model, const Dataset& data, const EvalPlan& plan, const EvalHooks& hooks)
      : model_(model),
        data_(data),
        plan_(plan),
        hooks_(hooks),
        log_(note_sink(hooks)),
        format_{plan.timings},
        domains_(pick_domains(data, plan.options)),
        shard_(parse_shard(plan.options.shard)),
        streams_(make_streams(data, domains_, plan.options)) {}

  Run run();

 private:
  void check_knowledge(const MethodRequest& request, const MethodInfo& needs) const;
  std::optional<Contender> make_contender(const MethodRequest& request) const;
  void make_lanes();
  void fill_header();
  bool run_rounds();  // false: stopped
  bool run_stream(std::size_t number, std::size_t round);
  std::vector<Lane*> lanes_of(std::size_t stream) const;
  void run_batch(Lane& lane, const Batch& batch, BatchRecord record);
  void add_domain_counts(BatchRecord& record, const Answers& answers) const;
  void reset(Lane& lane) const;
  void note_skipped(const std::vector<SkippedImage>& skipped) const;
  void report(const std::string& stream) const;
  void write(const std::string& line) const {
    if (hooks_.line) {
      hooks_.line(line);
    }
  }

  const Model& model_;
  const Dataset& data_;
  const EvalPlan& plan_;
  const EvalHooks& hooks_;
  LogSink log_;
  RecordFormat format_;
  std::vector<std::size_t> domains_;
  Shard shard_;
  std::vector<EvalStream> streams_;
  std::vector<std::unique_ptr<Lane>> lanes_;  // that have something to do in this shard
  std::vector<std::size_t> batch_domains_;    // of each image of the batch
  Run run_;
  std::size_t done_ = 0;  // images
  std::size_t total_ = 0;
};

std::vector<Lane*> Evaluation::lanes_of(std::size_t stream) const {
  const bool is_cell = plan_.options.reset == "domain";
  const CellGrid grid{run_.header.methods.size(), is_cell ? streams_.size() : 1};
  std::vector<Lane*> lanes;
  for (const auto& lane : lanes_) {
    const std::size_t cell = grid.number(plan_.number, lane->number, is_cell ? stream : 0);
    if (CellGrid::is_in(shard_, cell)) {
      lanes.push_back(lane.get());
    }
  }
  return lanes;
}

// A method that lives on what another has learnt is no row of its own without it.
void Evaluation::check_knowledge(const MethodRequest& request, const MethodInfo& needs) const {
  if (request.optional && !needs.reads_states.empty() && plan_.states.count(request.name) == 0) {
    fail(ErrorCode::InvalidArgument, "it knows nothing without a state of ",
         needs.reads_states.front(), "; give one with --state ", request.name, "=FILE");
  }
}

// Nothing for an optional method that does not fit network, statistics or budget.
std::optional<Contender> Evaluation::make_contender(const MethodRequest& request) const {
  const ContenderOptions options{static_cast<std::uint64_t>(plan_.options.seed),
                                 static_cast<int>(plan_.options.threads), plan_.options.guard,
                                 plan_.cache, log_};
  try {
    const GuardedOverrides split = split_overrides(request.overrides, options.guard);
    OptionValues overrides = fit_passes(request.name, split.method, model_.info(),
                                        static_cast<std::size_t>(plan_.options.passes));
    check_knowledge(request, method_needs(request.name, overrides, model_.info()));
    std::copy_if(request.overrides.begin(), request.overrides.end(), std::back_inserter(overrides),
                 [](const auto& value) { return is_guard_override(value.first); });
    return Contender(model_, request.name, overrides, options);
  } catch (const Error& error) {
    if (!request.optional) {
      throw;
    }
    if (hooks_.note) {
      hooks_.note("left out method " + request.name + ": " + error.what());
    }
    return std::nullopt;
  }
}

// The header tells of all methods, whatever the shard; those without a cell go again.
void Evaluation::make_lanes() {
  for (const MethodRequest& request : plan_.methods) {
    std::optional<Contender> contender = make_contender(request);
    if (!contender) {
      continue;
    }
    auto lane = std::make_unique<Lane>(Lane{std::move(*contender), lanes_.size(), 0, {}});
    MethodFacts facts{request.name, lane->contender.method().options()};
    if (const auto state = plan_.states.find(request.name); state != plan_.states.end()) {
      check_method_state(state->second, request.name, model_);
      facts.options.push_back({"state", "text", hash64(state->second.to_bytes()), "", 0, 0});
      reset(*lane);
    }
    run_.header.methods.push_back(std::move(facts));
    run_.header.machine.threads = lane->contender.engine().threads();
    lanes_.push_back(std::move(lane));
  }
  std::set<const Lane*> needed;
  for (std::size_t stream = 0; stream < streams_.size(); ++stream) {
    const std::vector<Lane*> lanes = lanes_of(stream);
    needed.insert(lanes.begin(), lanes.end());
  }
  std::erase_if(lanes_, [&](const auto& lane) { return needed.count(lane.get()) == 0; });
}

void Evaluation::fill_header() {
  RunHeader& header = run_.header;
  header.zoa = kVersion;
  header.runtime = runtime_version();
  header.machine.cpu = cpu_model();
  header.machine.isa = running_isa();
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
    header.images.push_back(count_images(data_, domain, plan_.options));
  }
  header.options = list_options(plan_.options);
  header.command = plan_.command;
  for (std::size_t stream = 0; stream < streams_.size(); ++stream) {
    for (const std::size_t domain : streams_[stream].domains) {
      const std::size_t images = count_images(data_, domain, plan_.options);
      total_ +=
          lanes_of(stream).empty() ? 0 : images * static_cast<std::size_t>(plan_.options.rounds);
    }
  }
}

void Evaluation::report(const std::string& stream) const {
  if (hooks_.progress) {
    hooks_.progress({stream, done_, total_});
  }
}

void Evaluation::note_skipped(const std::vector<SkippedImage>& skipped) const {
  if (!hooks_.note) {
    return;
  }
  for (const SkippedImage& image : skipped) {
    hooks_.note("left out image " + std::to_string(image.id) + " of " +
                data_.domains()[image.domain] + ": " + image.reason);
  }
}

void Evaluation::add_domain_counts(BatchRecord& record, const Answers& answers) const {
  for (const std::size_t domain : domains_) {
    DomainCount share{data_.domains()[domain]};
    bool is_there = false;
    for (std::size_t i = 0; i < batch_domains_.size(); ++i) {
      if (batch_domains_[i] == domain) {
        const CorrectCount one =
            count_correct(std::span(answers.logits).subspan(i * answers.classes, answers.classes),
                          answers.classes, std::span(answers.labels).subspan(i, 1));
        share.labeled += one.labeled;
        share.correct += one.correct;
        is_there = true;
      }
    }
    if (is_there) {
      record.by_domain.push_back(std::move(share));
    }
  }
}

// record  has domain, round and skipped. A batch without images stands for the images that were
// left out behind the last whole batch of a stream.
void Evaluation::run_batch(Lane& lane, const Batch& batch, BatchRecord record) {
  record.method = lane.contender.name();
  record.count = batch.count;
  if (batch.count > 0) {
    ++lane.step;
    const TimedStep step = lane.contender.run(batch);
    const Answers answers =
        keep_possible(step.result.logits, lane.contender.classes(), batch.labels,
                      plan_.options.subset_classes ? data_.possible_classes() : kAllClasses);
    const CorrectCount count = count_correct(answers.logits, answers.classes, answers.labels);
    lane.so_far.labeled += count.labeled;
    lane.so_far.correct += count.correct;
    fill_record(record, step, count);
    if (plan_.options.mixed) {
      add_domain_counts(record, answers);
    }
    record.ece_bins = count_confidence(answers.logits, answers.classes, answers.labels);
  }
  record.step = lane.step;
  if (lane.so_far.labeled > 0) {
    record.top1 =
        static_cast<double>(lane.so_far.correct) / static_cast<double>(lane.so_far.labeled);
  }
  write(to_json_line(record, format_));
  run_.batches.push_back(std::move(record));
}

// As newly made, or with the state that the user gave.
void Evaluation::reset(Lane& lane) const {
  lane.contender.reset();
  if (const auto state = plan_.states.find(lane.contender.name()); state != plan_.states.end()) {
    MemoryState copy = state->second;
    lane.contender.load(copy);
  }
}

bool Evaluation::run_stream(std::size_t number, std::size_t round) {
  const EvalStream& stream = streams_[number];
  const std::vector<Lane*> lanes = lanes_of(number);
  if (lanes.empty()) {
    return true;
  }
  BatchReader reader(data_, order_stream(data_, stream, plan_.options), model_.preprocess(),
                     reader_options(plan_.options, model_.classes()));
  for (Lane* lane : lanes) {
    lane->so_far = {};
    if (plan_.options.reset == "domain" || (plan_.options.reset == "round" && number == 0)) {
      reset(*lane);
    }
  }
  report(stream.name);
  Batch batch;
  std::vector<SkippedImage> skipped;
  while (reader.next(batch, skipped) || !skipped.empty()) {
    note_skipped(skipped);
    batch_domains_ = reader.domains();
    BatchRecord fields;
    fields.domain = stream.name;
    fields.round = round;
    fields.skipped = skipped.size();
    for (Lane* lane : lanes) {
      run_batch(*lane, batch, fields);
    }
    done_ += batch.count + skipped.size();
    skipped.clear();
    report(stream.name);
    if (hooks_.stop && hooks_.stop()) {
      return false;
    }
  }
  return true;
}

bool Evaluation::run_rounds() {
  for (std::int64_t round = 1; round <= plan_.options.rounds; ++round) {
    for (std::size_t stream = 0; stream < streams_.size(); ++stream) {
      if (!run_stream(stream, static_cast<std::size_t>(round))) {
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
    if (complete && hooks_.state) {
      hooks_.state(lane->contender.name(), save_method(lane->contender.method(), model_));
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

Run run_eval(const Model& model,
             const Dataset& data,
             const EvalPlan& plan,
             const EvalHooks& hooks) {
  check_eval_options(plan.options);
  check_classes(model, data);
  if (plan.methods.empty()) {
    fail(ErrorCode::InvalidArgument, "no method to run; give one with --method");
  }
  for (const auto& [name, state] : plan.states) {
    const bool is_run =
        std::any_of(plan.methods.begin(), plan.methods.end(),
                    [&, wanted = name](const MethodRequest& r) { return r.name == wanted; });
    if (!is_run) {
      fail(ErrorCode::InvalidArgument, "state for method '", name, "', which is not run");
    }
  }
  return Evaluation(model, data, plan, hooks).run();
}

}  // namespace zoa
