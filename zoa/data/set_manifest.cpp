// SPDX-License-Identifier: Apache-2.0
// manifest.json of a corrupted set, and the folder that a set grows in.
#include <filesystem>
#include <system_error>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/core/hash.h"
#include "zoa/core/version.h"
#include "zoa/data/set_store.h"

namespace zoa::detail {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;  // for writing
using ReadJson = nlohmann::json;      // finds keys fast, however many there are

constexpr char kKind[] = "zoa corrupted images";
constexpr int kVersion1 = 1;
constexpr std::size_t kMaxManifestBytes = 64U << 20U;

std::string manifest_path(const std::string& folder) {
  return folder + "/manifest.json";
}

ReadJson load_manifest(const std::string& folder) {
  const Bytes bytes = read_file(manifest_path(folder), kMaxManifestBytes);
  return ReadJson::parse(bytes.begin(), bytes.end(), nullptr, false);
}

std::string profile_name(const std::optional<Profile>& profile) {
  if (!profile) {
    return "auto";
  }
  return *profile == Profile::ImageNet ? "imagenet" : "cifar";
}

void check_code(const std::error_code& code, const char* action, const std::string& path) {
  if (code) {
    fail(ErrorCode::Io, "cannot ", action, " ", path, ": ", code.message());
  }
}

}  // namespace

StagingFolder::StagingFolder(const std::string& target, bool overwrite) : target_(target) {
  while (target_.size() > 1 && target_.ends_with('/')) {
    target_.pop_back();
  }
  std::error_code code;
  const bool is_there = fs::exists(fs::symlink_status(target_, code));
  if (is_there && !(fs::is_directory(target_, code) && fs::is_empty(target_, code))) {
    const bool is_ours = is_corrupted_set(target_);
    if (!overwrite || !is_ours) {
      fail(ErrorCode::InvalidArgument, target_, ": is there and not empty; ",
           is_ours ? "--overwrite replaces it"
                   : "expected a new folder (it has no manifest.json of zoa, so it is never "
                     "replaced)");
    }
  }
  path_ = target_ + ".tmp-" + std::to_string(::getpid());
  fs::remove_all(path_, code);
  fs::create_directories(path_, code);
  check_code(code, "make", path_);
}

StagingFolder::~StagingFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void StagingFolder::publish() {
  std::error_code code;
  const std::string old = path_ + "-old";
  const bool is_there = fs::exists(target_, code);
  if (is_there) {
    fs::rename(target_, old, code);
    check_code(code, "replace", target_);
  }
  fs::rename(path_, target_, code);
  if (code && is_there) {
    std::error_code ignored;
    fs::rename(old, target_, ignored);  // as it was
  }
  check_code(code, "make", target_);
  fs::remove_all(old, code);
}

std::string manifest_text(const ManifestFacts& facts) {
  const CorruptedSetPlan& plan = facts.plan;
  const bool is_array = plan.store == Store::Npy;
  Json json{{"kind", kKind},
            {"version", kVersion1},
            {"zoa", kVersion},
            {"opencv", opencv_version()},
            {"layout", is_array ? "cifar10-c" : "imagenet-c"},
            {"store", to_string(plan.store)}};
  if (plan.store == Store::Jpeg) {
    json["quality"] = plan.quality;
    json["chroma"] = "4:2:0";
  }
  json["corruptions"] = plan.names;
  json["severities"] = plan.severities;
  json["profile"] = profile_name(plan.profile);
  json["seed"] = plan.seed;
  json["crop"] = plan.crop;
  json["source"] = {{"spec", facts.base.spec()},
                    {"domain", facts.domain},
                    {"hash", hex64(facts.base.hash())},
                    {"limit", plan.limit}};
  json["pictures"] = facts.result.pictures;
  json["files"] = facts.result.files;
  json["skipped"] = Json::array();
  for (const SkippedImage& image : facts.result.skipped) {
    json["skipped"].push_back({{"index", image.id}, {"reason", image.reason}});
  }
  json["checksums"] = {{"file", "checksums.txt"}, {"xxh3_128", facts.checksums}};
  return json.dump(1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::vector<int> severities_of(const std::string& folder) {
  if (!is_corrupted_set(folder)) {
    return {1, 2, 3, 4, 5};
  }
  const ReadJson json = load_manifest(folder);
  const ReadJson empty = ReadJson::array();
  const ReadJson& list = json.contains("severities") ? json["severities"] : empty;
  std::vector<int> severities;
  for (const ReadJson& value : list) {
    if (!value.is_number_integer() || value < 1 || value > 5) {
      fail(ErrorCode::BadFile, manifest_path(folder), ": severity ", severities.size() + 1, " is ",
           value.is_number() ? value.dump() : value.type_name(), ", expected numbers 1..5");
    }
    severities.push_back(value.get<int>());
  }
  if (severities.empty() || !json.contains("layout") || json["layout"] != "cifar10-c") {
    fail(ErrorCode::BadFile, manifest_path(folder),
         ": expected the layout cifar10-c with its severities; 'imagenet-c:' reads folders of "
         "pictures");
  }
  return severities;
}

bool is_corrupted_set(const std::string& folder) {
  std::error_code code;
  if (!fs::is_regular_file(manifest_path(folder), code)) {
    return false;
  }
  const ReadJson json = load_manifest(folder);
  return json.is_object() && json.contains("kind") && json["kind"] == kKind;
}

}  // namespace zoa::detail
