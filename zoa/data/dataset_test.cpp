// SPDX-License-Identifier: Apache-2.0
#include "zoa/data/dataset.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <zlib.h>

#include "zoa/core/test_error.h"
#include "zoa/data/test_files.h"

namespace zoa {
namespace {

using test::Content;
using test::error_of;
using test::png_of;
using Names = std::vector<std::string>;

class DatasetTest : public test::DataTest {
 protected:
  std::unique_ptr<Dataset> open(const std::string& kind, const DatasetOptions& options = {}) const {
    return open_dataset(kind + ":" + path(), options);
  }
  ErrorCode open_code(const std::string& kind, const DatasetOptions& options = {}) const {
    return error_of([&] { open(kind, options); }).first;
  }
  void write_idx(const std::string& name, const Content& head, const Content& data) const {
    Content bytes = head;
    bytes.insert(bytes.end(), data.begin(), data.end());
    write(name, bytes);
  }
};

TEST_F(DatasetTest, UnknownKindsListTheKnown) {
  for (const char* spec : {"", "folder", "imges:x", "images:"}) {
    const auto [code, text] = error_of([&] { open_dataset(spec); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument) << spec;
  }
  EXPECT_NE(error_of([] { open_dataset("imges:x"); }).second.find("cifar10-c"), std::string::npos);
}

TEST_F(DatasetTest, ClassFoldersGiveSortedLabels) {
  write("dog/b.png", png_of(2));
  write("dog/a.PNG", png_of(1));
  write("cat/x.png", png_of(3));
  write("cat/notes.txt", {1});
  write("cat/.hidden.png", {1});
  const auto data = open("images");
  EXPECT_EQ(data->domains(), Names{"images"});
  EXPECT_EQ(default_domains(*data), Names{"images"});
  EXPECT_EQ(data->classes(), (Names{"cat", "dog"}));
  ASSERT_EQ(data->size(0), 3U);
  EXPECT_EQ(data->label(0, 0), 0);
  EXPECT_EQ(data->image(0, 0).rgb[0], 3);
  EXPECT_EQ(data->label(0, 1), 1);
  EXPECT_EQ(data->image(0, 1).rgb[0], 1);  // a.PNG before b.png
  EXPECT_EQ(data->image(0, 2).rgb[0], 2);
}

TEST_F(DatasetTest, LabelsFileNumbersTheFolders) {
  write("n02/a.png", png_of(1));
  write("n07/a.png", png_of(2));
  write_text("names.txt", "n07 seven\r\nn01 one\nn02 two\n\n");
  DatasetOptions options;
  options.labels = path("names.txt");
  const auto data = open("images", options);
  EXPECT_EQ(data->label(0, 0), 2);
  EXPECT_EQ(data->label(0, 1), 0);
  EXPECT_EQ(data->classes().size(), 3U);
  write_text("names.txt", "first\nsecond\n");  // other words, as many as folders
  EXPECT_EQ(open("images", options)->label(0, 1), 1);
  write_text("names.txt", "n02\nother\nthird\n");
  EXPECT_EQ(open_code("images", options), ErrorCode::InvalidArgument);
  write_text("names.txt", "\n");
  EXPECT_EQ(open_code("images", options), ErrorCode::BadFile);
  options.labels = path("none.txt");
  EXPECT_EQ(open_code("images", options), ErrorCode::Io);
}

TEST_F(DatasetTest, FlatFolderWithAndWithoutLabels) {
  write("a.png", png_of(1));
  write("b,c.png", png_of(2));
  auto data = open("images");
  EXPECT_EQ(data->size(0), 2U);
  EXPECT_EQ(data->label(0, 0), -1);
  EXPECT_TRUE(data->classes().empty());
  const std::uint64_t unlabelled = data->hash();
  write_text("labels.csv", "file,label\nb,c.png,4\na.png,0\n");
  data = open("images");
  EXPECT_EQ(data->label(0, 0), 4);
  EXPECT_EQ(data->image(0, 0).rgb[0], 2);
  EXPECT_NE(data->hash(), unlabelled);
  write_text("labels.csv", "a.png,ship\r\nb,c.png,car\r\n");
  data = open("images");
  EXPECT_EQ(data->classes(), (Names{"car", "ship"}));
  EXPECT_EQ(data->label(0, 0), 1);
  for (const char* text :
       {"", "file,label\n", "a.png\n", "a.png,\n", ",3\n", "../a.png,1\n", "/etc/passwd.png,1\n"}) {
    write_text("labels.csv", text);
    EXPECT_EQ(open_code("images"), ErrorCode::BadFile) << text;
  }
}

TEST_F(DatasetTest, EmptyFoldersAndOthersAreRefused) {
  EXPECT_EQ(open_code("images"), ErrorCode::BadFile);
  write_text("notes.txt", "no picture");
  EXPECT_EQ(open_code("images"), ErrorCode::BadFile);
  std::filesystem::create_directories(path("cat"));
  EXPECT_EQ(open_code("images"), ErrorCode::BadFile);
  EXPECT_EQ(error_of([&] { open_dataset("images:" + path("none")); }).first, ErrorCode::Io);
}

TEST_F(DatasetTest, DamagedPictureThrowsAndTheSetGoesOn) {
  write("a.png", png_of(1));
  write_text("b.jpg", "text");
  const auto data = open("images");
  EXPECT_EQ(error_of([&] { data->image(0, 1); }).first, ErrorCode::BadFile);
  EXPECT_EQ(data->image(0, 0).rgb[0], 1);
}

TEST_F(DatasetTest, NpzHasADomainPerArray) {
  test::write_zip(path("d.npz"), {{"fog.npy", test::npy_pictures(2, 5, 10)},
                                  {"gaussian_noise.npy", test::npy_pictures(2, 5, 20)},
                                  {"clean.npy", test::npy_pictures(3, 5, 30)},
                                  {"labels.npy", test::npy_labels({7, 8, 9})},
                                  {"calib.npy", test::npy_pictures(1, 6, 40)}});
  const auto data = open_dataset("npz:" + path("d.npz"));
  EXPECT_EQ(data->domains(), (Names{"gaussian_noise", "fog", "clean", "calib"}));
  EXPECT_EQ(default_domains(*data), (Names{"gaussian_noise", "fog"}));
  EXPECT_EQ(data->domains()[calib_domain(*data)], "calib");
  const std::size_t fog = find_domain(*data, "fog");
  EXPECT_EQ(data->size(fog), 2U);
  EXPECT_EQ(data->label(fog, 1), 8);
  EXPECT_EQ(data->image(fog, 1).rgb.back(), 11);
  EXPECT_EQ(data->image(find_domain(*data, "calib"), 0).width, 6);
  EXPECT_EQ(data->label(find_domain(*data, "calib"), 0), -1);
  EXPECT_EQ(data->image(fog, 0).rgb[0], 10);
  EXPECT_THROW(data->image(fog, 2), Error);
  EXPECT_EQ(error_of([&] { find_domain(*data, "frog"); }).first, ErrorCode::InvalidArgument);
  EXPECT_EQ(data->hash(), open_dataset("npz:" + path("d.npz"))->hash());
}

TEST_F(DatasetTest, NpzKeepsFileOrderForOtherNames) {
  test::write_zip(path("d.npz"), {{"zebra.npy", test::npy_pictures(1, 2, 0)},
                                  {"fog.npy", test::npy_pictures(1, 2, 0)}});
  const auto data = open_dataset("npz:" + path("d.npz"));
  EXPECT_EQ(default_domains(*data), (Names{"zebra", "fog"}));
  EXPECT_EQ(data->label(0, 0), -1);
  EXPECT_EQ(calib_domain(*data), 0U);
}

TEST_F(DatasetTest, NpzOfCleanPicturesRunsThem) {
  test::write_zip(path("d.npz"), {{"clean.npy", test::npy_pictures(1, 2, 0)},
                                  {"calib.npy", test::npy_pictures(1, 2, 0)}});
  EXPECT_EQ(default_domains(*open_dataset("npz:" + path("d.npz"))), Names{"clean"});
}

TEST_F(DatasetTest, NpzOfSomethingElseIsRefused) {
  const auto code_of = [&](const std::string& name, const Content& array) {
    test::write_zip(path("d.npz"), {{name, array}});
    return error_of([&] { open_dataset("npz:" + path("d.npz")); }).first;
  };
  EXPECT_EQ(code_of("a.npy", test::npy_of("|u1", "(2,)", {1, 2})), ErrorCode::BadFile);
  EXPECT_EQ(code_of("a.npy", test::npy_labels({1})), ErrorCode::BadFile);
  EXPECT_EQ(code_of("labels.npy", test::npy_labels({1})), ErrorCode::BadFile);
  EXPECT_EQ(code_of("labels.npy", test::npy_labels({-2})), ErrorCode::BadFile);
  EXPECT_EQ(code_of("labels.npy", test::npy_of("<f4", "(1,)", {0, 0, 0, 0})), ErrorCode::BadFile);
}

TEST_F(DatasetTest, CifarCTakesTheSeveritysBlock) {
  write("fog.npy", test::npy_pictures(10, 32, 100));
  write("brightness.npy", test::npy_pictures(10, 32, 0));
  write("shot_noise.npy", test::npy_pictures(10, 32, 50));
  write("labels.npy", test::npy_labels({0, 1, 0, 1, 0, 1, 0, 1, 0, 3}));
  DatasetOptions options;
  options.severities = {2};
  const auto data = open("cifar10-c", options);
  EXPECT_EQ(default_domains(*data), (Names{"shot_noise", "fog", "brightness"}));
  EXPECT_EQ(data->size(1), 2U);
  EXPECT_EQ(data->image(1, 1).rgb[0], 103);
  options.severities = {5};
  const auto last = open("cifar100-c", options);
  EXPECT_EQ(last->image(1, 1).rgb[0], 109);
  EXPECT_EQ(last->label(1, 1), 3);
  EXPECT_NE(last->hash(), data->hash());
  options.severities = {2, 5};
  const auto both = open("cifar10-c", options);
  EXPECT_EQ(both->domains()[2], "fog@2");
  EXPECT_EQ(both->image(2, 1).rgb[0], 103);
  EXPECT_EQ(both->image(3, 1).rgb[0], 109);
  EXPECT_EQ(both->label(2, 1), 1);
  EXPECT_EQ(both->label(3, 1), 3);
  options.severities = {6};
  EXPECT_EQ(open_code("cifar10-c", options), ErrorCode::InvalidArgument);
  write("frost.npy", test::npy_pictures(9, 32, 0));
  EXPECT_EQ(open_code("cifar10-c"), ErrorCode::BadFile);
}

TEST_F(DatasetTest, CifarCNeedsItsFiles) {
  EXPECT_EQ(open_code("cifar10-c"), ErrorCode::BadFile);
  write("fog.npy", test::npy_pictures(5, 32, 0));
  EXPECT_EQ(open_code("cifar10-c"), ErrorCode::Io);  // no labels.npy
  write("labels.npy", test::npy_labels({0, 1, 2}));
  EXPECT_EQ(open_code("cifar10-c"), ErrorCode::BadFile);
  EXPECT_EQ(error_of([&] { open_dataset("cifar10-c:" + path("none")); }).first, ErrorCode::Io);
}

TEST_F(DatasetTest, ImagenetCFollowsItsFolders) {
  for (const char* name : {"fog", "gaussian_noise"}) {
    const std::string folder = std::string(name) + "/5/";
    write(folder + "n02/a.JPEG", encode_jpeg(test::flat_image(8, 8, 200), 95));
    write(folder + "n01/b.JPEG", encode_jpeg(test::flat_image(8, 8, 90), 95));
  }
  const auto data = open("imagenet-c");
  EXPECT_EQ(data->domains(), (Names{"gaussian_noise", "fog"}));
  EXPECT_EQ(data->classes(), (Names{"n01", "n02"}));
  ASSERT_EQ(data->size(1), 2U);
  EXPECT_EQ(data->label(1, 1), 1);
  EXPECT_EQ(data->image(1, 1).rgb[0], 200);
  EXPECT_EQ(data->hash(), open("imagenet-c")->hash());
  DatasetOptions options;
  options.severities = {3};
  EXPECT_EQ(open_code("imagenet-c", options), ErrorCode::BadFile);
}

TEST_F(DatasetTest, MnistReadsPlainAndGz) {
  const Content head{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
  write_idx("train-images-idx3-ubyte", head, {1, 2, 3, 4});
  write_idx("train-labels-idx1-ubyte", {0, 0, 8, 1, 0, 0, 0, 2}, {9, 5});
  const Content packed_images{0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 77};
  const Content packed_labels{0, 0, 8, 1, 0, 0, 0, 1, 3};
  for (const auto& [name, bytes] :
       std::vector<std::pair<std::string, Content>>{{"t10k-images-idx3-ubyte.gz", packed_images},
                                                    {"t10k-labels-idx1-ubyte.gz", packed_labels}}) {
    gzFile file = gzopen(path(name).c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
  }
  const auto data = open("mnist");
  EXPECT_EQ(data->domains(), (Names{"train", "test"}));
  EXPECT_EQ(default_domains(*data), Names{"test"});
  EXPECT_EQ(calib_domain(*data), 0U);
  EXPECT_EQ(data->image(0, 1).rgb, (Content{3, 3, 3, 4, 4, 4}));
  EXPECT_EQ(data->label(0, 1), 5);
  EXPECT_EQ(data->image(1, 0).rgb[2], 77);
  EXPECT_EQ(data->label(1, 0), 3);
  EXPECT_THROW(data->image(0, 2), Error);
}

TEST_F(DatasetTest, MnistRefusesDamage) {
  EXPECT_EQ(open_code("mnist"), ErrorCode::BadFile);
  const Content head{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2};
  write_idx("train-images-idx3-ubyte", head, {1, 2, 3, 4});
  EXPECT_EQ(open_code("mnist"), ErrorCode::BadFile);  // no labels
  write_idx("train-labels-idx1-ubyte", {0, 0, 8, 1, 0, 0, 0, 1}, {9});
  EXPECT_EQ(open_code("mnist"), ErrorCode::BadFile);  // one label for two pictures
  write_idx("train-labels-idx1-ubyte", {0, 0, 8, 1, 0, 0, 0, 2}, {9, 1});
  EXPECT_EQ(open("mnist")->size(0), 2U);
  write_idx("train-images-idx3-ubyte", head, {1, 2, 3});
  EXPECT_EQ(open_code("mnist"), ErrorCode::BadFile);  // cut
  write_idx("train-images-idx3-ubyte", head, {1, 2, 3, 4, 5});
  EXPECT_EQ(open_code("mnist"), ErrorCode::BadFile);  // too long
  write_idx("train-images-idx3-ubyte", {0, 0, 13, 3}, {});
  EXPECT_EQ(open_code("mnist"), ErrorCode::BadFile);
  const Content huge{0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};
  write_idx("train-images-idx3-ubyte", huge, {1});
  EXPECT_EQ(open_code("mnist"), ErrorCode::LimitExceeded);
  write("train-images-idx3-ubyte", {0x1F, 0x8B, 8, 0, 1, 2, 3});  // a gzip header and nothing
  EXPECT_EQ(open_code("mnist"), ErrorCode::BadFile);
}

TEST_F(DatasetTest, CorruptedMakesDomainsOnTheFly) {
  test::write_zip(path("d.npz"), {{"clean.npy", test::npy_pictures(3, 32, 90)},
                                  {"labels.npy", test::npy_labels({7, 8, 9})}});
  const std::shared_ptr<const Dataset> base = open_dataset("npz:" + path("d.npz"));
  CorruptedOptions options;
  options.names = {"fog", "contrast", "gaussian_noise"};
  options.severities = {3};
  const auto data = corrupted(base, "clean", options);
  EXPECT_EQ(default_domains(*data), options.names);  // as asked for
  EXPECT_EQ(data->size(2), 3U);
  EXPECT_EQ(data->label(2, 1), 8);
  EXPECT_EQ(data->image(2, 1),
            corrupt(base->image(0, 1), "gaussian_noise", 3, Profile::Cifar, image_seed(0, 1)));
  EXPECT_NE(data->image(2, 1), data->image(2, 0));
  options.seed = 1;
  const auto other = corrupted(base, "clean", options);
  EXPECT_NE(other->image(2, 1), data->image(2, 1));
  EXPECT_NE(other->hash(), data->hash());
  options.names = {};
  EXPECT_EQ(corrupted(base, "clean", options)->domains().size(), 15U);
}

TEST_F(DatasetTest, CorruptedCropsLargerPicturesFirst) {
  write("a.png", encode_png(test::flat_image(400, 300, 128)));
  const std::shared_ptr<const Dataset> base = open("images");
  CorruptedOptions options;
  options.names = {"contrast"};
  EXPECT_EQ(corrupted(base, "images", options)->image(0, 0).width, 224);
  options.crop = 0;
  EXPECT_EQ(corrupted(base, "images", options)->image(0, 0).width, 400);
  options.profile = Profile::Cifar;
  EXPECT_EQ(corrupted(base, "images", options)->image(0, 0).height, 300);
}

TEST_F(DatasetTest, CorruptedRefusesBadOptions) {
  write("a.png", png_of(1));
  const std::shared_ptr<const Dataset> base = open("images");
  const auto code_of = [&](const std::string& domain, const CorruptedOptions& options) {
    return error_of([&] { corrupted(base, domain, options); }).first;
  };
  CorruptedOptions options;
  EXPECT_EQ(code_of("clean", options), ErrorCode::InvalidArgument);
  options.names = {"frog"};
  EXPECT_EQ(code_of("images", options), ErrorCode::InvalidArgument);
  options.names = {"fog"};
  options.severities = {0};
  EXPECT_EQ(code_of("images", options), ErrorCode::InvalidArgument);
  options.severities = {1};
  options.crop = -1;
  EXPECT_EQ(code_of("images", options), ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace zoa
