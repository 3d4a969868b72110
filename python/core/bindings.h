// SPDX-License-Identifier: Apache-2.0
// The parts of the Python module zoa._core, one file each. They call what zoa/zoa.h lists, nothing
// else: the module is built against an installed zoa as well as inside this tree.
#pragma once

#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "zoa/image/view.h"
#include "zoa/methods/method.h"

namespace zoa::python {

namespace nb = nanobind;

/// Any array on the CPU that is only read: numpy, the buffer protocol, DLPack. Never converted.
using Array = nb::ndarray<nb::ro, nb::device::cpu>;

/// zoa::Error becomes the class of zoa.errors for its code.
void bind_errors();
void bind_model(nb::module_& module);
void bind_adapter(nb::module_& module);
void bind_evaluate(nb::module_& module);
void bind_images(nb::module_& module);

/// Texts of keyword arguments; those that are None are left out.
OptionValues option_values(const nb::dict& options);

/// Throws  InvalidArgument for anything but uint8 (height, width, 3).
ImageView view_picture(const Array& array);

/// So that Ctrl-C ends a long call. Needs no GIL. Throws  nanobind::python_error.
void check_signals();

}  // namespace zoa::python
