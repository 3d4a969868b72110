// SPDX-License-Identifier: Apache-2.0
// In which order a stream shows the pictures of one or several domains. A function of the labels,
// the options and the seed alone, so that a run can be repeated anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "zoa/data/dataset.h"

namespace zoa {

enum class Order {
  File,      ///< the data's order
  Shuffled,  ///< a random permutation
  Sorted,    ///< by label, equal ones in the data's order
  Dirichlet  ///< labels come in bursts, see order_pictures
};

struct OrderOptions {
  Order order = Order::File;
  std::uint64_t seed = 0;      ///< the same seed gives the same order for every domain of one size
  double concentration = 0.1;  ///< of Dirichlet, > 0; smaller = longer bursts
  std::size_t limit = 0;       ///< pictures; 0 = all
};

/// "file", "shuffled", "sorted" or "dirichlet".
/// Throws  InvalidArgument for another name; the text lists the known ones.
Order parse_order(const std::string& name);

/// Indices of the pictures of a domain in the order of the stream. With a limit, File takes the
/// first ones; the others take those that Shuffled puts first and arrange these.
///
/// Dirichlet, after RoTTA (Yuan et al., CVPR 2023; gamma is `concentration`): the stream is cut
/// into S slots, S = number of classes, at most 100; for each class, shares p ~ Dirichlet(gamma,
/// .., S times) say how much of it lies in each slot; within a slot the classes follow each other
/// in random order. NOTE (Gong et al., NeurIPS 2022) does the same with one slot per class and
/// evens out their sizes. Differs: the pictures of a class are shuffled before they are dealt, and
/// the random numbers are ours. Throws  InvalidArgument if Sorted or Dirichlet meet a picture
/// without a label, or
///         concentration is not in 1e-3..1e6.
std::vector<std::size_t> order_pictures(const Dataset& data,
                                        std::size_t domain,
                                        const OrderOptions& options);

/// A picture of a data set.
struct PictureRef {
  std::size_t domain = 0;
  std::size_t index = 0;
  friend bool operator==(const PictureRef&, const PictureRef&) = default;
};

/// All pictures of some domains in one stream: each domain keeps its own order, and at each place
/// all ways to interleave the rest are equally likely.
std::vector<PictureRef> interleave(const Dataset& data,
                                   const std::vector<std::size_t>& domains,
                                   const OrderOptions& options);

namespace detail {
/// Fisher-Yates from the end, with our own random numbers: std::shuffle differs between libraries.
void shuffle_order(std::vector<std::size_t>& order, std::uint64_t seed, std::uint32_t purpose);

/// One draw from a symmetric Dirichlet distribution; the sum is 1.     step  numbers the draws
std::vector<double> draw_dirichlet(std::size_t count,
                                   double concentration,
                                   std::uint64_t seed,
                                   std::uint64_t step);
}  // namespace detail

}  // namespace zoa
