// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/streams.h"

#include <algorithm>

#include "zoa/core/error.h"
#include "zoa/core/threads.h"

namespace zoa {
namespace {

OrderOptions order_options(const EvalOptions& options) {
  OrderOptions order;
  order.order = parse_order(options.order);
  order.seed = static_cast<std::uint64_t>(options.order_seed);
  order.concentration = options.concentration;
  order.limit = static_cast<std::size_t>(options.limit);
  return order;
}

}  // namespace

std::vector<std::size_t> pick_domains(const Dataset& data, const EvalOptions& options) {
  std::vector<std::size_t> picked;
  for (const std::string& name :
       options.domains.empty() ? default_domains(data) : options.domains) {
    const std::size_t domain = find_domain(data, name);
    if (std::find(picked.begin(), picked.end(), domain) != picked.end()) {
      fail(ErrorCode::InvalidArgument, "domain '", name, "' is named twice");
    }
    picked.push_back(domain);
  }
  return picked;
}

std::size_t count_images(const Dataset& data, std::size_t domain, const EvalOptions& options) {
  const std::size_t size = data.size(domain);
  return options.limit > 0 ? std::min(size, static_cast<std::size_t>(options.limit)) : size;
}

StreamOptions reader_options(const EvalOptions& options, std::size_t classes) {
  StreamOptions stream;
  stream.batch = static_cast<std::size_t>(options.batch);
  stream.classes = classes;
  stream.threads = static_cast<std::size_t>(threads_or_available(options.threads));
  return stream;
}

std::vector<EvalStream> make_streams(const Dataset& data,
                                     const std::vector<std::size_t>& domains,
                                     const EvalOptions& options) {
  std::vector<EvalStream> streams;
  if (options.mixed) {
    streams.push_back({kMixedDomain, domains});
  } else {
    for (const std::size_t domain : domains) {
      streams.push_back({data.domains()[domain], {domain}});
    }
  }
  const OrderOptions order = order_options(options);
  if (order.order == Order::Sorted || order.order == Order::Dirichlet) {
    for (const std::size_t domain : domains) {
      order_pictures(data, domain, order);  // throws here, not after hours
    }
  }
  return streams;
}

std::vector<PictureRef> order_stream(const Dataset& data,
                                     const EvalStream& stream,
                                     const EvalOptions& options) {
  if (options.mixed) {
    return interleave(data, stream.domains, order_options(options));
  }
  std::vector<PictureRef> order;
  for (const std::size_t index :
       order_pictures(data, stream.domains.front(), order_options(options))) {
    order.push_back({stream.domains.front(), index});
  }
  return order;
}

}  // namespace zoa
