// SPDX-License-Identifier: Apache-2.0
// Pictures are taken one by one and given all corruptions at once, so that each is decoded once.
#include "zoa/data/corrupted_set.h"

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <set>

#include "zoa/core/error.h"
#include "zoa/core/hash.h"
#include "zoa/core/parallel.h"
#include "zoa/data/set_store.h"
#include "zoa/data/severity.h"
#include "zoa/data/sources.h"

namespace zoa {
namespace {

using detail::SetContent;
using detail::SetStore;

constexpr std::size_t kBlock = 32;  // pictures between two looks at progress and stop
constexpr std::array<Store, 3> kStores{Store::Png, Store::Jpeg, Store::Npy};

void check_plan(CorruptedSetPlan& plan) {
  if (plan.names.empty()) {
    plan.names = detail::usual_corruptions();
  }
  const std::set<std::string> distinct(plan.names.begin(), plan.names.end());
  if (distinct.size() != plan.names.size()) {
    fail(ErrorCode::InvalidArgument, "corruptions: a name comes twice");
  }
  detail::check_corruptions(plan.names);
  const bool is_increasing = std::adjacent_find(plan.severities.begin(), plan.severities.end(),
                                                std::greater_equal<>()) == plan.severities.end();
  if (plan.severities.empty() || !is_increasing) {
    fail(ErrorCode::InvalidArgument, "severities: expected increasing numbers from 1..5");
  }
  cross_severities(plan.names, plan.severities);  // throws if one is not 1..5
  if (plan.store == Store::Jpeg && (plan.quality < 1 || plan.quality > 100)) {
    fail(ErrorCode::InvalidArgument, "quality ", plan.quality, ", expected 1..100");
  }
}

class SetRun {
 public:
  SetRun(const Dataset& base,
         std::size_t domain,
         CorruptedSetPlan plan,
         const CorruptedSetHooks& hooks)
      : base_(base),
        domain_(domain),
        plan_(std::move(plan)),
        hooks_(hooks),
        content_(detail::list_content(base, domain, plan_.limit)) {}

  CorruptedSetResult write(const std::string& folder) {
    detail::StagingFolder staging(folder, plan_.overwrite);
    const std::unique_ptr<SetStore> store = open_store(staging.path());
    if (store == nullptr || !run("corrupt", [&](std::size_t i) { put_all(*store, i); })) {
      result_.stopped = true;
      return result_;
    }
    finish(*store, staging.path());
    staging.publish();
    return result_;
  }

 private:
  // Nothing where the picture cannot be read: that is noted, not thrown.
  std::optional<Image> load(std::size_t i) {
    try {
      return detail::crop_as_published(base_.image(domain_, content_.pictures[i].index),
                                       plan_.crop);
    } catch (const Error& error) {
      reasons_[i] = error.what();
      return std::nullopt;
    }
  }

  // Arrays have a fixed number of rows, so bad pictures must be known before.
  std::unique_ptr<SetStore> open_store(const std::string& path) {
    if (plan_.store != Store::Npy) {
      return detail::make_folder_store(path, content_, plan_);
    }
    std::vector<std::array<int, 2>> sizes(content_.pictures.size());
    if (!run("read", [&](std::size_t i) {
          if (const std::optional<Image> image = load(i)) {
            sizes[i] = {image->width, image->height};
          }
        })) {
      return nullptr;
    }
    keep_readable(sizes);
    return detail::make_array_store(path, content_, plan_, sizes.front());
  }

  void keep_readable(std::vector<std::array<int, 2>>& sizes) {
    std::vector<detail::SetPicture> kept;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i][0] > 0) {
        sizes[kept.size()] = sizes[i];
        kept.push_back(std::move(content_.pictures[i]));
      }
    }
    content_.pictures = std::move(kept);
    sizes.resize(content_.pictures.size());
    check_any(content_.pictures.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      if (sizes[i] != sizes.front()) {
        fail(ErrorCode::InvalidArgument, base_.spec(), ": picture ", content_.pictures[i].index,
             " has ", sizes[i][0], " x ", sizes[i][1], " pixels, the first ", sizes.front()[0],
             " x ", sizes.front()[1], "; an array needs one size, --store png does not");
      }
    }
  }

  void check_any(std::size_t readable) const {
    if (readable == 0) {
      fail(ErrorCode::BadFile, base_.spec(), ": no picture can be read",
           result_.skipped.empty() ? std::string() : ", e.g. " + result_.skipped.front().reason);
    }
  }

  void put_all(SetStore& store, std::size_t i) {
    const std::optional<Image> image = load(i);
    if (!image) {
      return;
    }
    const Profile profile = plan_.profile.value_or(choose_profile(*image));
    const std::uint64_t seed =
        image_seed(plan_.seed, static_cast<std::int64_t>(content_.pictures[i].index));
    for (std::size_t c = 0; c < plan_.names.size(); ++c) {
      for (std::size_t s = 0; s < plan_.severities.size(); ++s) {
        store.put({c, s, i}, corrupt(*image, plan_.names[c], plan_.severities[s], profile, seed));
      }
    }
  }

  // work(i) for every picture; an error ends the run. False = stopped.
  template <class Work>
  bool run(const std::string& label, const Work& work) {
    const std::size_t total = content_.pictures.size();
    reasons_.assign(total, "");
    for (std::size_t first = 0; first < total; first += kBlock) {
      if (hooks_.stop && hooks_.stop()) {
        return false;
      }
      std::exception_ptr failure;
      std::mutex mutex;
      run_parallel(std::min(kBlock, total - first), plan_.threads, [&](std::size_t k) {
        try {
          work(first + k);
        } catch (...) {
          const std::lock_guard lock(mutex);
          failure = std::current_exception();
        }
      });
      if (failure) {
        std::rethrow_exception(failure);
      }
      if (hooks_.progress) {
        hooks_.progress(label, std::min(total, first + kBlock), total);
      }
    }
    note_skipped();
    return true;
  }

  void note_skipped() {
    for (std::size_t i = 0; i < reasons_.size(); ++i) {
      if (!reasons_[i].empty()) {
        result_.skipped.push_back(
            {static_cast<std::int64_t>(content_.pictures[i].index), reasons_[i]});
      }
    }
  }

  void finish(SetStore& store, const std::string& path) {
    const auto unread = static_cast<std::size_t>(
        std::count_if(reasons_.begin(), reasons_.end(), [](const auto& r) { return !r.empty(); }));
    result_.pictures = content_.pictures.size() - unread;
    check_any(result_.pictures);
    if (plan_.store == Store::Npy && unread > 0) {
      fail(ErrorCode::Io, base_.spec(),
           ": a picture could be read once but not twice: ", result_.skipped.back().reason);
    }
    std::string sums;
    for (const detail::SetFile& file : store.finish()) {
      sums += file.hash + "  " + file.path + "\n";
      ++result_.files;
    }
    const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(sums.data()),
                                              sums.size());
    detail::write_new_file(path + "/checksums.txt", bytes);
    const std::string text =
        detail::manifest_text({base_, base_.domains()[domain_], plan_, result_, hash128(bytes)});
    detail::write_new_file(path + "/manifest.json",
                           {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }

  const Dataset& base_;
  std::size_t domain_;
  CorruptedSetPlan plan_;
  const CorruptedSetHooks& hooks_;
  SetContent content_;
  std::vector<std::string> reasons_;  // why a picture cannot be read, by picture
  CorruptedSetResult result_;
};

}  // namespace

const char* to_string(Store store) noexcept {
  switch (store) {
    case Store::Png: return "png";
    case Store::Jpeg: return "jpeg";
    case Store::Npy: return "npy";
  }
  return "?";
}

Store parse_store(const std::string& name) {
  for (const Store store : kStores) {
    if (name == to_string(store)) {
      return store;
    }
  }
  fail(ErrorCode::InvalidArgument, "store '", name, "', expected png, jpeg or npy");
}

CorruptedSetResult write_corrupted_set(const Dataset& base,
                                       const std::string& domain,
                                       const CorruptedSetPlan& plan,
                                       const std::string& folder,
                                       const CorruptedSetHooks& hooks) {
  CorruptedSetPlan checked = plan;
  check_plan(checked);
  return SetRun(base, find_domain(base, domain), std::move(checked), hooks).write(folder);
}

}  // namespace zoa
