// SPDX-License-Identifier: Apache-2.0
// zoa corrupt: corrupted copies of a data set in the layout of ImageNet-C or CIFAR-10-C.
#include <filesystem>
#include <iostream>

#include "zoa/core/error.h"
#include "zoa/core/nearest.h"
#include "zoa/core/threads.h"
#include "zoa/data/corrupted_set.h"
#include "zoa/data/severity.h"
#include "zoa/data/shifts.h"

#include "cli/data_source.h"
#include "cli/interrupt.h"

namespace zoa::cli {
namespace {

constexpr std::size_t kShownSkipped = 5;

struct Settings {
  std::int64_t quality = 85;
  std::int64_t limit = 0;
  std::int64_t seed = 0;
  std::int64_t crop = 224;
  std::int64_t threads = 0;

  template <class F>
  void visit(F&& f) {
    f(quality, OptionMeta{"quality", "of JPEG files, as ImageNet-C was saved", 1, 100});
    f(limit, OptionMeta{"limit", "images of the domain, 0 = all", 0, 1e9});
    f(seed, OptionMeta{"seed", "of the random numbers; each image has its own", 0, 9e15});
    f(crop, OptionMeta{"crop", "larger images are resized and cropped to it, 0 = never", 0, 65535});
    f(threads, OptionMeta{"threads", "0 = all that the process may use", 0, 1024});
  }
};

struct CorruptArguments {
  std::string spec;
  std::string labels;
  std::string output;
  std::string corruptions = "all";
  std::string severities = "1-5";
  std::string store = "jpeg";
  std::string profile = "auto";
  std::string domain;
  Settings settings;
  bool overwrite = false;
  bool quiet = false;
};

void add_flags(CLI::App& app, CorruptArguments& arguments) {
  app.add_option("data", arguments.spec, kSpecHelp)->type_name("SPEC")->required();
  app.add_option("-o,--output", arguments.output, "new folder")->type_name("DIR")->required();
  app.add_option("--corruption", arguments.corruptions,
                 "names; all = the usual 15, extra = the 4 validation ones")
      ->type_name("NAMES")
      ->default_str(arguments.corruptions);
  app.add_option("--severity", arguments.severities, "1-5, 3 or 1,3")
      ->type_name("N")
      ->default_str(arguments.severities);
  app.add_option("--store", arguments.store,
                 "jpeg or png: CORRUPTION/SEVERITY/CLASS/NAME; npy: an array per corruption")
      ->type_name("WORD")
      ->default_str(arguments.store);
  app.add_option("--profile", arguments.profile,
                 "strength for images of 224 (imagenet) or 32 pixels (cifar); auto: by size")
      ->type_name("WORD")
      ->default_str(arguments.profile);
  app.add_option("--domain", arguments.domain, "of the clean images (default: test, else clean)")
      ->type_name("NAME");
  app.add_option("--labels", arguments.labels, "class names, one a line")->type_name("FILE");
  add_option_flags(app, arguments.settings);
  app.add_flag("--overwrite", arguments.overwrite, "replace a folder that zoa corrupt made");
  app.add_flag("--quiet", arguments.quiet, "no progress");
}

std::optional<Profile> parse_profile(const std::string& name) {
  if (name == "auto") {
    return std::nullopt;
  }
  if (name != "imagenet" && name != "cifar") {
    fail(ErrorCode::InvalidArgument,
         unknown_name_text("profile", name, {"auto", "imagenet", "cifar"}));
  }
  return name == "imagenet" ? Profile::ImageNet : Profile::Cifar;
}

CorruptedSetPlan make_plan(const CorruptArguments& arguments) {
  CorruptedSetPlan plan;
  plan.names = corruption_names(arguments.corruptions, "--corruption");
  plan.severities = parse_severities(arguments.severities);
  plan.store = parse_store(arguments.store);
  plan.profile = parse_profile(arguments.profile);
  plan.quality = static_cast<int>(arguments.settings.quality);
  plan.seed = static_cast<std::uint64_t>(arguments.settings.seed);
  plan.crop = static_cast<int>(arguments.settings.crop);
  plan.limit = static_cast<std::size_t>(arguments.settings.limit);
  plan.threads = static_cast<std::size_t>(threads_or_available(arguments.settings.threads));
  plan.overwrite = arguments.overwrite;
  return plan;
}

void print_skipped(const CorruptedSetResult& result, Progress& progress) {
  for (std::size_t i = 0; i < std::min(kShownSkipped, result.skipped.size()); ++i) {
    progress.print("zoa: warning: image " + std::to_string(result.skipped[i].id) +
                   " left out: " + result.skipped[i].reason);
  }
  if (result.skipped.size() > kShownSkipped) {
    progress.print("zoa: warning: " + std::to_string(result.skipped.size()) +
                   " images left out in all; manifest.json names them");
  }
}

}  // namespace

int run_corrupt(const Arguments& words) {
  CLI::App app;
  describe_app(app, "corrupt",
               "Writes corrupted copies of images: severities 1-5 of the corruptions of ImageNet-C "
               "and CIFAR-10-C, in their layouts, with a manifest.",
               "  zoa corrupt images:val -o imagenet-c --labels wnids.txt\n"
               "  zoa corrupt npz:cifar10.npz -o cifar10-c --store npy\n"
               "  zoa corrupt images:val -o small --corruption fog,frost --severity 3 --limit 500\n"
               "  zoa eval vit.zoa --data imagenet-c:imagenet-c --severity 3\n");
  CorruptArguments arguments;
  add_flags(app, arguments);
  if (const auto status = parse_arguments(app, words)) {
    return *status;
  }
  const CorruptedSetPlan plan = make_plan(arguments);
  const std::unique_ptr<Dataset> data =
      open_dataset(arguments.spec, DatasetOptions{arguments.labels});
  catch_interrupts();
  Progress progress(std::cerr, stderr_style(arguments.quiet));
  CorruptedSetHooks hooks;
  hooks.stop = is_interrupted;
  hooks.progress = [&](const std::string& label, std::size_t done, std::size_t total) {
    progress.show(label, done, total);
  };
  const CorruptedSetResult result =
      write_corrupted_set(*data, arguments.domain.empty() ? clean_domain(*data) : arguments.domain,
                          plan, arguments.output, hooks);
  progress.finish();
  if (result.stopped) {
    std::cerr << "zoa: interrupted; nothing was written to " << arguments.output << "\n"
              << std::flush;
    return kInterrupted;
  }
  print_skipped(result, progress);
  std::cout << arguments.output << ": " << result.pictures << " images, " << result.files
            << " files, " << result.skipped.size() << " left out\n";
  return 0;
}

}  // namespace zoa::cli
