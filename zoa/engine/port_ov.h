// SPDX-License-Identifier: Apache-2.0
// Memory of an input or output of a compiled part for a whole batch, which the part sees in
// portions of some images.
#pragma once

#include <cstddef>

#include <openvino/runtime/tensor.hpp>

namespace zoa {

class Port {
 public:
  /// portion  shape that the part was compiled for. Where `repeated` (a slot for all images alike),
  /// every portion is the same memory.
  Port(const ov::element::Type& type, const ov::Shape& portion, std::size_t portions, bool repeated)
      : type_(type), portion_(portion), step_(repeated ? 0 : ov::shape_size(portion)) {
    ov::Shape whole = portion;
    if (step_ != 0 && portions > 1) {
      whole[0] *= portions;
    }
    whole_ = ov::Tensor(type, whole);
  }

  ov::Tensor& whole() { return whole_; }
  /// The memory of one portion; not copied.
  ov::Tensor portion(std::size_t index) {
    auto* first = static_cast<std::byte*>(whole_.data());
    return {type_, portion_, first + index * step_ * type_.size()};
  }

 private:
  ov::element::Type type_;
  ov::Shape portion_;
  std::size_t step_;  // elements from one portion to the next
  ov::Tensor whole_;
};

}  // namespace zoa
