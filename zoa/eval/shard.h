// SPDX-License-Identifier: Apache-2.0
// Parts of an evaluation that can run on different machines. Adaptation is a stream, so what can be
// separated are streams: a cell is one method in one run (a run is a network with a seed); where
// the method is reset at the start of every domain, a cell is one method in one domain.
#pragma once

#include <cstddef>
#include <string>

namespace zoa {

struct Shard {
  std::size_t index = 1;  ///< from 1
  std::size_t count = 1;
};

/// "2/3"; "" = everything.
/// Throws  InvalidArgument for anything else.
Shard parse_shard(const std::string& text);

/// The cells of an evaluation, numbered by run, then method, then domain. They are dealt to the
/// shards in turn.
struct CellGrid {
  std::size_t methods = 1;
  std::size_t streams = 1;  ///< domains if each is a cell of its own, else 1

  std::size_t number(std::size_t run, std::size_t method, std::size_t stream) const {
    return (run * methods + method) * streams + stream;
  }
  static bool is_in(const Shard& shard, std::size_t cell) {
    return cell % shard.count + 1 == shard.index;
  }
};

}  // namespace zoa
