// SPDX-License-Identifier: Apache-2.0
// A file is the runtime's blob, then a footer: 8 bytes that name the format, its key, the blob's
// checksum. The footer is behind, since the runtime counts places from the start of its stream.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <optional>
#include <ostream>
#include <sstream>
#include <streambuf>
#include <vector>

#include <openvino/openvino.hpp>
#include <openvino/pass/serialize.hpp>

#include "zoa/core/cpu.h"
#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/core/hash.h"
#include "zoa/engine/compiled_cache_ov.h"
#include "zoa/engine/engine.h"
#include "zoa/engine/isa.h"
#include "zoa/graph/runtime_ov.h"

namespace zoa {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "zoac-001";
constexpr char kSuffix[] = ".zoac";
constexpr std::size_t kHashSize = 32;
constexpr std::size_t kFooterSize = kFormat.size() + 2 * kHashSize;
constexpr std::size_t kMostFiles = 256;
constexpr std::uintmax_t kMostBytes = std::uintmax_t{4} << 30U;

std::span<const std::uint8_t> bytes_of(const char* text, std::size_t size) {
  return {reinterpret_cast<const std::uint8_t*>(text), size};
}

// What is written goes into a checksum and nowhere else.
class HashBuffer final : public std::streambuf {
 public:
  std::string hash() const { return hasher_.hash128(); }

 protected:
  std::streamsize xsputn(const char* text, std::streamsize count) override {
    hasher_.add(bytes_of(text, static_cast<std::size_t>(count)));
    written_ += count;
    return count;
  }
  int_type overflow(int_type c) override {
    const char one = traits_type::to_char_type(c);
    xsputn(&one, 1);
    return c;
  }
  // Only asks where it is.
  pos_type seekoff(off_type offset, std::ios_base::seekdir from, std::ios_base::openmode) override {
    return offset == 0 && from == std::ios_base::cur ? pos_type(written_) : pos_type(off_type(-1));
  }

 private:
  Hasher hasher_;
  off_type written_ = 0;
};

std::string footer(const std::string& key, const std::string& checksum) {
  return std::string(kFormat) + key + checksum;
}

// The compiled network of a file. Throws  Io, LimitExceeded, BadFile, and what the runtime throws.
ov::CompiledModel load(const std::string& path,
                       const std::string& key,
                       const ov::AnyMap& settings) {
  const Bytes file = read_file(path, kMostBytes);
  const std::size_t size = file.size() - std::min(file.size(), kFooterSize);
  const std::span<const std::uint8_t> blob(file.data(), size);
  const std::string wanted = footer(key, hash128(blob));
  if (!std::equal(file.begin() + static_cast<std::ptrdiff_t>(size), file.end(), wanted.begin(),
                  wanted.end())) {
    fail(ErrorCode::BadFile, "found no such file or a damaged one");
  }
  ov::Tensor tensor(ov::element::u8, {size});  // the network goes on reading its weights there
  std::memcpy(tensor.data(), blob.data(), size);
  return runtime_core().import_model(tensor, "CPU", settings);
}

void store(ov::CompiledModel& compiled, const std::string& path, const std::string& key) {
  std::ostringstream stream;
  compiled.export_model(stream);
  std::string file = std::move(stream).str();
  if (file.size() + kFooterSize > kMostBytes) {
    return;
  }
  file += footer(key, hash128(bytes_of(file.data(), file.size())));
  fs::create_directories(fs::path(path).parent_path());
  detail::remove_stale_temporaries(path);
  write_file_atomic(path, file);
}

std::string reason_of(const std::exception& error) {
  return dynamic_cast<const Error*>(&error) != nullptr ? error.what() : runtime_text(error);
}

}  // namespace

namespace detail {

std::string compiled_key(const ov::Model& model, const ov::AnyMap& settings) {
  const auto copy = model.clone();
  copy->set_friendly_name("part");
  std::size_t number = 0;
  for (const auto& node : copy->get_ordered_ops()) {
    node->set_friendly_name(std::to_string(number++));
  }
  HashBuffer graph;
  HashBuffer weights;
  std::ostream xml(&graph);
  std::ostream bin(&weights);
  ov::pass::Serialize(xml, bin).run_on_model(copy);
  std::ostringstream text;
  text << kFormat << '\n' << graph.hash() << '\n' << weights.hash() << '\n';
  for (const auto& [name, value] : settings) {
    text << name << '=';
    value.print(text);
    text << '\n';
  }
  text << runtime_version() << '\n' << running_isa() << '\n' << cpu_model() << '\n';
  const std::string all = text.str();
  return hash128(bytes_of(all.data(), all.size()));
}

void trim_cache(const std::string& folder, std::size_t files, std::uintmax_t bytes) {
  struct Entry {
    fs::file_time_type used;
    std::uintmax_t size;
    fs::path path;
  };
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == kSuffix) {
      std::error_code gone;
      Entry entry{it->last_write_time(gone), 0, it->path()};
      entry.size = gone ? 0 : it->file_size(gone);
      if (!gone) {
        entries.push_back(std::move(entry));
      }
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.used > b.used; });
  std::uintmax_t taken = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    taken += entries[i].size;
    if (i >= files || taken > bytes) {
      fs::remove(entries[i].path, error);
    }
  }
}

}  // namespace detail

CompiledCache::CompiledCache(std::string folder, LogSink log)
    : folder_(std::move(folder)), log_(drop_repeats(std::move(log))) {}

ov::CompiledModel CompiledCache::compile(const std::shared_ptr<ov::Model>& model,
                                         const ov::AnyMap& settings) {
  if (folder_.empty()) {
    return runtime_core().compile_model(model, "CPU", settings);
  }
  const auto warn = [&](const std::string& text) {
    if (log_) {
      log_(LogLevel::Warning, text);
    }
  };
  const std::string key = detail::compiled_key(*model, settings);
  const std::string path = (fs::path(folder_) / (key + kSuffix)).string();
  std::error_code error;
  if (fs::exists(path, error)) {
    try {
      ov::CompiledModel loaded = load(path, key, settings);
      fs::last_write_time(path, fs::file_time_type::clock::now(), error);  // used just now
      return loaded;
    } catch (const std::exception& damage) {
      warn(path + ": cannot be used, compiled anew: " + reason_of(damage));
    }
  }
  ov::CompiledModel compiled = runtime_core().compile_model(model, "CPU", settings);
  try {
    store(compiled, path, key);
    detail::trim_cache(folder_, kMostFiles, kMostBytes);
  } catch (const std::exception& failure) {
    warn("compiled networks are not kept in " + folder_ + ": " + reason_of(failure));
  }
  return compiled;
}

}  // namespace zoa
