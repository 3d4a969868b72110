// SPDX-License-Identifier: Apache-2.0
// From the options of an evaluation to the streams of images that methods run through. Private to
// zoa/eval.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "zoa/data/order.h"
#include "zoa/data/stream.h"
#include "zoa/eval/run.h"

namespace zoa {

/// What runs without a break: a domain, or all of them mixed.
struct EvalStream {
  std::string name;  ///< of the domain, or kMixedDomain
  std::vector<std::size_t> domains;
};

/// Domains of the run, in its order.
/// Throws  InvalidArgument for unknown names and for one that is there twice.
std::vector<std::size_t> pick_domains(const Dataset& data, const EvalOptions& options);

/// Throws  InvalidArgument if an order needs labels that are not known.
std::vector<EvalStream> make_streams(const Dataset& data,
                                     const std::vector<std::size_t>& domains,
                                     const EvalOptions& options);

std::vector<PictureRef> order_stream(const Dataset& data,
                                     const EvalStream& stream,
                                     const EvalOptions& options);

/// Images that a run takes of a domain, in each round.
std::size_t count_images(const Dataset& data, std::size_t domain, const EvalOptions& options);

/// How a reader makes batches of them.     classes  K of the network
StreamOptions reader_options(const EvalOptions& options, std::size_t classes);

}  // namespace zoa
