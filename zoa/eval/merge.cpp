// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/merge.h"

#include <algorithm>
#include <istream>
#include <map>
#include <optional>
#include <sstream>
#include <tuple>

#include <nlohmann/json.hpp>

#include "zoa/core/error.h"
#include "zoa/eval/record.h"
#include "zoa/eval/shard.h"

namespace zoa {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostLineBytes = 16U << 20U;

// A network with a seed: what one header stands for.
struct ShardRun {
  Json header;
  std::vector<Json> batches;
  std::map<std::string, bool> complete;  // method to what its summary says
};

struct ShardContent {
  std::string name;
  std::string text;  // "2/3"
  Shard shard;
  std::vector<ShardRun> runs;
};

void add_line(ShardContent& content, const std::string& line) {
  Json json = Json::parse(line);
  const std::string kind = json.at("kind");
  if (kind == "run") {
    content.runs.push_back({std::move(json), {}, {}});
    return;
  }
  if (content.runs.empty()) {
    fail(ErrorCode::BadFile, "a record of kind '", kind, "' before the first of kind 'run'");
  }
  if (kind == "batch") {
    content.runs.back().batches.push_back(std::move(json));
  } else if (kind == "summary") {
    content.runs.back().complete[json.at("method")] = json.at("complete");
  }
}

std::string shard_of(const Json& header) {
  const Json& options = header.at("options");
  const auto found = options.find("shard");
  return found == options.end() ? "" : found->get<std::string>();
}

// The header that the whole evaluation has.
Json without_shard(Json header) {
  const std::string flag = " --shard " + shard_of(header);
  std::string command = header.at("command");
  const std::size_t at = command.rfind(flag);
  if (at != std::string::npos) {
    command.erase(at, flag.size());
  }
  header["command"] = command;
  header["options"]["shard"] = "";
  return header;
}

ShardContent parse_file(const ShardFile& file) {
  ShardContent content;
  content.name = file.name;
  for (std::size_t i = 0; i < file.lines.size(); ++i) {
    try {
      add_line(content, file.lines[i]);
    } catch (const nlohmann::json::exception& error) {
      fail(ErrorCode::BadFile, file.name, ":", i + 1, ": not a record of zoa eval: ", error.what());
    } catch (const Error& error) {
      fail(error.code(), file.name, ":", i + 1, ": ", error.what());
    }
  }
  if (content.runs.empty()) {
    fail(ErrorCode::BadFile, file.name, ": no run in it; expected the file of zoa eval -o");
  }
  content.text = shard_of(content.runs.front().header);
  if (content.text.empty()) {
    fail(ErrorCode::InvalidArgument, file.name,
         ": is not a shard; expected a file of zoa eval --shard i/n");
  }
  content.shard = parse_shard(content.text);
  return content;
}

// Path of the first value that differs, e.g. "/options/batch: 64 and 32"; "" = none.
std::string first_difference(const Json& one, const Json& other) {
  const Json patch = Json::diff(one, other);
  if (patch.empty()) {
    return "";
  }
  const std::string path = patch.front().at("path");
  const Json::json_pointer pointer(path);
  const auto text = [&](const Json& json) {
    return json.contains(pointer) ? json.at(pointer).dump() : std::string("nothing");
  };
  return path.substr(1) + " is " + text(one) + " and " + text(other);
}

void check_same_run(const ShardContent& first, const ShardContent& other) {
  if (first.runs.size() != other.runs.size()) {
    fail(ErrorCode::InvalidArgument, other.name, ": ", other.runs.size(), " runs, ", first.name,
         " has ", first.runs.size(), "; expected shards of one evaluation");
  }
  for (std::size_t run = 0; run < first.runs.size(); ++run) {
    Json one = without_shard(first.runs[run].header);
    Json two = without_shard(other.runs[run].header);
    for (Json* header : {&one, &two}) {
      header->erase("machine");  // may be another one, with other threads
      header->at("options").erase("threads");
    }
    const std::string difference = first_difference(one, two);
    if (!difference.empty()) {
      fail(ErrorCode::InvalidArgument, other.name, ": of another evaluation than ", first.name,
           ": ", difference);
    }
  }
}

// By index, all there, all alike.
std::vector<ShardContent> collect(const std::vector<ShardFile>& files) {
  std::vector<ShardContent> shards;
  shards.reserve(files.size());
  for (const ShardFile& file : files) {
    shards.push_back(parse_file(file));
    const ShardContent& added = shards.back();
    for (std::size_t i = 0; i + 1 < shards.size(); ++i) {
      if (shards[i].text == added.text) {
        fail(ErrorCode::InvalidArgument, added.name, ": shard ", added.text, ", which is also in ",
             shards[i].name);
      }
    }
    if (added.shard.count != shards.front().shard.count) {
      fail(ErrorCode::InvalidArgument, added.name, ": shard ", added.text, ", ",
           shards.front().name, " is ", shards.front().text, "; expected one number of shards");
    }
    check_same_run(shards.front(), added);
  }
  std::sort(shards.begin(), shards.end(), [](const ShardContent& a, const ShardContent& b) {
    return a.shard.index < b.shard.index;
  });
  for (std::size_t i = 0; i < shards.front().shard.count; ++i) {
    if (i >= shards.size() || shards[i].shard.index != i + 1) {
      fail(ErrorCode::InvalidArgument, "shard ", i + 1, "/", shards.front().shard.count,
           " is missing");
    }
  }
  return shards;
}

// One run of all shards.
class RunMerger {
 public:
  RunMerger(const std::vector<ShardContent>& shards, std::size_t run)
      : shards_(shards), run_(run), header_(without_shard(shards.front().runs[run].header)) {
    for (const Json& method : header_.at("methods")) {
      methods_.push_back(method.at("name"));
    }
    if (header_.at("options").at("reset") == "domain") {
      streams_ = header_.at("data").at("domains").get<std::vector<std::string>>();
      grid_.streams = streams_.size();
    }
    grid_.methods = methods_.size();
  }

  void append_to(std::vector<std::string>& lines);

 private:
  // Round, domain, batch in the domain, method: the order in which an evaluation writes.
  using Key = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t>;

  void add_batches(const ShardContent& shard);
  void check_cells() const;
  std::size_t place_of(const std::vector<std::string>& names, const std::string& name) const;

  const std::vector<ShardContent>& shards_;
  std::size_t run_;
  Json header_;
  std::vector<std::string> methods_;
  std::vector<std::string> streams_;  // empty: a cell is a method
  CellGrid grid_;
  std::map<Key, Json> batches_;
};

std::size_t RunMerger::place_of(const std::vector<std::string>& names,
                                const std::string& name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    fail(ErrorCode::BadFile, "run ", run_ + 1, ": a record of '", name,
         "', which its header does not name");
  }
  return static_cast<std::size_t>(found - names.begin());
}

void RunMerger::add_batches(const ShardContent& shard) {
  const std::vector<std::string> domains =
      header_.at("options").value("mixed", false)
          ? std::vector<std::string>{kMixedDomain}
          : header_.at("data").at("domains").get<std::vector<std::string>>();
  std::map<std::tuple<std::size_t, std::size_t, std::size_t>, std::size_t> counts;
  for (const Json& batch : shard.runs[run_].batches) {
    const std::size_t method = place_of(methods_, batch.at("method"));
    const std::size_t domain = place_of(domains, batch.at("domain"));
    const std::size_t round = batch.at("round");
    const std::size_t cell = grid_.number(run_, method, streams_.empty() ? 0 : domain);
    if (!CellGrid::is_in(shard.shard, cell)) {
      fail(ErrorCode::BadFile, shard.name, ": a record of method ", methods_[method], " in domain ",
           domains[domain], ", which is not in shard ", shard.text);
    }
    const std::size_t number = counts[{round, domain, method}]++;
    batches_.emplace(Key{round, domain, number, method}, batch);
  }
}

// Every cell has its summary, in the right file, and it was not interrupted.
void RunMerger::check_cells() const {
  for (std::size_t method = 0; method < grid_.methods; ++method) {
    for (std::size_t stream = 0; stream < grid_.streams; ++stream) {
      const std::size_t cell = grid_.number(run_, method, stream);
      const ShardContent& shard = shards_[cell % shards_.size()];
      const auto& complete = shard.runs[run_].complete;
      const auto found = complete.find(methods_[method]);
      if (found == complete.end() || !found->second) {
        fail(ErrorCode::InvalidArgument, shard.name, ": shard ", shard.text,
             " is not complete, method ", methods_[method], " of run ", run_ + 1,
             " did not end; run it again");
      }
    }
  }
}

void RunMerger::append_to(std::vector<std::string>& lines) {
  check_cells();
  for (const ShardContent& shard : shards_) {
    add_batches(shard);
  }
  const auto dump = [](const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  std::string text = dump(header_) + "\n";
  lines.push_back(dump(header_));
  std::map<std::string, std::size_t> steps;
  for (auto& [key, batch] : batches_) {
    std::size_t& step = steps[batch.at("method")];
    step += batch.at("count") > 0 ? 1 : 0;
    batch["step"] = step;
    lines.push_back(dump(batch));
    text += lines.back() + "\n";
  }
  std::istringstream whole(text);
  const Run run = read_runs(whole, "merged run").front();
  const RecordFormat format{header_.contains("machine")};
  for (const std::string& method : methods_) {
    lines.push_back(to_json_line(summarize(run, method), format));
  }
}

}  // namespace

ShardFile read_shard(std::istream& in, const std::string& name) {
  ShardFile file{name, {}};
  for (std::string line; std::getline(in, line);) {
    if (line.size() > kMostLineBytes) {
      fail(ErrorCode::LimitExceeded, name, ":", file.lines.size() + 1, ": longer than ",
           kMostLineBytes, " bytes");
    }
    if (!in.eof()) {  // a last line without its end is that of a killed writer
      file.lines.push_back(line);
    }
  }
  return file;
}

std::vector<std::string> merge_shards(const std::vector<ShardFile>& files) {
  if (files.empty()) {
    fail(ErrorCode::InvalidArgument, "no shards to merge");
  }
  const std::vector<ShardContent> shards = collect(files);
  std::vector<std::string> lines;
  try {
    for (std::size_t run = 0; run < shards.front().runs.size(); ++run) {
      RunMerger(shards, run).append_to(lines);
    }
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::BadFile, files.front().name,
         ": a key is missing or of another type: ", error.what());
  }
  return lines;
}

}  // namespace zoa
