// SPDX-License-Identifier: Apache-2.0
// zoa state merge, export, import: banks of zoa between devices that run the same model.
#include <iostream>

#include "zoa/adapt/snapshot.h"
#include "zoa/core/error.h"
#include "zoa/methods/bank_merge.h"
#include "zoa/methods/zoa_options.h"

#include "cli/command_line.h"
#include "cli/output.h"
#include "cli/state_source.h"
#include "cli/state_verbs.h"

namespace zoa::cli {
namespace {

struct MergeArguments {
  std::string into;
  std::string from;
  std::string output;
  std::int64_t bank_size = ZoaOptions{}.bank_size;
};

// Parses "A B -o OUT".
std::optional<int> parse_merge(CLI::App& app, const Arguments& words, MergeArguments& arguments) {
  app.add_option("a", arguments.into, "state file that takes the bank in")->required();
  app.add_option("b", arguments.from, "where the bank is from")->required();
  app.add_option("-o,--output", arguments.output,
                 "state to write; it may be A, which is then kept as A.previous")
      ->type_name("FILE")
      ->required();
  app.add_option("--bank-size", arguments.bank_size, "most entries of the bank, as in zoa eval")
      ->type_name("N")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  return parse_arguments(app, words);
}

int merge(const MergeArguments& arguments) {
  check_writable(arguments.output);
  MemoryState into = load_with_warning(arguments.into).state;
  const MemoryState from = load_with_warning(arguments.from).state;
  check_same_network(from, read_owner(into), arguments.from);
  KnowledgeBank::Merged merged;
  try {
    merged = merge_banks(into, from, static_cast<std::size_t>(arguments.bank_size));
  } catch (const Error& error) {
    fail(error.code(), arguments.into, " and ", arguments.from, ": ", error.what());
  }
  save_snapshot(arguments.output, into);
  std::cout << arguments.output << ": " << merged.added << " entries added, " << merged.duplicates
            << " were there already, " << merged.removed << " given up\n";
  return 0;
}

}  // namespace

int run_state_merge(const Arguments& words) {
  CLI::App app;
  describe_app(app, "state merge",
               "A's state with the entries of B's bank added: what another device with the same "
               "model has learnt. A's present answers do not change by it.",
               "  zoa state merge a.state b.state -o merged.state\n"
               "  zoa state merge a.state b.state -o a.state --bank-size 64\n");
  MergeArguments arguments;
  if (const auto status = parse_merge(app, words, arguments)) {
    return *status;
  }
  return merge(arguments);
}

int run_state_export(const Arguments& words) {
  CLI::App app;
  describe_app(app, "state export",
               "Writes only the bank of a state: the offsets of earlier domains and their stem "
               "statistics, for other devices.",
               "  zoa state export a.state -o a.bank\n");
  std::string path;
  std::string output;
  app.add_option("file", path, "state file")->required();
  app.add_option("-o,--output", output, "bank to write")->type_name("FILE")->required();
  if (const auto status = parse_arguments(app, words)) {
    return *status;
  }
  check_writable(output);
  check_not_input(output, {path});
  const MemoryState state = load_with_warning(path).state;
  MemoryState bank;
  try {
    bank = export_bank(state);
  } catch (const Error& error) {
    fail(error.code(), path, ": ", error.what());
  }
  save_snapshot(output, bank);
  std::cout << output << ": " << read_bank(bank, {}).entries() << " entries\n";
  return 0;
}

int run_state_import(const Arguments& words) {
  CLI::App app;
  describe_app(app, "state import", "A's state with the entries of an exported bank added.",
               "  zoa state import a.state b.bank -o a.state\n");
  MergeArguments arguments;
  if (const auto status = parse_merge(app, words, arguments)) {
    return *status;
  }
  if (!is_exported_bank(load_state_file(arguments.from))) {
    fail(ErrorCode::BadFile, arguments.from,
         ": is a whole state; expected a bank of 'zoa state export'; 'zoa state merge' takes it");
  }
  return merge(arguments);
}

}  // namespace zoa::cli
