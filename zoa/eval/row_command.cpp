// SPDX-License-Identifier: Apache-2.0
// The command line that repeats one row, made from the one that repeats its run.
#include <algorithm>
#include <filesystem>

#include "zoa/eval/comparison.h"

namespace zoa {
namespace {

// Words as they are written, quotes included. A blank inside single quotes does not end a word.
std::vector<std::string> split_words(const std::string& command) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false;
  for (const char c : command + " ") {
    quoted = c == '\'' ? !quoted : quoted;
    if (c == ' ' && !quoted) {
      if (!word.empty()) {
        words.push_back(std::move(word));
      }
      word.clear();
    } else {
      word += c;
    }
  }
  return words;
}

bool is_eval(const std::vector<std::string>& words) {
  return words.size() > 2 && words[0] == "zoa" && words[1] == "eval";
}

// Of 'a/vit.zoa,b/resnet.zoa' the folder of this network, or everything if that is not clear.
std::string pick_model(const std::string& models, const std::string& name) {
  std::string picked;
  std::size_t begin = 0;
  while (begin <= models.size()) {
    const std::size_t end = std::min(models.find(',', begin), models.size());
    const std::string model = models.substr(begin, end - begin);
    if (std::filesystem::path(model).stem().string() == name) {
      if (!picked.empty()) {
        return models;
      }
      picked = model;
    }
    begin = end + 1;
  }
  return picked.empty() || models.find('\'') != std::string::npos ? models : picked;
}

}  // namespace

std::string row_command(const RunHeader& header, const std::string& method) {
  const std::vector<std::string> words = split_words(header.command);
  if (!is_eval(words)) {
    return header.command;
  }
  std::string command = "zoa eval " + pick_model(words[2], header.model);
  for (std::size_t i = 3; i < words.size(); ++i) {
    const bool has_value = i + 1 < words.size();
    if (words[i] == "--method" && has_value) {
      command += " --method " + method;
      ++i;
    } else if ((words[i] == "--set" || words[i] == "--state") && has_value) {
      const std::string& flag = words[i++];
      const std::string own = method + (flag == "--set" ? "." : "=");
      const std::size_t start = words[i].front() == '\'' ? 1 : 0;
      if (words[i].compare(start, own.size(), own) == 0) {
        command += " " + flag + " " + words[i];
      }
    } else {
      command += " " + words[i];
    }
  }
  return command;
}

}  // namespace zoa
