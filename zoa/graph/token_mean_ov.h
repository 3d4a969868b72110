// SPDX-License-Identifier: Apache-2.0
// The mean over tokens in a form that the CPU runtime computes right.
#pragma once

#include <memory>

#include <openvino/core/model.hpp>

namespace zoa {

/// OpenVINO 2026.4.1's CPU plugin fuses ReduceMean (B, T, C) -> (B, C), a Multiply per channel and
/// a FakeQuantize into one node whose numbers are wrong for many shapes (NNCF's SmoothQuant before
/// a head makes that chain): the mean keeps its axis and a Squeeze takes it off, which is not
/// fused. Returns  the number of means rewritten.
std::size_t separate_token_means(const std::shared_ptr<ov::Model>& model);

}  // namespace zoa
