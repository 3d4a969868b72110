// SPDX-License-Identifier: Apache-2.0
// Files that the tests of zoa/data write for themselves. Only tests include it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>
#include <zip.h>

#include "zoa/image/decode.h"

namespace zoa::test {

using Content = std::vector<std::uint8_t>;

/// A folder of its own per test, gone afterwards.
class DataTest : public testing::Test {
 protected:
  DataTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              (std::string("zoa_") + info->test_suite_name() + "_" + info->name() + "_" +
               std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~DataTest() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name = "") const {
    return name.empty() ? folder_.string() : (folder_ / name).string();
  }
  void write(const std::string& name, const Content& bytes) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream file(folder_ / name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  void write_text(const std::string& name, const std::string& text) const {
    write(name, Content(text.begin(), text.end()));
  }

 private:
  std::filesystem::path folder_;
};

/// A picture of one grey level, so that tests can tell pictures apart by one byte.
inline Image flat_image(int width, int height, int level) {
  Image image(width, height);
  image.rgb.assign(image.rgb.size(), static_cast<std::uint8_t>(level));
  return image;
}

inline Content png_of(int level) {
  return encode_png(flat_image(4, 3, level));
}

inline void append(Content& to, const auto& from) {
  for (const auto value : from) {
    to.push_back(static_cast<std::uint8_t>(value));
  }
}

/// An .npy file of version 1.0.
inline Content npy_of(const std::string& descr, const std::string& shape, const Content& data) {
  std::ostringstream text;
  text << "{'descr': '" << descr << "', 'fortran_order': False, 'shape': " << shape << ", }";
  std::string head = text.str();
  head.append(64 - (10 + head.size() + 1) % 64, ' ');
  head += '\n';
  Content file{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  append(file, std::vector<std::size_t>{head.size() % 256, head.size() / 256});
  append(file, head);
  append(file, data);
  return file;
}

/// Pictures (N,H,W,3) of uint8; picture i has level first + i.
inline Content npy_pictures(std::size_t count, std::size_t side, int first) {
  Content data;
  for (std::size_t i = 0; i < count; ++i) {
    append(data, std::vector<int>(side * side * 3, first + static_cast<int>(i)));
  }
  std::ostringstream shape;
  shape << '(' << count << ", " << side << ", " << side << ", 3)";
  return npy_of("|u1", shape.str(), data);
}

inline Content npy_labels(const std::vector<std::int64_t>& labels) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(labels.data());
  std::ostringstream shape;
  shape << '(' << labels.size() << ",)";
  return npy_of("<i8", shape.str(), Content(bytes, bytes + labels.size() * 8));
}

/// A deflated archive.
inline void write_zip(const std::string& path,
                      const std::vector<std::pair<std::string, Content>>& entries) {
  int code = 0;
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  ASSERT_NE(zip, nullptr);
  for (const auto& [name, bytes] : entries) {
    zip_source_t* source = zip_source_buffer(zip, bytes.data(), bytes.size(), 0);
    ASSERT_GE(zip_file_add(zip, name.c_str(), source, ZIP_FL_ENC_UTF_8), 0);
  }
  ASSERT_EQ(zip_close(zip), 0);
}

}  // namespace zoa::test
