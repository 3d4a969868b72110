// SPDX-License-Identifier: Apache-2.0
// The folders of ImageNet-C, -R, -A, -Sketch and -V2, and lists of pictures out of them.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/test_error.h"
#include "zoa/data/dataset.h"
#include "zoa/data/sources.h"
#include "zoa/data/test_files.h"

namespace zoa {
namespace {

using test::error_of;
using test::png_of;
using Names = std::vector<std::string>;

class ImagenetTest : public test::DataTest {
 protected:
  std::shared_ptr<const Dataset> open(const std::string& kind,
                                      const DatasetOptions& options = {}) const {
    return open_dataset(kind + ":" + path("set"), options);
  }
  std::pair<ErrorCode, std::string> open_error(const std::string& kind,
                                               const DatasetOptions& options = {}) const {
    return error_of([&] { open(kind, options); });
  }
  void picture(const std::string& name, int level = 1) const {
    write("set/" + name, png_of(level));
  }
  DatasetOptions with_labels(const std::string& text) const {
    write_text("labels.txt", text);
    DatasetOptions options;
    options.labels = path("labels.txt");
    return options;
  }
};

TEST_F(ImagenetTest, TheListIsThatOfImagenet) {
  const Names& wnids = detail::imagenet_wnids();
  ASSERT_EQ(wnids.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(wnids.begin(), wnids.end()));
  EXPECT_EQ(std::adjacent_find(wnids.begin(), wnids.end()), wnids.end());
  // Known places: tench, goldfish, great white shark, tabby, toilet tissue.
  EXPECT_EQ(wnids[0], "n01440764");
  EXPECT_EQ(wnids[1], "n01443537");
  EXPECT_EQ(wnids[2], "n01484850");
  EXPECT_EQ(wnids[281], "n02123045");
  EXPECT_EQ(wnids[999], "n15075141");
}

TEST_F(ImagenetTest, FewFoldersKeepTheirPlacesAmongTheThousand) {
  picture("n15075141/b.png", 7);
  picture("n01443537/a.png");
  for (const char* kind : {"imagenet", "imagenet-r", "imagenet-a", "imagenet-sketch"}) {
    const auto data = open(kind);
    ASSERT_EQ(data->size(0), 2U) << kind;
    EXPECT_EQ(data->label(0, 0), 1) << kind;
    EXPECT_EQ(data->label(0, 1), 999) << kind;
    EXPECT_EQ(data->image(0, 1).rgb[0], 7) << kind;
    EXPECT_EQ(data->name(0, 1), "n15075141/b.png") << kind;
    EXPECT_EQ(data->classes().size(), 1000U) << kind;
    const bool is_restricted =
        std::string(kind) == "imagenet-r" || std::string(kind) == "imagenet-a";
    EXPECT_EQ(data->possible_classes(),
              is_restricted ? std::vector<int>({1, 999}) : std::vector<int>())
        << kind;
  }
  EXPECT_EQ(open("imagenet-r")->domains(), Names{"imagenet-r"});
  EXPECT_EQ(open("imagenet")->domains(), Names{"clean"});
}

TEST_F(ImagenetTest, LabelsFileSaysTheOrderOfTheNetwork) {
  picture("n01443537/a.png");
  picture("n15075141/b.png");
  const auto data = open("imagenet-r", with_labels("n15075141 tissue\nn0 other\nn01443537 fish\n"));
  EXPECT_EQ(data->label(0, 0), 2);
  EXPECT_EQ(data->label(0, 1), 0);
  EXPECT_EQ(data->classes().size(), 3U);
  EXPECT_EQ(data->possible_classes(), (std::vector<int>{0, 2}));
  // Names alone: the built-in order, if they are 1,000.
  const auto [code, text] = open_error("imagenet-r", with_labels("fish\ntissue\n"));
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_NE(text.find("expected 1000"), std::string::npos) << text;
  std::string names;
  for (int i = 0; i < 1000; ++i) {
    names += "name" + std::to_string(i) + "\n";
  }
  const auto named = open("imagenet-r", with_labels(names));
  EXPECT_EQ(named->label(0, 1), 999);
  EXPECT_EQ(named->classes()[1], "name1");
}

TEST_F(ImagenetTest, V2IsNumberedNotSorted) {
  for (const char* name : {"0/x.png", "2/x.png", "10/x.png", "999/x.png"}) {
    picture(name);
  }
  const auto data = open("imagenet-v2");
  ASSERT_EQ(data->size(0), 4U);
  EXPECT_EQ(data->label(0, 1), 2);
  EXPECT_EQ(data->label(0, 2), 10);
  EXPECT_EQ(data->label(0, 3), 999);
  EXPECT_EQ(data->classes().size(), 1000U);
  EXPECT_TRUE(data->possible_classes().empty());
  EXPECT_EQ(open_error("imagenet-v2", with_labels("a\nb\n")).first, ErrorCode::InvalidArgument);
  picture("1000/x.png");
  EXPECT_EQ(open_error("imagenet-v2").first, ErrorCode::BadFile);
}

TEST_F(ImagenetTest, WrongFoldersSayWhatIsThere) {
  picture("imagenet-r/n01443537/a.png");
  for (const char* kind : {"imagenet-r", "imagenet-v2"}) {
    const auto [code, text] = open_error(kind);
    EXPECT_EQ(code, ErrorCode::BadFile) << kind;
    EXPECT_NE(text.find("found the folders imagenet-r"), std::string::npos) << text;
    EXPECT_NE(text.find("did you mean " + path("set") + "/imagenet-r"), std::string::npos) << text;
  }
  picture("fish/a.png");
  EXPECT_EQ(open_error("imagenet-a").first, ErrorCode::InvalidArgument);
  EXPECT_EQ(error_of([&] { open_dataset("imagenet-a:" + path("none")); }).first, ErrorCode::Io);
  write("flat/a.png", png_of(1));
  const auto [code, text] = error_of([&] { open_dataset("imagenet-a:" + path("flat")); });
  EXPECT_EQ(code, ErrorCode::BadFile);
  EXPECT_NE(text.find("found the pictures a.png"), std::string::npos) << text;
  std::filesystem::create_directories(path("bare/n01443537"));
  EXPECT_EQ(error_of([&] { open_dataset("imagenet-a:" + path("bare")); }).first,
            ErrorCode::BadFile);
}

TEST_F(ImagenetTest, ImagenetCWithFewClassesAndSeveralSeverities) {
  for (const char* folder : {"fog/1/", "fog/3/", "snow/1/", "snow/3/"}) {
    picture(folder + std::string("n15075141/b.png"), folder[4]);
    picture(folder + std::string("n01443537/a.png"), folder[5]);
  }
  DatasetOptions options;
  options.severities = {1, 3};
  const auto data = open("imagenet-c", options);
  EXPECT_EQ(data->domains(), (Names{"snow@1", "snow@3", "fog@1", "fog@3"}));
  EXPECT_EQ(data->label(3, 1), 999);
  EXPECT_EQ(data->image(3, 1).rgb[0], '3');
  EXPECT_EQ(data->name(0, 0), "n01443537/a.png");
  options.severities = {3};
  EXPECT_EQ(open("imagenet-c", options)->domains(), (Names{"snow", "fog"}));
  EXPECT_NE(open("imagenet-c", options)->hash(), data->hash());
  picture("haze/3/n01443537/a.png");
  options.severities = {1, 3};
  const auto [code, text] = open_error("imagenet-c", options);
  EXPECT_EQ(code, ErrorCode::BadFile);
  EXPECT_NE(text.find("haze/1: missing"), std::string::npos) << text;
  options.severities = {5};
  EXPECT_NE(open_error("imagenet-c", options).second.find("found the folders fog, haze, snow"),
            std::string::npos);
}

TEST_F(ImagenetTest, SubsetTakesTheListsPicturesInItsOrder) {
  for (const char* folder : {"fog/5/", "snow/5/"}) {
    for (int i = 0; i < 3; ++i) {
      picture(folder + std::string("n01443537/") + std::to_string(i) + ".png", 10 + i);
    }
  }
  write_text("list.txt", "n01443537/2.png\r\n\nn01443537/0.png\n");
  const auto base = open("imagenet-c");
  const auto data = subset(base, path("list.txt"));
  ASSERT_EQ(data->size(1), 2U);
  EXPECT_EQ(data->image(1, 0).rgb[0], 12);
  EXPECT_EQ(data->name(1, 1), "n01443537/0.png");
  EXPECT_EQ(data->label(0, 0), 1);
  EXPECT_EQ(data->classes().size(), 1000U);
  EXPECT_NE(data->hash(), base->hash());
  const std::uint64_t hash = data->hash();
  write_text("list.txt", "2\n0\n");  // by index: the same pictures, other names
  EXPECT_EQ(subset(base, path("list.txt"))->image(1, 0).rgb[0], 12);
  EXPECT_NE(subset(base, path("list.txt"))->hash(), hash);
}

TEST_F(ImagenetTest, SubsetKeepsTheNoiseOfAPicture) {
  picture("n01443537/a.png", 90);
  picture("n01443537/b.png", 120);
  write_text("list.txt", "n01443537/b.png\n");
  CorruptedOptions options;
  options.names = {"gaussian_noise"};
  options.severities = {2, 4};
  const std::shared_ptr<const Dataset> noisy = corrupted(open("imagenet"), "clean", options);
  EXPECT_EQ(noisy->domains(), (Names{"gaussian_noise@2", "gaussian_noise@4"}));
  EXPECT_NE(noisy->image(0, 1), noisy->image(1, 1));
  const auto data = subset(noisy, path("list.txt"));
  EXPECT_EQ(data->image(1, 0), noisy->image(1, 1));
}

TEST_F(ImagenetTest, SubsetRefusesBadLists) {
  picture("n01443537/a.png");
  const auto base = open("imagenet");
  const auto error_text = [&](const std::string& list) {
    write_text("list.txt", list);
    return error_of([&] { subset(base, path("list.txt"))->size(0); });
  };
  EXPECT_EQ(error_text("").first, ErrorCode::BadFile);
  EXPECT_EQ(error_text("n01443537/a.png\nn01443537/a.png\n").first, ErrorCode::BadFile);
  EXPECT_EQ(error_text("1\n").first, ErrorCode::InvalidArgument);
  EXPECT_EQ(error_text("-1\n").first, ErrorCode::InvalidArgument);
  EXPECT_EQ(error_text("0\nn01443537/a.png\n").first, ErrorCode::InvalidArgument);
  const auto [code, text] = error_text("a.png\n");
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_NE(text.find("the first is 'n01443537/a.png'"), std::string::npos) << text;
  EXPECT_EQ(error_of([&] { subset(base, path("none.txt")); }).first, ErrorCode::Io);
}

TEST_F(ImagenetTest, CachesKeepTheDomainsOfAMixedStream) {
  detail::PixelCache cache;
  int loads = 0;
  const auto get = [&](std::size_t domain) {
    cache.get(domain, [&] {
      ++loads;
      return std::vector<std::uint8_t>{1};
    });
  };
  for (int i = 0; i < 100; ++i) {
    get(static_cast<std::size_t>(i % 3));
  }
  EXPECT_EQ(loads, 3);
  for (const std::size_t domain : {3U, 4U, 3U}) {  // long walks: only the last one stays
    for (int i = 0; i < 100; ++i) {
      get(domain);
    }
  }
  EXPECT_EQ(loads, 6);
}

}  // namespace
}  // namespace zoa
