// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/order.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>

#include "zoa/core/error.h"
#include "zoa/core/nearest.h"
#include "zoa/core/rng.h"

namespace zoa {
namespace {

// Streams of random numbers of their own.
constexpr std::uint32_t kShufflePurpose = 0x73687566;
constexpr std::uint32_t kMixPurpose = 0x6D697800;
constexpr std::uint32_t kSharesPurpose = 0x73686172;
constexpr std::uint32_t kSlotPurpose = 0x736C6F74;
constexpr std::size_t kMostSlots = 100;

struct OrderName {
  const char* name;
  Order order;
};
constexpr std::array<OrderName, 4> kOrders{{{"file", Order::File},
                                            {"shuffled", Order::Shuffled},
                                            {"sorted", Order::Sorted},
                                            {"dirichlet", Order::Dirichlet}}};

std::size_t pick_below(const Rng& rng, std::size_t number, std::size_t bound) {
  return static_cast<std::size_t>((std::uint64_t{rng.bits(number)} * bound) >> 32U);
}

// Logarithm of a gamma variate of shape below 1e6. Marsaglia and Tsang, "A simple method for
// generating gamma variables" (2000); shapes below 1 by their note: G(a) = G(a + 1) * U^(1 / a). In
// logarithms, because for small shapes most values are below the smallest double.
double draw_log_gamma(double shape, const Rng& rng, std::uint64_t& next) {
  const auto uniform = [&] { return (static_cast<double>(rng.bits(next++)) + 0.5) / 4294967296.0; };
  if (shape < 1) {
    const double boost = std::log(uniform()) / shape;
    return draw_log_gamma(shape + 1, rng, next) + boost;
  }
  const double d = shape - 1.0 / 3.0;
  const double c = 1 / std::sqrt(9 * d);
  for (;;) {
    // Box-Muller: Rng::normal has a stream of its own, in which `next` would not advance.
    const double radius = std::sqrt(-2 * std::log(uniform()));
    const double x = radius * std::cos(2 * 3.14159265358979323846 * uniform());
    const double root = 1 + c * x;
    const double v = root * root * root;
    if (root > 0 && std::log(uniform()) < 0.5 * x * x + d - d * v + d * std::log(v)) {
      return std::log(d * v);
    }
  }
}

std::vector<std::size_t> take_pictures(std::size_t count, const OrderOptions& options) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (options.order != Order::File) {
    detail::shuffle_order(order, options.seed, kShufflePurpose);
  }
  if (options.limit != 0 && options.limit < order.size()) {
    order.resize(options.limit);
  }
  return order;
}

int known_label(const Dataset& data, std::size_t domain, std::size_t index) {
  const int label = data.label(domain, index);
  if (label < 0) {
    fail(ErrorCode::InvalidArgument, data.spec(), ": picture ", data.name(domain, index),
         " of domain ", data.domains()[domain],
         " has no label; the orders sorted and dirichlet need one for each picture");
  }
  return label;
}

void sort_by_label(const Dataset& data, std::size_t domain, std::vector<std::size_t>& order) {
  std::sort(order.begin(), order.end());
  std::vector<int> labels(data.size(domain));
  for (const std::size_t index : order) {
    labels[index] = known_label(data, domain, index);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return labels[a] < labels[b]; });
}

// order  shuffled
std::vector<std::size_t> arrange_dirichlet(const Dataset& data,
                                           std::size_t domain,
                                           const std::vector<std::size_t>& order,
                                           const OrderOptions& options) {
  if (!(options.concentration >= 1e-3 && options.concentration <= 1e6)) {
    fail(ErrorCode::InvalidArgument, "concentration ", options.concentration,
         ", expected 0.001 to 1e6");
  }
  std::map<int, std::vector<std::size_t>> classes;
  for (const std::size_t index : order) {
    classes[known_label(data, domain, index)].push_back(index);
  }
  using Blocks = std::vector<std::vector<std::size_t>>;  // of one class each
  std::vector<Blocks> slots(std::min(classes.size(), kMostSlots));
  for (const auto& [label, members] : classes) {
    const std::vector<double> shares = detail::draw_dirichlet(
        slots.size(), options.concentration, options.seed, static_cast<std::uint64_t>(label));
    double sum = 0;
    std::size_t begin = 0;
    for (std::size_t slot = 0; slot < slots.size(); ++slot) {
      sum += shares[slot];
      const bool is_last = slot + 1 == slots.size();
      const auto end =
          is_last ? members.size()
                  : std::min(members.size(),
                             static_cast<std::size_t>(sum * static_cast<double>(members.size())));
      slots[slot].emplace_back(members.begin() + static_cast<std::ptrdiff_t>(begin),
                               members.begin() + static_cast<std::ptrdiff_t>(end));
      begin = end;
    }
  }
  std::vector<std::size_t> arranged;
  arranged.reserve(order.size());
  for (std::size_t slot = 0; slot < slots.size(); ++slot) {
    std::vector<std::size_t> sequence(slots[slot].size());
    std::iota(sequence.begin(), sequence.end(), std::size_t{0});
    detail::shuffle_order(sequence, mix_seed(options.seed, slot), kSlotPurpose);
    for (const std::size_t block : sequence) {
      arranged.insert(arranged.end(), slots[slot][block].begin(), slots[slot][block].end());
    }
  }
  return arranged;
}

}  // namespace

namespace detail {

void shuffle_order(std::vector<std::size_t>& order, std::uint64_t seed, std::uint32_t purpose) {
  const Rng rng(seed, 0, purpose);
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[pick_below(rng, i, i)]);
  }
}

std::vector<double> draw_dirichlet(std::size_t count,
                                   double concentration,
                                   std::uint64_t seed,
                                   std::uint64_t step) {
  const Rng rng(seed, step, kSharesPurpose);
  std::uint64_t next = 0;
  std::vector<double> shares(count);
  std::generate(shares.begin(), shares.end(),
                [&] { return draw_log_gamma(concentration, rng, next); });
  const double most = *std::max_element(shares.begin(), shares.end());
  double sum = 0;
  for (double& share : shares) {
    share = std::exp(share - most);
    sum += share;
  }
  for (double& share : shares) {
    share /= sum;
  }
  return shares;
}

}  // namespace detail

Order parse_order(const std::string& name) {
  std::vector<std::string> known;
  for (const OrderName& order : kOrders) {
    if (name == order.name) {
      return order.order;
    }
    known.emplace_back(order.name);
  }
  fail(ErrorCode::InvalidArgument, "option 'order': ", unknown_name_text("order", name, known));
}

std::vector<std::size_t> order_pictures(const Dataset& data,
                                        std::size_t domain,
                                        const OrderOptions& options) {
  std::vector<std::size_t> order = take_pictures(data.size(domain), options);
  if (options.order == Order::Sorted) {
    sort_by_label(data, domain, order);
  } else if (options.order == Order::Dirichlet) {
    order = arrange_dirichlet(data, domain, order, options);
  }
  return order;
}

std::vector<PictureRef> interleave(const Dataset& data,
                                   const std::vector<std::size_t>& domains,
                                   const OrderOptions& options) {
  std::vector<std::vector<std::size_t>> orders;
  std::vector<std::size_t> turns;  // places in `domains`, one entry for each picture
  orders.reserve(domains.size());
  for (std::size_t i = 0; i < domains.size(); ++i) {
    orders.push_back(order_pictures(data, domains[i], options));
    turns.insert(turns.end(), orders.back().size(), i);
  }
  detail::shuffle_order(turns, options.seed, kMixPurpose);
  std::vector<std::size_t> next(domains.size());
  std::vector<PictureRef> mixed;
  mixed.reserve(turns.size());
  for (const std::size_t turn : turns) {
    mixed.push_back({domains[turn], orders[turn][next[turn]++]});
  }
  return mixed;
}

}  // namespace zoa
