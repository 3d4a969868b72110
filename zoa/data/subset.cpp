// SPDX-License-Identifier: Apache-2.0
// A fixed list of pictures out of another data set, e.g. the 5,000 of ImageNet-C that many papers
// use. The list holds for every domain; a domain's names are looked up when it is first used.
#include <charconv>
#include <sstream>
#include <unordered_map>
#include <unordered_set>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/data/sources.h"

namespace zoa {
namespace {

constexpr std::size_t kMaxListBytes = 256U << 20U;

std::vector<std::string> load_list(const std::string& path) {
  const Bytes bytes = read_file(path, kMaxListBytes);
  std::istringstream text(std::string(bytes.begin(), bytes.end()));
  std::vector<std::string> lines;
  std::unordered_set<std::string> seen;
  for (std::string line; std::getline(text, line);) {
    if (line.ends_with('\r')) {
      line.pop_back();
    }
    if (line.empty()) {
      continue;
    }
    if (!seen.insert(line).second) {
      fail(ErrorCode::BadFile, path, ": '", line, "' is there twice; expected each picture once");
    }
    lines.push_back(line);
  }
  if (lines.empty()) {
    fail(ErrorCode::BadFile, path,
         ": empty, expected one picture a line, by its name in the domain's folder or its index");
  }
  return lines;
}

// Beyond every data set if the text is no index.
std::size_t index_of(const std::string& text) {
  std::size_t index = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), index);
  const bool is_whole = parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
  return is_whole ? index : static_cast<std::size_t>(-1);
}

class SubsetDataset : public Dataset {
 public:
  SubsetDataset(std::shared_ptr<const Dataset> base, std::string file)
      : base_(std::move(base)),
        file_(std::move(file)),
        lines_(load_list(file_)),
        chosen_(base_->domains().size()) {
    spec_ = base_->spec() + "+subset(" + std::to_string(lines_.size()) + ")";
  }

  const std::string& spec() const override { return spec_; }
  const std::vector<std::string>& domains() const override { return base_->domains(); }
  const std::vector<std::string>& classes() const override { return base_->classes(); }
  const std::vector<int>& possible_classes() const override { return base_->possible_classes(); }
  std::size_t size(std::size_t domain) const override { return chosen(domain).size(); }
  Image image(std::size_t domain, std::size_t index) const override {
    return base_->image(domain, chosen(domain).at(index));
  }
  int label(std::size_t domain, std::size_t index) const override {
    return base_->label(domain, chosen(domain).at(index));
  }
  std::string name(std::size_t domain, std::size_t index) const override {
    return base_->name(domain, chosen(domain).at(index));
  }

  std::uint64_t hash() const override {
    detail::ContentHash hash;
    hash.add(base_->hash());
    for (const std::string& line : lines_) {
      hash.add(line);
    }
    return hash.value();
  }

 private:
  // A list that is not empty does not change, so the reference may be used without the lock.
  const std::vector<std::size_t>& chosen(std::size_t domain) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::size_t>& list = chosen_.at(domain);
    if (list.empty()) {
      list = choose(domain);
    }
    return list;
  }

  std::vector<std::size_t> choose(std::size_t domain) const {
    const std::size_t count = base_->size(domain);
    std::unordered_map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < count; ++i) {
      places.emplace(base_->name(domain, i), i);
    }
    std::vector<std::size_t> list;
    std::vector<bool> is_taken(count);
    list.reserve(lines_.size());
    for (const std::string& line : lines_) {
      const auto named = places.find(line);
      const std::size_t index = named != places.end() ? named->second : index_of(line);
      if (index >= count || is_taken[index]) {
        const std::string example = count > 0 ? base_->name(domain, 0) : "none";
        fail(ErrorCode::InvalidArgument, file_, ": '", line, "' is no picture of domain ",
             base_->domains()[domain], " of ", base_->spec(), " or was named before; it has ",
             count, ", the first is '", example, "'");
      }
      is_taken[index] = true;
      list.push_back(index);
    }
    return list;
  }

  std::shared_ptr<const Dataset> base_;
  std::string file_;
  std::vector<std::string> lines_;
  std::string spec_;
  mutable std::mutex mutex_;
  mutable std::vector<std::vector<std::size_t>> chosen_;
};

}  // namespace

std::unique_ptr<Dataset> subset(std::shared_ptr<const Dataset> base, const std::string& file) {
  return std::make_unique<SubsetDataset>(std::move(base), file);
}

}  // namespace zoa
