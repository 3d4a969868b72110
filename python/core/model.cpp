// SPDX-License-Identifier: Apache-2.0
// zoa.Model: load, import, quantize, save.
#include "zoa/model/model.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include <nanobind/stl/array.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/function.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include "zoa/core/error.h"
#include "zoa/data/memory.h"
#include "zoa/eval/run.h"
#include "zoa/model/labels.h"
#include "zoa/quantize/quantize.h"

#include "python/core/bindings.h"

namespace zoa::python {
namespace {

namespace fs = std::filesystem;

using Floats = std::optional<std::array<float, 3>>;
using Callback = std::function<void(const std::string&, std::size_t, std::size_t)>;

// Keyword arguments of from_file() and quantize() about the network's input.
struct InputArguments {
  std::string preset = "imagenet";
  Floats mean;
  Floats std;
  std::optional<std::string> interpolation;
  std::optional<double> crop;
};

template <class Value>
void take(nb::dict& options, const char* name, Value& value) {
  if (options.contains(name)) {
    value = nb::cast<Value>(options[name]);
    PyDict_DelItemString(options.ptr(), name);
  }
}

// Takes its own out of the keyword arguments.
InputArguments take_input(nb::dict& options) {
  InputArguments arguments;
  take(options, "preset", arguments.preset);
  take(options, "mean", arguments.mean);
  take(options, "std", arguments.std);
  take(options, "interpolation", arguments.interpolation);
  take(options, "crop", arguments.crop);
  return arguments;
}

Model read_network(const fs::path& network, const InputArguments& arguments) {
  const InputSize size = read_input_size(network);
  PreprocessSpec spec = preset(arguments.preset, size.height, size.width);
  spec.channels = size.channels;
  spec.mean = arguments.mean.value_or(spec.mean);
  spec.std = arguments.std.value_or(spec.std);
  spec.interpolation = arguments.interpolation.value_or(spec.interpolation);
  spec.crop_pct = arguments.crop.value_or(spec.crop_pct);
  check_preprocess(spec);
  return Model::from_file(network, spec);
}

Model from_file(const fs::path& network, const nb::kwargs& options) {
  nb::dict rest(options);
  const InputArguments arguments = take_input(rest);
  for (const auto& [name, value] : option_values(rest)) {
    detail::fail_unknown_option(name, {"preset", "mean", "std", "interpolation", "crop"});
  }
  const nb::gil_scoped_release released;
  return read_network(network, arguments);
}

bool is_text(const nb::handle& object) {
  return nb::isinstance<nb::str>(object) || nb::hasattr(object, "__fspath__");
}

// The pictures of an array (count, height, width, 3) or of an iterable of (height, width, 3).
std::vector<Array> take_pictures(const nb::object& calib) {
  std::vector<Array> pictures;
  for (const nb::handle item : nb::list(calib)) {
    pictures.push_back(nb::cast<Array>(item, false));
  }
  return pictures;
}

std::unique_ptr<Dataset> view_pictures(const std::vector<Array>& pictures) {
  std::vector<ImageView> views;
  views.reserve(pictures.size());
  std::transform(pictures.begin(), pictures.end(), std::back_inserter(views), view_picture);
  return images_in_memory(std::move(views));
}

struct QuantizeArguments {
  std::optional<std::vector<std::string>> labels;
  std::optional<std::string> domain;
  std::optional<Callback> progress;
  QuantizeOptions options;
};

Model quantize_network(const Model& network,
                       const Dataset& data,
                       const QuantizeArguments& arguments) {
  const std::size_t domain =
      arguments.domain ? find_domain(data, *arguments.domain) : calib_domain(data);
  const Model labeled = arguments.labels ? with_labels(network, *arguments.labels, "labels")
                                         : with_labels(network, data.classes(), data.spec());
  return quantize(labeled, {data, domain}, arguments.options, nullptr,
                  [&](const std::string& phase, std::size_t done, std::size_t total) {
                    check_signals();
                    if (arguments.progress) {
                      (*arguments.progress)(phase, done, total);
                    }
                  });
}

Model quantize_file(const fs::path& network, const nb::object& calib, const nb::kwargs& options) {
  nb::dict rest(options);
  const InputArguments input = take_input(rest);
  QuantizeArguments arguments;
  take(rest, "labels", arguments.labels);
  take(rest, "domain", arguments.domain);
  take(rest, "progress", arguments.progress);
  take(rest, "layers", arguments.options.layers);
  for (const auto& [name, value] : option_values(rest)) {
    set_option(arguments.options, name, value);
  }
  const std::optional<std::string> spec =
      is_text(calib) ? std::optional(nb::cast<std::string>(nb::str(calib))) : std::nullopt;
  // Also keeps the arrays alive; they are let go of with the GIL held.
  const std::vector<Array> pictures = spec ? std::vector<Array>() : take_pictures(calib);
  const std::unique_ptr<Dataset> data = spec ? open_dataset(*spec) : view_pictures(pictures);
  const nb::gil_scoped_release released;
  return quantize_network(read_network(network, input), *data, arguments);
}

std::string describe_model(const Model& model) {
  return "<zoa.Model " + model.name() + ", " + bits_text(model.quantization()) + ", " +
         std::to_string(model.classes()) + " classes>";
}

std::tuple<int, int, int> input_shape(const Model& model) {
  const PreprocessSpec& spec = model.preprocess();
  return {spec.channels, spec.height, spec.width};
}

constexpr char kQuantizeDoc[] =
    "Quantizes a network file (.onnx, .xml, .tflite) and collects what adaptation needs.\n\n"
    "calib: uint8 array (count, height, width, 3), an iterable of uint8 (height, width, 3), or "
    "the\n"
    "SPEC of a data set, e.g. 'images:DIR'.\n"
    "Options: preset, mean, std, interpolation, crop (preprocessing, stored in the model); labels\n"
    "(list of class names); domain; layers (list of 'REGEX=BITS'); progress (called with phase,\n"
    "done, total); and those of 'zoa quantize', with underscores: bits, calib_size, max_drop, ...\n"
    "Raises zoa.Error.";

}  // namespace

void bind_model(nb::module_& module) {
  nb::class_<Model>(module, "Model",
                    "A network with its preprocessing, labels and source statistics. Cheap to "
                    "copy; may be used from several threads.")
      .def_static("load", &Model::load, nb::arg("folder"), nb::call_guard<nb::gil_scoped_release>(),
                  "Reads a model folder. Raises zoa.Error.")
      .def_static("from_file", from_file, nb::arg("network"), nb::arg("options"),
                  "A network file as it is, without statistics: answers, but zoa cannot adapt it.\n"
                  "Options: preset, mean, std, interpolation, crop.")
      .def_static("quantize", quantize_file, nb::arg("network"), nb::arg("calib"),
                  nb::arg("options"), kQuantizeDoc)
      .def("save", &Model::save, nb::arg("folder"), nb::call_guard<nb::gil_scoped_release>(),
           "Writes the model folder.")
      .def_prop_ro("name", &Model::name)
      .def_prop_ro("hash", &Model::hash, "Tells networks apart; the same before and after save().")
      .def_prop_ro("labels", &Model::labels)
      .def_prop_ro("classes", &Model::classes)
      .def_prop_ro("input_shape", input_shape, "(channels, height, width)")
      .def_prop_ro(
          "bits", [](const Model& model) { return bits_text(model.quantization()); },
          "'w8a8', or 'float'")
      .def_prop_ro(
          "preprocessing", [](const Model& model) { return describe(model.preprocess()); },
          "In words.")
      .def("__repr__", describe_model);
}

}  // namespace zoa::python
