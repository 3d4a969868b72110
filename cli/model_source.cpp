// SPDX-License-Identifier: Apache-2.0
#include "cli/model_source.h"

#include <algorithm>
#include <filesystem>

#include "zoa/core/error.h"

namespace zoa::cli {
namespace {

std::array<float, 3> parse_three(const std::string& text, const std::string& flag) {
  const std::vector<std::string> parts = split_list(text, flag);
  if (parts.size() != 1 && parts.size() != 3) {
    fail(ErrorCode::InvalidArgument, flag, " ", text, ": ", parts.size(),
         " numbers; expected one, or three for red, green, blue");
  }
  std::array<float, 3> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    double value = 0;
    detail::parse_option(OptionMeta{flag.c_str(), ""}, parts[parts.size() == 1 ? 0 : i], value);
    values[i] = static_cast<float>(value);
  }
  return values;
}

}  // namespace

Model load_any_model(const std::string& path) {
  if (Model::is_folder(path)) {
    return Model::load(path);
  }
  return Model::from_file(path, make_preprocess({}, read_input_size(path)));
}

std::vector<Model> load_models(const std::string& paths) {
  std::vector<Model> models;
  for (const std::string& path : split_paths(paths)) {
    std::error_code error;
    if (std::filesystem::is_regular_file(path, error)) {
      fail(ErrorCode::BadFile, path, ": a file; expected a model folder, as 'zoa quantize ", path,
           " -o NAME.zoa' makes one");
    }
    models.push_back(Model::load(path));
  }
  return models;
}

void add_preprocess_flags(CLI::App& app, PreprocessFlags& flags) {
  const std::string group = "Preprocessing (stored in the folder)";
  app.add_option("--preset", flags.preset, "imagenet, inception or none")
      ->type_name("NAME")
      ->default_str(flags.preset)
      ->group(group);
  app.add_option("--mean", flags.mean, "subtracted after / 255 (preset none: from 0..255)")
      ->type_name("A[,B,C]")
      ->group(group);
  app.add_option("--std", flags.std, "divided by")->type_name("A[,B,C]")->group(group);
  app.add_option("--interpolation", flags.interpolation, "nearest, bilinear or bicubic")
      ->type_name("NAME")
      ->group(group);
  CLI::Option* resize =
      app.add_option("--resize", flags.resize, "short side of larger pictures before the crop")
          ->type_name("PIXELS")
          ->group(group);
  app.add_option("--crop", flags.crop, "part of the short side that the crop keeps, 0..1")
      ->type_name("SHARE")
      ->excludes(resize)
      ->group(group);
}

PreprocessSpec make_preprocess(const PreprocessFlags& flags, const InputSize& size) {
  PreprocessSpec spec = preset(flags.preset, size.height, size.width);
  spec.channels = size.channels;
  if (!flags.mean.empty()) {
    spec.mean = parse_three(flags.mean, "--mean");
  }
  if (!flags.std.empty()) {
    spec.std = parse_three(flags.std, "--std");
  }
  if (!flags.interpolation.empty()) {
    spec.interpolation = flags.interpolation;
  }
  const int shorter = std::min(size.height, size.width);
  if (flags.resize != 0) {
    if (flags.resize < shorter) {
      fail(ErrorCode::InvalidArgument, "--resize ", flags.resize, ": the network takes ", shorter,
           " pixels; expected at least that");
    }
    spec.crop_pct = static_cast<double>(shorter) / flags.resize;
  }
  if (flags.crop != 0) {
    spec.crop_pct = flags.crop;
  }
  check_preprocess(spec);
  return spec;
}

}  // namespace zoa::cli
