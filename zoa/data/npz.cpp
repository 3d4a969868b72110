// SPDX-License-Identifier: Apache-2.0
// .npz archives by libzip. A zip's directory is a claim: what comes out is read under the limits
// and must end where the array's header says.
#include <algorithm>
#include <filesystem>
#include <mutex>
#include <set>
#include <system_error>

#include <zip.h>

#include "zoa/core/error.h"
#include "zoa/core/nearest.h"
#include "zoa/data/npy.h"

namespace zoa {
namespace {

constexpr std::size_t kHeadBytes = 10'012;          // the largest npy header with its preamble
constexpr std::uint64_t kRatioFrom = 16ULL << 20U;  // a small array may compress as it likes

struct ZipDeleter {
  void operator()(zip_t* zip) const noexcept { zip_discard(zip); }
};
struct EntryDeleter {
  void operator()(zip_file_t* file) const noexcept { zip_fclose(file); }
};
using Zip = std::unique_ptr<zip_t, ZipDeleter>;
using Entry = std::unique_ptr<zip_file_t, EntryDeleter>;

Zip open_zip(const std::string& path) {
  int code = 0;
  Zip zip(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (zip == nullptr) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string text = zip_error_strerror(&error);
    zip_error_fini(&error);
    const bool is_io = code == ZIP_ER_NOENT || code == ZIP_ER_OPEN || code == ZIP_ER_READ;
    fail(is_io ? ErrorCode::Io : ErrorCode::BadFile, path, ": cannot be opened as .npz: ", text);
  }
  return zip;
}

zip_stat_t stat_entry(zip_t* zip, zip_uint64_t index, const std::string& path) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  constexpr zip_uint64_t kWanted = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                   ZIP_STAT_CRC | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if (zip_stat_index(zip, index, 0, &stat) != 0 || (stat.valid & kWanted) != kWanted) {
    fail(ErrorCode::BadFile, path, ": damaged entry ", index, " in the archive");
  }
  return stat;
}

void check_entry(const zip_stat_t& stat, const std::string& where, const NpyLimits& limits) {
  const bool is_plain = stat.comp_method == ZIP_CM_STORE || stat.comp_method == ZIP_CM_DEFLATE;
  if (!is_plain || stat.encryption_method != ZIP_EM_NONE) {
    fail(ErrorCode::BadFile, where, ": packed in an unknown way, expected stored or deflated");
  }
  if (stat.size > limits.max_bytes) {
    fail(ErrorCode::LimitExceeded, where, ": ", stat.size, " bytes, limit is ", limits.max_bytes);
  }
  if (stat.size > kRatioFrom && stat.size / limits.max_ratio > stat.comp_size) {
    fail(ErrorCode::LimitExceeded, where, ": ", stat.comp_size, " bytes unpack to ", stat.size,
         ", limit is ", limits.max_ratio, " times as many");
  }
}

// 0 if it cannot be asked; opening has then failed before.
std::uint64_t file_bytes(const std::string& path) {
  std::error_code code;
  const std::uintmax_t bytes = std::filesystem::file_size(path, code);
  return code ? 0 : bytes;
}

// Up to out.size() bytes; less only at the end of the entry.
std::size_t read_some(zip_file_t* file, std::span<std::uint8_t> out, const std::string& where) {
  std::size_t done = 0;
  while (done < out.size()) {
    const zip_int64_t got = zip_fread(file, out.data() + done, out.size() - done);
    if (got < 0) {  // a wrong CRC is reported here too
      fail(ErrorCode::BadFile, where,
           ": damaged data: ", zip_error_strerror(zip_file_get_error(file)));
    }
    if (got == 0) {
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
}

Entry open_entry(zip_t* zip, zip_uint64_t index, const std::string& where) {
  Entry entry(zip_fopen_index(zip, index, 0));
  if (entry == nullptr) {
    fail(ErrorCode::BadFile, where, ": cannot be unpacked: ", zip_strerror(zip));
  }
  return entry;
}

}  // namespace

struct NpzFile::Impl {
  std::string path;
  NpyLimits limits;
  Zip zip;
  std::uint64_t bytes = 0;  // of the file
  std::vector<NpzEntry> entries;
  std::mutex mutex;  // libzip handles are not thread-safe

  void add_entry(zip_uint64_t index) {
    const zip_stat_t stat = stat_entry(zip.get(), index, path);
    std::string name = stat.name;
    const std::string where = path + "[" + name + "]";
    if (!name.ends_with(".npy")) {
      fail(ErrorCode::BadFile, where, ": expected only .npy entries in an .npz");
    }
    name.resize(name.size() - 4);
    if (stat.comp_size > bytes) {  // else the ratio would bound nothing
      fail(ErrorCode::BadFile, where, ": ", stat.comp_size, " packed bytes in a file of ", bytes);
    }
    check_entry(stat, where, limits);
    std::vector<std::uint8_t> head(std::min<std::size_t>(kHeadBytes, stat.size));
    head.resize(read_some(open_entry(zip.get(), index, where).get(), head, where));
    NpzEntry entry{name, read_npy_header(head, where, limits), stat.crc};
    if (entry.header.offset + entry.header.num_bytes() != stat.size) {
      fail(ErrorCode::BadFile, where, ": ", stat.size, " bytes, the npy header asks for ",
           entry.header.offset + entry.header.num_bytes());
    }
    entries.push_back(std::move(entry));
  }
};

NpzFile::NpzFile(const std::string& path, const NpyLimits& limits)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->limits = limits;
  impl_->zip = open_zip(path);
  impl_->bytes = file_bytes(path);
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(impl_->zip.get(), 0));
  if (count > limits.max_arrays) {
    fail(ErrorCode::LimitExceeded, path, ": ", count, " arrays, limit is ", limits.max_arrays);
  }
  std::set<std::string> names;
  for (zip_uint64_t index = 0; index < count; ++index) {
    impl_->add_entry(index);
    if (!names.insert(impl_->entries.back().name).second) {
      fail(ErrorCode::BadFile, path, ": array \"", impl_->entries.back().name, "\" twice");
    }
  }
}

NpzFile::~NpzFile() = default;

const std::vector<NpzEntry>& NpzFile::entries() const noexcept {
  return impl_->entries;
}

bool NpzFile::has(const std::string& name) const noexcept {
  return std::any_of(impl_->entries.begin(), impl_->entries.end(),
                     [&](const NpzEntry& entry) { return entry.name == name; });
}

NpyArray NpzFile::load(const std::string& name) const {
  const auto& list = impl_->entries;
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](const NpzEntry& entry) { return entry.name == name; });
  if (found == list.end()) {
    std::vector<std::string> known;
    std::transform(list.begin(), list.end(), std::back_inserter(known),
                   [](const NpzEntry& entry) { return entry.name; });
    fail(ErrorCode::InvalidArgument, impl_->path, ": ", unknown_name_text("array", name, known));
  }
  const std::string where = impl_->path + "[" + name + ".npy]";
  const std::lock_guard lock(impl_->mutex);
  const Entry entry =
      open_entry(impl_->zip.get(), static_cast<zip_uint64_t>(found - list.begin()), where);
  std::vector<std::uint8_t> head(found->header.offset);
  NpyArray array{found->header, std::vector<std::uint8_t>(found->header.num_bytes())};
  std::vector<std::uint8_t> beyond(1);  // reading on to the end is what checks the CRC
  const bool is_whole = read_some(entry.get(), head, where) == head.size() &&
                        read_some(entry.get(), array.bytes, where) == array.bytes.size() &&
                        read_some(entry.get(), beyond, where) == 0;
  if (!is_whole) {
    fail(ErrorCode::BadFile, where, ": the data's length is not what the archive says");
  }
  return array;
}

}  // namespace zoa
