// SPDX-License-Identifier: Apache-2.0
// The Python dict literal in an .npy header. Private to zoa/data.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace zoa::detail {

struct NpyLiteral {
  std::string descr;
  bool fortran_order = false;
  std::vector<std::size_t> shape;
};

/// Parses "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", keys in any order.
/// Throws  BadFile for anything else, a key missing, twice or unknown included.
NpyLiteral parse_npy_literal(std::string_view text, const std::string& where);

}  // namespace zoa::detail
