// SPDX-License-Identifier: Apache-2.0
// Options of the guards. The defaults are those of "on"; guard_options() knows the presets. Reasons
// and figures: docs/methods/guards.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "zoa/core/options.h"

namespace zoa {

struct GuardOptions {
  bool finite = true;
  std::int64_t least_images = 8;
  double duplicate_distance = 0.02;
  double least_spread = 0.5;
  double entropy_base = 0.13;
  double entropy_slope = 0.15;
  double entropy_margin = 0.02;
  double calm = 0.15;
  double calm_base = 0.22;
  double calm_margin = 0.09;
  double answer_margin = 0.15;
  double collapse = 0.6;
  std::int64_t probe = 1;
  double clip = 6;
  double step_share = 0.01;
  double offset_share = 0.1;
  std::int64_t snapshot_every = 16;
  std::int64_t patience = 4;
  std::int64_t most_rollbacks = 3;
  std::int64_t rollback_horizon = 200;
  std::int64_t rest = 64;
  std::int64_t reset_every = 0;
  double evidence = 0;
  std::int64_t evidence_images = 512;

  template <class F>
  void visit(F&& f) {
    f(finite,
      OptionMeta{"finite", "images, losses and answers that are no numbers teach nothing", 0, 1});
    f(least_images,
      OptionMeta{"least_images", "different usable images that a window needs, 0 = any", 0, 256});
    f(duplicate_distance,
      OptionMeta{"duplicate_distance", "images are one picture below this share of their contrast",
                 0, 1});
    f(least_spread,
      OptionMeta{"least_spread", "entropy of a window's classes below which it teaches nothing", 0,
                 1});
    f(entropy_base, OptionMeta{"entropy_base",
                               "batch statistics answer up to this entropy, share of log K", 0, 9});
    f(entropy_slope,
      OptionMeta{"entropy_slope", "and this much more per spread of the plain answers", 0, 9});
    f(entropy_margin,
      OptionMeta{"entropy_margin", "batch statistics may be this less sure than the plain answer",
                 0, 9});
    f(calm, OptionMeta{"calm", "running entropy below which the stream is calm: the next two count",
                       0, 9});
    f(calm_base, OptionMeta{"calm_base", "entropy_base in a calm stream", 0, 9});
    f(calm_margin, OptionMeta{"calm_margin", "entropy_margin in a calm stream", 0, 9});
    f(answer_margin,
      OptionMeta{"answer_margin", "other answers may be this less sure than the plain one", 0, 9});
    f(collapse,
      OptionMeta{"collapse", "least spread of the answers per spread of the plain ones", 0, 1});
    f(probe, OptionMeta{"probe", "windows per plain pass beside the method's, 0 = never", 0, 1e6});
    f(clip, OptionMeta{"clip", "loss differences beyond so many deviations are clipped, 0 = never",
                       0, 1e6});
    f(step_share,
      OptionMeta{"step_share", "longest update per norm of the shipped parameters, 0 = any", 0, 9});
    f(offset_share,
      OptionMeta{"offset_share", "longest way from the shipped parameters, 0 = any", 0, 9});
    f(snapshot_every,
      OptionMeta{"snapshot_every", "good windows per snapshot to go back to, 0 = none", 0, 1e6});
    f(patience,
      OptionMeta{"patience", "bad windows in a row before going back, 0 = never", 0, 1e6});
    f(most_rollbacks,
      OptionMeta{"most_rollbacks", "after so many adaptation stays off, 0 = never", 0, 1e6});
    f(rollback_horizon,
      OptionMeta{"rollback_horizon", "windows within which rollbacks are counted", 1, 1e9});
    f(rest,
      OptionMeta{"rest", "windows until adaptation is tried again, 0 = until a reset", 0, 1e9});
    f(reset_every, OptionMeta{"reset_every", "updates between forced resets, 0 = none", 0, 1e9});
    f(evidence,
      OptionMeta{"evidence", "rate of false alarms of the test for a shift, 0 = adapt always", 0,
                 0.5});
    f(evidence_images,
      OptionMeta{"evidence_images", "first images of the stream, taken as ordinary", 32, 65536});
  }
};

/// "on"; "off" and "paper": every guard off; "evidence": "on" with the test at 0.01.
/// Throws  InvalidArgument for another word.
GuardOptions guard_options(const std::string& preset);

/// How the overrides of a method name an option of its guards: "guard.probe".
inline constexpr std::string_view kGuardOverride = "guard.";

/// The options as such overrides.
std::vector<OptionText> list_guard_overrides(const GuardOptions& options);

/// False where every guard is off: the method runs as published.
bool is_guarding(const GuardOptions& options);

}  // namespace zoa
