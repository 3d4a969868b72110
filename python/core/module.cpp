// SPDX-License-Identifier: Apache-2.0
// The module and what its parts share.
#include <string>

#include "zoa/core/error.h"
#include "zoa/core/version.h"

#include "python/core/bindings.h"

namespace zoa::python {
namespace {

// The classes of zoa.errors have the names of the codes.
const char* class_name(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument: return "InvalidArgument";
    case ErrorCode::BadFile: return "BadFile";
    case ErrorCode::UnsupportedModel: return "UnsupportedModel";
    case ErrorCode::StateMismatch: return "StateMismatch";
    case ErrorCode::LimitExceeded: return "LimitExceeded";
    case ErrorCode::Io: return "IoError";
    case ErrorCode::Internal: return "InternalError";
  }
  return "InternalError";
}

void translate(const std::exception_ptr& thrown, void* /*unused*/) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    const nb::object type = nb::module_::import_("zoa.errors").attr(class_name(error.code()));
    PyErr_SetString(type.ptr(), error.what());
  }
}

std::string shape_text(const Array& array) {
  std::string text = "(";
  for (std::size_t i = 0; i < array.ndim(); ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(array.shape(i));
  }
  return text + ")";
}

}  // namespace

void bind_errors() {
  nb::register_exception_translator(translate);
}

OptionValues option_values(const nb::dict& options) {
  OptionValues values;
  for (const auto& [name, value] : options) {
    if (value.is_none()) {
      continue;
    }
    std::string text = nb::cast<std::string>(nb::str(value));
    if (nb::isinstance<nb::bool_>(value)) {
      text = nb::cast<bool>(value) ? "true" : "false";
    }
    values.emplace_back(nb::cast<std::string>(nb::str(name)), std::move(text));
  }
  return values;
}

ImageView view_picture(const Array& array) {
  if (array.dtype() != nb::dtype<std::uint8_t>() || array.ndim() != 3 || array.shape(2) != 3) {
    fail(ErrorCode::InvalidArgument, "a picture of shape ", shape_text(array), ", ",
         static_cast<int>(array.dtype().bits), " bits; expected uint8 (height, width, 3), RGB");
  }
  return {static_cast<const std::uint8_t*>(array.data()),
          array.shape(1),
          array.shape(0),
          array.stride(0),
          array.stride(1),
          array.stride(2)};
}

void check_signals() {
  const nb::gil_scoped_acquire acquired;
  if (PyErr_CheckSignals() != 0) {
    throw nb::python_error();
  }
}

}  // namespace zoa::python

NB_MODULE(_core, module) {
  module.doc() = "The compiled part of zoa; use it through the package zoa.";
  module.attr("__version__") = zoa::kVersion;
  zoa::python::bind_errors();
  zoa::python::bind_model(module);
  zoa::python::bind_adapter(module);
  zoa::python::bind_evaluate(module);
  zoa::python::bind_images(module);
}
