// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/corrupted_set.h"

#include <filesystem>
#include <set>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/core/hash.h"
#include "zoa/core/test_error.h"
#include "zoa/data/npy.h"
#include "zoa/data/set_store.h"
#include "zoa/data/test_files.h"

namespace zoa {
namespace {

using test::error_of;

class CorruptedSetTest : public test::DataTest {
 protected:
  CorruptedSetTest() {
    plan_.names = {"fog", "gaussian_noise"};
    plan_.severities = {2, 4};
    plan_.store = Store::Npy;
  }

  // Three pictures of the classes zebra (0) and ant (1), whose sorted order is the other one.
  void write_source(int width = 9, int height = 7) const {
    write("src/labels.csv", bytes_of("file,label\nb.png,1\na.png,0\nc.png,1\n"));
    for (const char* name : {"b.png", "a.png", "c.png"}) {
      write(std::string("src/") + name, encode_png(test::flat_image(width, height, name[0])));
    }
    write_text("names.txt", "zebra striped\nant small\n");
  }
  static test::Content bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

  std::shared_ptr<const Dataset> source() const {
    return open_dataset("images:" + path("src"), {path("names.txt")});
  }
  CorruptedSetResult make(const std::string& name, const CorruptedSetHooks& hooks = {}) const {
    return write_corrupted_set(*source(), "images", plan_, path(name), hooks);
  }
  ErrorCode code_of(const std::string& name) const {
    return error_of([&] { make(name); }).first;
  }
  std::string text_of(const std::string& name) const {
    const Bytes bytes = read_file(path(name), 1U << 20U);
    return {bytes.begin(), bytes.end()};
  }
  std::size_t count_beside() const {  // files and folders in the test's folder
    const std::filesystem::directory_iterator it(path());
    return static_cast<std::size_t>(std::distance(it, std::filesystem::directory_iterator()));
  }

  CorruptedSetPlan plan_;
};

TEST_F(CorruptedSetTest, ArraysHoldWhatIsMadeOnTheFly) {
  write_source();
  plan_.seed = 5;
  const CorruptedSetResult result = make("out");
  EXPECT_EQ(result.pictures, 3U);
  EXPECT_EQ(result.files, 2U);
  for (const int severity : plan_.severities) {
    const auto read = open_dataset("cifar10-c:" + path("out"), {"", {severity}});
    CorruptedOptions options;
    options.names = plan_.names;
    options.severities = {severity};
    options.seed = 5;
    const auto made = corrupted(source(), "images", options);
    for (const std::string& name : plan_.names) {
      for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(read->image(find_domain(*read, name), i),
                  made->image(find_domain(*made, name), i))
            << name << severity;
        EXPECT_EQ(read->label(0, i), i == 1 ? 0 : 1);
      }
    }
  }
  EXPECT_EQ(load_npy_header(path("out/fog.npy")).shape, (std::vector<std::size_t>{6, 7, 9, 3}));
  const auto [code, text] = error_of([&] { open_dataset("cifar10-c:" + path("out"), {"", {3}}); });
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_NE(text.find("no severity 3"), std::string::npos) << text;
}

TEST_F(CorruptedSetTest, FoldersKeepClassesThatAreNotSorted) {
  write_source();
  plan_.store = Store::Png;
  EXPECT_EQ(make("out").files, 12U);
  EXPECT_EQ(text_of("out/labels.txt"), "zebra\nant\n");
  EXPECT_TRUE(std::filesystem::exists(path("out/gaussian_noise/4/ant/c.png")));
  const auto read = open_dataset("imagenet-c:" + path("out"), {"", {4}});
  EXPECT_EQ(read->domains(), (std::vector<std::string>{"gaussian_noise", "fog"}));
  const std::size_t fog = find_domain(*read, "fog");
  std::set<int> labels;
  for (std::size_t i = 0; i < read->size(fog); ++i) {
    EXPECT_EQ(read->label(fog, i), read->name(fog, i) == "zebra/a.png" ? 0 : 1);
    labels.insert(read->label(fog, i));
  }
  EXPECT_EQ(labels, (std::set<int>{0, 1}));
  const Image expected = corrupt(source()->image(0, 1), "fog", 4, Profile::Cifar, image_seed(0, 1));
  EXPECT_EQ(load_image(path("out/fog/4/zebra/a.png")), expected);
}

TEST_F(CorruptedSetTest, JpegsHaveTheQuality) {
  write_source(240, 230);  // cropped to 224, as published
  plan_.store = Store::Jpeg;
  plan_.quality = 60;
  plan_.names = {"contrast"};
  make("out");
  const Bytes file = read_file(path("out/contrast/2/ant/b.JPEG"), 1U << 20U);
  Image expected = test::flat_image(224, 224, 'b');
  expected = corrupt(expected, "contrast", 2, Profile::ImageNet, image_seed(0, 0));
  EXPECT_EQ(file, encode_jpeg(expected, 60));
}

TEST_F(CorruptedSetTest, PicturesWithOneLongSideAreCroppedToo) {
  write_source(400, 200);
  make("out");
  EXPECT_EQ(load_npy_header(path("out/fog.npy")).shape, (std::vector<std::size_t>{6, 224, 224, 3}));
  plan_.crop = 0;
  make("whole");
  EXPECT_EQ(load_npy_header(path("whole/fog.npy")).shape,
            (std::vector<std::size_t>{6, 200, 400, 3}));
}

TEST_F(CorruptedSetTest, ThreadsDoNotMatterAndChecksumsHold) {
  write_source();
  for (const Store store : {Store::Png, Store::Npy}) {
    plan_.store = store;
    const std::string kind = to_string(store);
    plan_.threads = 1;
    make(kind + "1");
    plan_.threads = 4;
    make(kind + "4");
    EXPECT_EQ(text_of(kind + "1/checksums.txt"), text_of(kind + "4/checksums.txt"));
    EXPECT_EQ(text_of(kind + "1/manifest.json"), text_of(kind + "4/manifest.json"));
    std::istringstream lines(text_of(kind + "1/checksums.txt"));
    for (std::string hash, file; lines >> hash >> file;) {
      EXPECT_EQ(hash128_file(path(kind + "1/" + file)), hash) << file;
    }
  }
}

TEST_F(CorruptedSetTest, BadPicturesAreNamedAndLeftOut) {
  write_source();
  write_text("src/a.png", "this is no picture");
  for (const Store store : {Store::Jpeg, Store::Npy}) {
    plan_.store = store;
    const CorruptedSetResult result = make(to_string(store));
    EXPECT_EQ(result.pictures, 2U);
    ASSERT_EQ(result.skipped.size(), 1U);
    EXPECT_EQ(result.skipped[0].id, 1);
    EXPECT_NE(result.skipped[0].reason.find("a.png"), std::string::npos);
  }
  EXPECT_EQ(load_npy_header(path("npy/fog.npy")).shape[0], 4U);
  EXPECT_EQ(load_npy(path("npy/labels.npy")).as_i64(), (std::vector<std::int64_t>{1, 1, 1, 1}));
  EXPECT_NE(text_of("npy/manifest.json").find("a.png"), std::string::npos);
  write_text("src/b.png", "");
  write_text("src/c.png", "");
  EXPECT_EQ(code_of("none"), ErrorCode::BadFile);
  plan_.store = Store::Png;
  EXPECT_EQ(code_of("none"), ErrorCode::BadFile);
  EXPECT_FALSE(std::filesystem::exists(path("none")));
}

TEST_F(CorruptedSetTest, OnlyOwnFoldersAreReplaced) {
  write_source();
  write_text("mine/thesis.txt", "do not lose me");
  make("out");
  plan_.names = {"frost"};
  EXPECT_EQ(code_of("out"), ErrorCode::InvalidArgument);
  EXPECT_TRUE(std::filesystem::exists(path("out/fog.npy")));
  plan_.overwrite = true;
  make("out/");
  EXPECT_FALSE(std::filesystem::exists(path("out/fog.npy")));
  EXPECT_TRUE(std::filesystem::exists(path("out/frost.npy")));
  EXPECT_EQ(code_of("mine"), ErrorCode::InvalidArgument);
  write_text("mine/manifest.json", "{\"kind\": \"another\"}");
  EXPECT_EQ(code_of("mine"), ErrorCode::InvalidArgument);
  EXPECT_EQ(text_of("mine/thesis.txt"), "do not lose me");
  std::filesystem::create_directories(path("empty"));
  make("empty");
  EXPECT_TRUE(std::filesystem::exists(path("empty/manifest.json")));
  EXPECT_EQ(count_beside(), 5U);  // src, names.txt, mine, out, empty
}

TEST_F(CorruptedSetTest, AStoppedRunLeavesNothing) {
  write_source();
  CorruptedSetHooks hooks;
  int asked = 0;
  hooks.stop = [&] { return ++asked > 1; };  // after the reading
  EXPECT_TRUE(make("out", hooks).stopped);
  EXPECT_EQ(count_beside(), 2U);
}

TEST_F(CorruptedSetTest, RefusesWhatTheLayoutsCannotHold) {
  write_source();
  write("src/c.png", encode_png(test::flat_image(5, 5, 1)));
  EXPECT_EQ(code_of("out"), ErrorCode::InvalidArgument);  // two sizes in one array
  plan_.store = Store::Png;
  make("png");
  write_text("src/labels.csv", "file,label\nb.png,1\nb.png,1\n");
  EXPECT_EQ(make("twice").files, 8U);  // one name, two pictures
  EXPECT_TRUE(std::filesystem::exists(path("twice/fog/2/ant/b_00000001.png")));
  std::filesystem::remove(path("src/labels.csv"));
  EXPECT_EQ(code_of("out"), ErrorCode::InvalidArgument);  // no labels
  EXPECT_FALSE(std::filesystem::exists(path("out")));
}

TEST_F(CorruptedSetTest, SeveritiesOfOddManifests) {
  const auto code_with = [&](const std::string& fields) {
    write_text("set/manifest.json", R"({"kind": "zoa corrupted images")" + fields + "}");
    return error_of([&] { detail::severities_of(path("set")); }).first;
  };
  write_text("set/manifest.json",
             R"({"kind": "zoa corrupted images", "layout": "cifar10-c", "severities": [2, 4]})");
  EXPECT_EQ(detail::severities_of(path("set")), (std::vector<int>{2, 4}));
  EXPECT_EQ(code_with(""), ErrorCode::BadFile);
  EXPECT_EQ(code_with(R"(, "layout": 3, "severities": [1])"), ErrorCode::BadFile);
  EXPECT_EQ(code_with(R"(, "layout": "cifar10-c", "severities": [1, 6])"), ErrorCode::BadFile);
  EXPECT_EQ(code_with(R"(, "layout": "cifar10-c", "severities": "all")"), ErrorCode::BadFile);
  const std::size_t deep = 1'000'000;
  EXPECT_EQ(code_with(R"(, "layout": "cifar10-c", "severities": )" + std::string(deep, '[') +
                      std::string(deep, ']')),
            ErrorCode::BadFile);
}

TEST_F(CorruptedSetTest, RefusesBadPlans) {
  write_source();
  plan_.severities = {3, 3};
  EXPECT_EQ(code_of("out"), ErrorCode::InvalidArgument);
  plan_.severities = {};
  EXPECT_EQ(code_of("out"), ErrorCode::InvalidArgument);
  plan_.severities = {6};
  EXPECT_EQ(code_of("out"), ErrorCode::InvalidArgument);
  plan_.severities = {1};
  plan_.names = {"fog", "fog"};
  EXPECT_EQ(code_of("out"), ErrorCode::InvalidArgument);
  plan_.names = {"frog"};
  EXPECT_EQ(code_of("out"), ErrorCode::InvalidArgument);
  plan_.names = {"fog"};
  EXPECT_EQ(code_of("names.txt/out"), ErrorCode::Io);  // below a file
  plan_.store = Store::Jpeg;
  plan_.quality = 0;
  EXPECT_EQ(code_of("out"), ErrorCode::InvalidArgument);
  EXPECT_EQ(error_of([] { parse_store("gif"); }).first, ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace zoa
