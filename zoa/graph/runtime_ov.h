// SPDX-License-Identifier: Apache-2.0
// The one OpenVINO Core of the process, and its error texts made fit for people.
#pragma once

#include <exception>
#include <string>

#include <openvino/runtime/core.hpp>

namespace zoa {

/// The process's Core, made on first use.
ov::Core& runtime_core();

/// The line of an OpenVINO exception that says what went wrong, without source paths.
std::string runtime_text(const std::exception& error);

}  // namespace zoa
