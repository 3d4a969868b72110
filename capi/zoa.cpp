// SPDX-License-Identifier: Apache-2.0
// The C interface: every function is a guarded call of the library. What its header promises is
// tested through the shared library by tests/capi.
#include "capi/zoa.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <exception>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "zoa/adapt/adapter.h"
#include "zoa/adapt/adapter_texts.h"
#include "zoa/core/error.h"
#include "zoa/core/version.h"
#include "zoa/image/view.h"

#include "capi/option_json.h"

struct zoa_model {
  zoa::Model model;
};

struct zoa_adapter {
  zoa::Adapter adapter;
  zoa::Image picture{};         // reused, so that a frame takes no new memory
  std::vector<float> logits{};  // of the last frame
  std::string guard{};          // likewise
  std::string text{};           // of the last zoa_adapter_counters()
};

namespace {

using Json = nlohmann::ordered_json;

thread_local std::string last_error;

zoa_status status_of(zoa::ErrorCode code) {
  switch (code) {
    case zoa::ErrorCode::InvalidArgument: return ZOA_INVALID_ARGUMENT;
    case zoa::ErrorCode::BadFile: return ZOA_BAD_FILE;
    case zoa::ErrorCode::UnsupportedModel: return ZOA_UNSUPPORTED_MODEL;
    case zoa::ErrorCode::StateMismatch: return ZOA_STATE_MISMATCH;
    case zoa::ErrorCode::LimitExceeded: return ZOA_LIMIT_EXCEEDED;
    case zoa::ErrorCode::Io: return ZOA_IO;
    case zoa::ErrorCode::Internal: return ZOA_INTERNAL;
  }
  return ZOA_INTERNAL;
}

// No memory for the text: the status has to do.
void keep_error(const char* text) noexcept {
  try {
    last_error = text;
  } catch (...) {
    last_error.clear();
  }
}

// Runs `call`; what it throws becomes a status and a text.
template <class Call>
zoa_status guarded(Call&& call) noexcept {
  try {
    call();
    return ZOA_OK;
  } catch (const zoa::Error& error) {
    keep_error(error.what());
    return status_of(error.code());
  } catch (const std::exception& error) {
    keep_error(error.what());
  } catch (...) {
    keep_error("an exception of unknown type");
  }
  return ZOA_INTERNAL;
}

template <class Pointed>
void check_given(Pointed* pointer, const char* function, const char* name) {
  if (pointer == nullptr) {
    zoa::fail(zoa::ErrorCode::InvalidArgument, function, ": ", name, " is NULL");
  }
}

zoa::OptionValues parse_options(const char* text) {
  if (text == nullptr) {
    return {};
  }
  return zoa::capi::parse_option_json({text, strnlen(text, zoa::capi::kMostOptionBytes + 1)});
}

void copy_rgb(const std::uint8_t* pixels,
              std::size_t width,
              std::size_t height,
              std::size_t stride,
              zoa::Image& picture) {
  if (width > stride / 3 || stride > PTRDIFF_MAX) {
    zoa::fail(zoa::ErrorCode::InvalidArgument, "zoa_adapter_push_rgb: stride ", stride,
              "; expected three bytes for each of ", width, " pixels and less than 2^63");
  }
  zoa::copy_image({pixels, width, height, static_cast<std::ptrdiff_t>(stride)}, picture);
}

void check_prediction(const zoa_prediction* prediction, const char* function) {
  check_given(prediction, function, "prediction");
  constexpr std::size_t kLeast = offsetof(zoa_prediction, plain) + sizeof(std::int32_t);
  if (prediction->struct_size < kLeast) {
    zoa::fail(zoa::ErrorCode::InvalidArgument, function, ": prediction->struct_size is ",
              prediction->struct_size, "; set it to sizeof(zoa_prediction)");
  }
}

void take_answer(zoa_adapter& adapter, zoa::Prediction&& answer, zoa_prediction& prediction) {
  prediction.frame = answer.frame;
  prediction.top1 = answer.top1;
  prediction.confidence = answer.confidence;
  prediction.entropy = answer.entropy;
  prediction.skip = answer.skip == zoa::FrameSkip::None ? nullptr : zoa::to_string(answer.skip);
  prediction.learnt = !answer.learnt ? 0 : answer.learnt->updated ? 2 : 1;
  prediction.loss = answer.learnt ? answer.learnt->loss : 0;
  prediction.plain = answer.plain ? 1 : 0;
  adapter.guard = std::move(answer.guard);
  prediction.guard = adapter.guard.empty() ? nullptr : adapter.guard.c_str();
  adapter.logits = std::move(answer.logits);
}

}  // namespace

const char* zoa_version(void) {
  return zoa::kVersion;
}

const char* zoa_status_name(int status) {
  if (status == ZOA_OK) {
    return "ok";
  }
  for (const auto code :
       {zoa::ErrorCode::InvalidArgument, zoa::ErrorCode::BadFile, zoa::ErrorCode::UnsupportedModel,
        zoa::ErrorCode::StateMismatch, zoa::ErrorCode::LimitExceeded, zoa::ErrorCode::Io,
        zoa::ErrorCode::Internal}) {
    if (status_of(code) == status) {
      return zoa::to_string(code);
    }
  }
  return "unknown";
}

const char* zoa_last_error(void) {
  return last_error.c_str();
}

zoa_status zoa_model_load(const char* folder, zoa_model** model) {
  return guarded([&] {
    check_given(folder, "zoa_model_load", "folder");
    check_given(model, "zoa_model_load", "model");
    *model = new zoa_model{zoa::Model::load(folder)};
  });
}

void zoa_model_free(zoa_model* model) {
  delete model;
}

size_t zoa_model_classes(const zoa_model* model) {
  return model == nullptr ? 0 : model->model.classes();
}

const char* zoa_model_label(const zoa_model* model, size_t index) {
  if (model == nullptr || index >= model->model.labels().size()) {
    return nullptr;
  }
  return model->model.labels()[index].c_str();
}

zoa_status zoa_model_input(const zoa_model* model,
                           size_t* channels,
                           size_t* height,
                           size_t* width) {
  return guarded([&] {
    check_given(model, "zoa_model_input", "model");
    check_given(channels, "zoa_model_input", "channels");
    check_given(height, "zoa_model_input", "height");
    check_given(width, "zoa_model_input", "width");
    const zoa::PreprocessSpec& spec = model->model.preprocess();
    *channels = static_cast<std::size_t>(spec.channels);
    *height = static_cast<std::size_t>(spec.height);
    *width = static_cast<std::size_t>(spec.width);
  });
}

zoa_status zoa_adapter_create(const zoa_model* model, const char* options, zoa_adapter** adapter) {
  return guarded([&] {
    check_given(model, "zoa_adapter_create", "model");
    check_given(adapter, "zoa_adapter_create", "adapter");
    *adapter = new zoa_adapter{zoa::Adapter(
        model->model, zoa::make_adapter_options(parse_options(options), model->model))};
  });
}

void zoa_adapter_free(zoa_adapter* adapter) {
  delete adapter;
}

// A C interface has no spans and no views: their parts are parameters.
// NOLINTNEXTLINE(readability-function-size)
zoa_status zoa_adapter_push_rgb(zoa_adapter* adapter,
                                const uint8_t* pixels,
                                size_t width,
                                size_t height,
                                size_t stride,
                                zoa_prediction* prediction) {
  return guarded([&] {
    check_given(adapter, "zoa_adapter_push_rgb", "adapter");
    check_given(pixels, "zoa_adapter_push_rgb", "pixels");
    check_prediction(prediction, "zoa_adapter_push_rgb");
    copy_rgb(pixels, width, height, stride, adapter->picture);
    take_answer(*adapter, adapter->adapter.push(adapter->picture), *prediction);
  });
}

zoa_status zoa_adapter_push_values(zoa_adapter* adapter,
                                   const float* values,
                                   size_t count,
                                   zoa_prediction* prediction) {
  return guarded([&] {
    check_given(adapter, "zoa_adapter_push_values", "adapter");
    check_given(values, "zoa_adapter_push_values", "values");
    check_prediction(prediction, "zoa_adapter_push_values");
    take_answer(*adapter, adapter->adapter.push(std::span(values, count)), *prediction);
  });
}

zoa_status zoa_adapter_logits(const zoa_adapter* adapter, float* logits, size_t count) {
  return guarded([&] {
    check_given(adapter, "zoa_adapter_logits", "adapter");
    check_given(logits, "zoa_adapter_logits", "logits");
    if (adapter->logits.empty()) {
      zoa::fail(zoa::ErrorCode::InvalidArgument, "zoa_adapter_logits: no frame was answered yet");
    }
    if (count < adapter->logits.size()) {
      zoa::fail(zoa::ErrorCode::InvalidArgument, "zoa_adapter_logits: room for ", count,
                " values; expected ", adapter->logits.size());
    }
    std::copy(adapter->logits.begin(), adapter->logits.end(), logits);
  });
}

zoa_status zoa_adapter_step(zoa_adapter* adapter, double milliseconds, int* done) {
  return guarded([&] {
    check_given(adapter, "zoa_adapter_step", "adapter");
    if (std::isnan(milliseconds)) {
      zoa::fail(zoa::ErrorCode::InvalidArgument, "zoa_adapter_step: milliseconds is not a number");
    }
    const bool none_left = adapter->adapter.step(milliseconds);
    if (done != nullptr) {
      *done = none_left ? 1 : 0;
    }
  });
}

zoa_status zoa_adapter_freeze(zoa_adapter* adapter, int frozen) {
  return guarded([&] {
    check_given(adapter, "zoa_adapter_freeze", "adapter");
    adapter->adapter.freeze(frozen != 0);
  });
}

zoa_status zoa_adapter_reset(zoa_adapter* adapter) {
  return guarded([&] {
    check_given(adapter, "zoa_adapter_reset", "adapter");
    adapter->adapter.reset();
  });
}

zoa_status zoa_adapter_save(zoa_adapter* adapter, const char* path) {
  return guarded([&] {
    check_given(adapter, "zoa_adapter_save", "adapter");
    check_given(path, "zoa_adapter_save", "path");
    adapter->adapter.save_file(path);
  });
}

zoa_status zoa_adapter_restore(zoa_adapter* adapter, const char* path, int* previous) {
  return guarded([&] {
    check_given(adapter, "zoa_adapter_restore", "adapter");
    check_given(path, "zoa_adapter_restore", "path");
    const std::string note = adapter->adapter.restore_file(path);
    if (!note.empty()) {
      keep_error(note.c_str());
    }
    if (previous != nullptr) {
      *previous = note.empty() ? 0 : 1;
    }
  });
}

zoa_status zoa_adapter_counters(zoa_adapter* adapter, const char** json) {
  return guarded([&] {
    check_given(adapter, "zoa_adapter_counters", "adapter");
    check_given(json, "zoa_adapter_counters", "json");
    Json counters = Json::object();
    for (const auto& [name, value] : zoa::list_counters(adapter->adapter)) {
      counters[name] = value;
    }
    adapter->text = counters.dump();
    *json = adapter->text.c_str();
  });
}
