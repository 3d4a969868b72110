// SPDX-License-Identifier: Apache-2.0
// zoa adapt: answers a stream of pictures one by one, adapts to it, keeps what it learnt in a file.
#include <chrono>
#include <iostream>
#include <thread>

#include "zoa/adapt/adapter.h"
#include "zoa/adapt/contender.h"
#include "zoa/adapt/latency.h"
#include "zoa/adapt/snapshot.h"
#include "zoa/core/clock.h"
#include "zoa/core/error.h"

#include "cli/adapt_record.h"
#include "cli/frame_source.h"
#include "cli/interrupt.h"
#include "cli/model_source.h"
#include "cli/output.h"

namespace zoa::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct AdaptArguments {
  std::string model;
  std::string source;
  std::string state;
  std::string output;
  std::vector<std::string> settings;
  std::int64_t checkpoint_every = 100;
  std::int64_t limit = 0;
  double fps = 0;
  bool freeze = false;
  bool no_timings = false;
  bool quiet = false;
  AdapterOptions options;
};

void add_flags(CLI::App& app, AdaptArguments& arguments) {
  app.add_option("model", arguments.model, "model folder")->required();
  app.add_option("--source", arguments.source,
                 "DIR, a FILE with one path a line, - (paths on standard input), video:FILE or "
                 "camera:N")
      ->required()
      ->type_name("SOURCE");
  app.add_option("--state", arguments.state,
                 "what was learnt: gone on with if it is there, saved while the stream runs and at "
                 "its end")
      ->type_name("FILE");
  app.add_option("--checkpoint-every", arguments.checkpoint_every,
                 "frames between saves of the state, 0 = at the end only")
      ->type_name("N")
      ->default_str("100")
      ->check(CLI::NonNegativeNumber);
  app.add_option("-o,--output", arguments.output, "records; without it they go to standard output")
      ->type_name("FILE.jsonl");
  add_option_flags(app, arguments.options);
  app.add_option("--set", arguments.settings,
                 "option of the method or its guards, e.g. lr=1e-4, guard.probe=4; may repeat")
      ->type_name("OPTION=X")
      ->allow_extra_args(false);
  add_option_flags(app, arguments.options.frames);
  app.add_option("--fps", arguments.fps,
                 "frames per second: waits for each frame's time and uses the wait for further "
                 "passes; 0 = as fast as they come")
      ->type_name("X")
      ->check(CLI::Range(0.0, 1e4));
  app.add_option("--limit", arguments.limit, "frames, 0 = all")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
  app.add_flag("--freeze", arguments.freeze, "answer with what was learnt, learn nothing more");
  app.add_flag("--no-timings", arguments.no_timings, "no times: equal streams give equal bytes");
  app.add_flag("--quiet", arguments.quiet, "no summary");
}

AdapterOptions adapter_options(const AdaptArguments& arguments) {
  AdapterOptions options = arguments.options;
  options.log = warning_sink();
  find_method(options.method);
  for (const std::string& setting : arguments.settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      fail(ErrorCode::InvalidArgument, "--set ", setting, ": expected OPTION=X, e.g. lr=1e-4");
    }
    std::string name = setting.substr(0, equals);
    if (name.rfind(options.method + ".", 0) == 0) {
      name.erase(0, options.method.size() + 1);  // as zoa eval wants it
    }
    options.overrides.emplace_back(name, setting.substr(equals + 1));
  }
  return options;
}

Model load_one(const std::string& path) {
  const std::vector<Model> models = load_models(path);
  if (models.size() != 1) {
    fail(ErrorCode::InvalidArgument, path, ": found ", models.size(),
         " networks, expected one model folder");
  }
  return models.front();
}

// The adapter with its records and checkpoints.
class Job {
 public:
  explicit Job(const AdaptArguments& arguments)
      : arguments_(arguments),
        model_(load_one(arguments.model)),
        adapter_(model_, adapter_options(arguments)),
        records_(arguments.output) {
    adapter_.freeze(arguments.freeze);
    restore();
  }

  void run(FrameSource& source) {
    const Clock::time_point start = Clock::now();
    std::uint64_t taken = 0;
    while (!is_interrupted() && (arguments_.limit == 0 || taken < limit())) {
      const std::optional<Frame> frame = source.next();
      if (!frame) {
        break;
      }
      ++taken;
      answer(*frame);
      checkpoint(taken);
      wait(start, taken);
    }
    adapter_.step(-1);
    save();
  }

  void print_summary() const {
    const FrameCounters& counters = adapter_.counters();
    std::cerr << counters.frames << " frames answered, " << unreadable_ << " unreadable, "
              << counters.windows << " windows, " << counters.updates
              << " updates; not learnt from: " << counters.late << " late, " << counters.not_finite
              << " not finite, " << counters.frozen << " frozen, " << counters.guarded
              << " guarded\n";
    const std::string guards = counters_text(adapter_.guard_counters());
    if (!guards.empty() || counters.plain > 0) {
      std::cerr << counters.plain << " frames answered by the network as shipped; guards: "
                << (guards.empty() ? "none" : guards) << "\n";
    }
    if (!arguments_.no_timings && times_.count() > 0) {
      std::cerr << "answer p50 " << times_.quantile(0.5) << " ms, p99 " << times_.quantile(0.99)
                << " ms, most " << times_.most() << " ms; memory of the stream "
                << adapter_.bytes() / 1024 << " KiB\n";
    }
  }

 private:
  std::uint64_t limit() const { return static_cast<std::uint64_t>(arguments_.limit); }

  void restore() {
    if (arguments_.state.empty()) {
      return;
    }
    check_writable(arguments_.state);
    if (!has_snapshot(arguments_.state)) {
      return;
    }
    const std::string note = adapter_.restore_file(arguments_.state);
    if (!note.empty()) {
      print_warning(note);
    }
    if (!arguments_.quiet) {
      std::cerr << "goes on after frame " << adapter_.counters().frames << " of "
                << arguments_.state << "\n";
    }
  }

  void answer(const Frame& frame) {
    if (!frame.error.empty()) {
      ++unreadable_;
      write(error_record(frame));
      return;
    }
    const Clock::time_point start = Clock::now();
    const Prediction prediction = adapter_.push(frame.picture);
    const double took = milliseconds_since(start);
    times_.add(took);
    write(frame_record(frame, prediction, adapter_.labels(),
                       arguments_.no_timings ? std::nullopt : std::optional(took)));
  }

  void write(const std::string& line) {
    if (arguments_.output.empty()) {
      std::cout << line << "\n" << std::flush;
    } else {
      records_.write(line);
    }
    if (!std::cout) {
      fail(ErrorCode::Io, "standard output cannot be written");
    }
  }

  void checkpoint(std::uint64_t taken) {
    const auto every = static_cast<std::uint64_t>(arguments_.checkpoint_every);
    if (every > 0 && taken % every == 0) {
      save();
    }
  }

  void save() {
    if (!arguments_.state.empty()) {
      adapter_.save_file(arguments_.state);
    }
  }

  // Until the next frame's time; work that waits comes first.
  void wait(Clock::time_point start, std::uint64_t taken) {
    if (arguments_.fps <= 0) {
      return;
    }
    const auto next =
        start + std::chrono::duration_cast<Clock::duration>(
                    std::chrono::duration<double>(static_cast<double>(taken) / arguments_.fps));
    const std::chrono::duration<double, std::milli> left = next - Clock::now();
    if (left.count() > 0) {
      adapter_.step(left.count());
      std::this_thread::sleep_until(next);
    }
  }

  const AdaptArguments& arguments_;
  Model model_;
  Adapter adapter_;
  LineFile records_;
  LatencyHistogram times_;
  std::uint64_t unreadable_ = 0;
};

}  // namespace

int run_adapt(const Arguments& words) {
  CLI::App app;
  describe_app(app, "adapt",
               "Answers a stream of pictures one by one, one JSON object each, and adapts to it.",
               "  zoa adapt vit.zoa --source frames/ --state vit.state\n"
               "  find /mnt/camera -name '*.jpg' | zoa adapt vit.zoa --source - > answers.jsonl\n"
               "  zoa adapt vit.zoa --source camera:0 --fps 30 --budget-ms 0 --state vit.state\n");
  AdaptArguments arguments;
  add_flags(app, arguments);
  if (const auto status = parse_arguments(app, words)) {
    return *status;
  }
  catch_interrupts();
  const std::unique_ptr<FrameSource> source = open_frames(arguments.source);
  Job job(arguments);
  job.run(*source);
  if (!arguments.quiet) {
    job.print_summary();
  }
  return is_interrupted() ? kInterrupted : 0;
}

}  // namespace zoa::cli
