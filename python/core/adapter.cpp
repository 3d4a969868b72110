// SPDX-License-Identifier: Apache-2.0
// zoa.Adapter and what its push() returns.
#include "zoa/adapt/adapter.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "zoa/adapt/adapter_texts.h"
#include "zoa/core/error.h"

#include "python/core/bindings.h"

namespace zoa::python {
namespace {

// What push() returns.
struct Answer {
  Prediction prediction;
  std::optional<std::string> label;
};

// The stream behind a lock: without the GIL two threads of Python may call at once.
struct Stream {
  Stream(const Model& of, AdapterOptions options)
      : model(of), adapter(std::in_place, of, options) {}

  Adapter& open() {
    if (!adapter) {
      fail(ErrorCode::InvalidArgument, "this Adapter was closed");
    }
    return *adapter;
  }

  Model model;
  std::optional<Adapter> adapter;
  Image picture;              // reused
  std::vector<float> values;  // likewise
  std::mutex mutex;
};

// Runs a call on the adapter without the GIL.
template <class Call>
auto with_adapter(Stream& stream, Call&& call) {
  const nb::gil_scoped_release released;
  const std::lock_guard lock(stream.mutex);
  return call(stream.open());
}

// Channel by channel, row by row, whatever the strides.
void gather(const Array& array, std::vector<float>& values) {
  values.resize(array.size());
  const auto* data = static_cast<const float*>(array.data());
  std::size_t next = 0;
  for (std::size_t c = 0; c < array.shape(0); ++c) {
    for (std::size_t y = 0; y < array.shape(1); ++y) {
      for (std::size_t x = 0; x < array.shape(2); ++x) {
        values[next++] = data[static_cast<std::int64_t>(c) * array.stride(0) +
                              static_cast<std::int64_t>(y) * array.stride(1) +
                              static_cast<std::int64_t>(x) * array.stride(2)];
      }
    }
  }
}

bool is_contiguous(const Array& array) {
  std::int64_t stride = 1;
  for (std::size_t i = array.ndim(); i-- > 0;) {
    if (array.shape(i) != 1 && array.stride(i) != stride) {
      return false;
    }
    stride *= static_cast<std::int64_t>(array.shape(i));
  }
  return true;
}

bool is_input(const Array& array, const PreprocessSpec& spec) {
  return array.dtype() == nb::dtype<float>() && array.ndim() == 3 &&
         array.shape(0) == static_cast<std::size_t>(spec.channels) &&
         array.shape(1) == static_cast<std::size_t>(spec.height) &&
         array.shape(2) == static_cast<std::size_t>(spec.width);
}

Prediction push_array(Stream& stream, Adapter& adapter, const Array& array) {
  const PreprocessSpec& spec = stream.model.preprocess();
  if (array.dtype() == nb::dtype<float>()) {
    if (!is_input(array, spec)) {
      fail(ErrorCode::InvalidArgument, "a float32 array; expected one of shape (", spec.channels,
           ", ", spec.height, ", ", spec.width, "), or uint8 (height, width, 3)");
    }
    if (is_contiguous(array)) {
      return adapter.push(std::span(static_cast<const float*>(array.data()), array.size()));
    }
    gather(array, stream.values);
    return adapter.push(stream.values);
  }
  copy_image(view_picture(array), stream.picture);
  return adapter.push(stream.picture);
}

Answer push(Stream& stream, const Array& image) {
  Answer answer;
  answer.prediction =
      with_adapter(stream, [&](Adapter& adapter) { return push_array(stream, adapter, image); });
  const auto index = static_cast<std::size_t>(answer.prediction.top1);
  if (answer.prediction.top1 >= 0 && index < stream.model.labels().size()) {
    answer.label = stream.model.labels()[index];
  }
  return answer;
}

void restore(Stream& stream, const std::filesystem::path& path) {
  const std::string note =
      with_adapter(stream, [&](Adapter& adapter) { return adapter.restore_file(path.string()); });
  if (!note.empty() && PyErr_WarnEx(PyExc_UserWarning, note.c_str(), 1) != 0) {
    throw nb::python_error();
  }
}

nb::bytes to_bytes(Stream& stream) {
  const auto bytes =
      with_adapter(stream, [](Adapter& adapter) { return adapter.save().to_bytes(); });
  return nb::bytes(bytes.data(), bytes.size());
}

void from_bytes(Stream& stream, const nb::bytes& bytes) {
  const std::span given(static_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  with_adapter(stream,
               [&](Adapter& adapter) { adapter.restore(MemoryState::from_bytes(given, "state")); });
}

void close(Stream& stream) {
  const nb::gil_scoped_release released;
  const std::lock_guard lock(stream.mutex);
  stream.adapter.reset();
}

void step(Stream& stream, std::optional<double> milliseconds, bool& done) {
  if (milliseconds && std::isnan(*milliseconds)) {
    fail(ErrorCode::InvalidArgument, "milliseconds is not a number");
  }
  done = with_adapter(stream,
                      [&](Adapter& adapter) { return adapter.step(milliseconds.value_or(-1)); });
}

nb::object learnt_dict(const Answer& answer) {
  if (!answer.prediction.learnt) {
    return nb::none();
  }
  const StepResult& learnt = *answer.prediction.learnt;
  nb::dict dict;
  dict["updated"] = learnt.updated;
  dict["loss"] = learnt.loss;
  dict["loss_perturbed"] = learnt.loss_perturbed;
  dict["entropy"] = learnt.entropy;
  dict["discrepancy"] = learnt.discrepancy;
  dict["domain_distance"] = learnt.domain_distance;
  dict["domain_changed"] = learnt.domain_changed;
  dict["bank_entries"] = learnt.bank_entries;
  return dict;
}

void bind_answer(nb::module_& module) {
  nb::class_<Answer>(module, "Prediction", "What one frame brought.")
      .def_prop_ro(
          "frame", [](const Answer& a) { return a.prediction.frame; },
          "Its number in the stream, from 1.")
      .def_prop_ro(
          "top1", [](const Answer& a) { return a.prediction.top1; },
          "Class index; -1 where the answer is not finite.")
      .def_prop_ro(
          "label", [](const Answer& a) { return a.label; },
          "Name of the class; None where the model has no names.")
      .def_prop_ro(
          "confidence", [](const Answer& a) { return a.prediction.confidence; },
          "Probability of top1, 0..1.")
      .def_prop_ro(
          "entropy", [](const Answer& a) { return a.prediction.entropy; }, "Nats.")
      .def_prop_ro(
          "logits",
          [](Answer& a) {
            std::vector<float>& logits = a.prediction.logits;
            return nb::ndarray<nb::numpy, float, nb::ndim<1>>(logits.data(), {logits.size()},
                                                              nb::find(a));
          },
          "float32 (classes), without a copy.")
      .def_prop_ro(
          "skip",
          [](const Answer& a) {
            return a.prediction.skip == FrameSkip::None
                       ? std::nullopt
                       : std::optional<std::string>(to_string(a.prediction.skip));
          },
          "Why the frame is not learnt from, or None.")
      .def_prop_ro(
          "plain", [](const Answer& a) { return a.prediction.plain; },
          "Under guard: the network as shipped answered.")
      .def_prop_ro(
          "guard",
          [](const Answer& a) {
            return a.prediction.guard.empty() ? std::nullopt
                                              : std::optional<std::string>(a.prediction.guard);
          },
          "State of the guards and what they found, e.g. 'hold: one_class'; None without guards.")
      .def_prop_ro("learnt", learnt_dict, nb::sig("def learnt(self) -> dict | None"),
                   "Of the window that ended since the last call, or None.")
      .def("__repr__", [](const Answer& a) {
        return "<zoa.Prediction frame " + std::to_string(a.prediction.frame) + ": " +
               a.label.value_or(std::to_string(a.prediction.top1)) + ", confidence " +
               std::to_string(a.prediction.confidence) + ">";
      });
}

nb::dict counters_dict(Stream& stream) {
  nb::dict dict;
  for (const auto& [name, value] : with_adapter(stream, list_counters)) {
    dict[name.c_str()] = value;
  }
  return dict;
}

constexpr char kAdapterDoc[] =
    "Answers single pictures and adapts to their stream.\n\n"
    "Options: method ('zoa' or 'noadapt'), guard ('on', 'evidence', 'off'), seed, threads; "
    "window,\n"
    "pending, budget_ms; those of the method, e.g. lr=1e-4, and of the guards as a dictionary's\n"
    "keys, **{'guard.probe': 4}. An unknown one raises zoa.InvalidArgument that lists the known.\n"
    "Calls from several threads take turns; the GIL is free while they run.";

constexpr char kPushDoc[] =
    "Answers one picture at once: uint8 (height, width, 3), RGB, of any size, or a float32\n"
    "(channels, height, width) that is already preprocessed. Arrays of numpy and whatever speaks\n"
    "DLPack or the buffer protocol are read in place, with any strides. Raises\n"
    "zoa.InvalidArgument for other shapes and types.";

}  // namespace

void bind_adapter(nb::module_& module) {
  bind_answer(module);
  nb::class_<Stream>(module, "Adapter", kAdapterDoc)
      .def(
          "__init__",
          [](Stream* self, const Model& model, const nb::kwargs& options) {
            const AdapterOptions parsed = make_adapter_options(option_values(options), model);
            const nb::gil_scoped_release released;
            new (self) Stream(model, parsed);
          },
          nb::arg("model"), nb::arg("options"))
      .def("push", push, nb::arg("image").noconvert(), kPushDoc)
      .def(
          "step",
          [](Stream& stream, std::optional<double> milliseconds) {
            bool done = false;
            step(stream, milliseconds, done);
            return done;
          },
          nb::arg("milliseconds") = nb::none(),
          "Work that waits, for at most so long; None = all. True if none is left.")
      .def(
          "freeze",
          [](Stream& stream, bool frozen) {
            with_adapter(stream, [&](Adapter& adapter) { adapter.freeze(frozen); });
          },
          nb::arg("frozen") = true, "Answers go on, nothing is learnt.")
      .def(
          "reset", [](Stream& stream) { with_adapter(stream, [](Adapter& a) { a.reset(); }); },
          "The network as shipped; counters go on.")
      .def(
          "save",
          [](Stream& stream, const std::filesystem::path& path) {
            with_adapter(stream, [&](Adapter& a) { a.save_file(path.string()); });
          },
          nb::arg("path"),
          "Writes all that a later Adapter needs to go on bit for bit. Atomic; the file before is\n"
          "kept as PATH.previous.")
      .def("restore", restore, nb::arg("path"),
           "Reads it, or, with a UserWarning, PATH.previous where the file is missing or damaged.\n"
           "Raises zoa.Error; nothing is changed then.")
      .def("state_bytes", to_bytes, "The state as the bytes of a file.")
      .def("load_state_bytes", from_bytes, nb::arg("state"), "Takes what state_bytes() gave.")
      .def_prop_ro("counters", counters_dict)
      .def_prop_ro(
          "memory_bytes",
          [](Stream& stream) {
            return with_adapter(stream, [](const Adapter& a) { return a.bytes(); });
          },
          "Of the stream and of what was learnt, without the engine.")
      .def("close", close, "Frees the engine; later calls raise.")
      .def(
          "__enter__", [](nb::handle self) { return nb::borrow(self); },
          nb::sig("def __enter__(self) -> Adapter"))
      .def(
          "__exit__", [](Stream& stream, const nb::args& /*error*/) { close(stream); },
          nb::arg("error"));
}

}  // namespace zoa::python
