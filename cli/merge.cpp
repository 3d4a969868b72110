// SPDX-License-Identifier: Apache-2.0
// zoa merge: the shards of an evaluation to the records of the whole.
#include "zoa/eval/merge.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "zoa/core/error.h"
#include "zoa/core/file.h"

#include "cli/command_line.h"
#include "cli/output.h"

namespace zoa::cli {

int run_merge(const Arguments& arguments) {
  CLI::App app;
  describe_app(app, "merge",
               "Puts the shards of an evaluation together: the records that the same "
               "command without --shard writes.",
               "  zoa eval m.zoa --data npz:d.npz --shard 1/2 -o 1.jsonl\n"
               "  zoa eval m.zoa --data npz:d.npz --shard 2/2 -o 2.jsonl\n"
               "  zoa merge 1.jsonl 2.jsonl -o run.jsonl\n");
  std::vector<std::string> paths;
  std::string output;
  app.add_option("shards", paths, "files of zoa eval --shard i/n -o, all of them")->required();
  app.add_option("-o,--output", output, "records to write")->type_name("FILE.jsonl")->required();
  if (const auto status = parse_arguments(app, arguments)) {
    return *status;
  }
  check_writable(output);
  check_not_input(output, paths);
  std::vector<ShardFile> files;
  files.reserve(paths.size());
  for (const std::string& path : paths) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
      fail(ErrorCode::Io, path, ": ", std::strerror(errno));
    }
    files.push_back(read_shard(in, path));
  }
  std::string text;
  for (const std::string& line : merge_shards(files)) {
    text += line + "\n";
  }
  write_file_atomic(output, text);
  std::cout << output << "\n";
  return 0;
}

}  // namespace zoa::cli
