// SPDX-License-Identifier: Apache-2.0
// zoa state: looks at saved states, compares and resets them. The sub-verbs on banks:
// state_bank.cpp.
#include <iomanip>
#include <iostream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "zoa/adapt/contender.h"
#include "zoa/adapt/snapshot.h"
#include "zoa/adapt/state_facts.h"
#include "zoa/core/error.h"
#include "zoa/core/nearest.h"
#include "zoa/eval/run.h"
#include "zoa/eval/table.h"
#include "zoa/methods/bank_merge.h"

#include "cli/command_line.h"
#include "cli/model_source.h"
#include "cli/state_source.h"
#include "cli/state_verbs.h"

namespace zoa::cli {
namespace {

using Json = nlohmann::ordered_json;

// "sound, step 12", "damaged: ...", "none".
std::string previous_text(const std::string& path) {
  try {
    const StateFacts facts = describe_state(load_state_file(previous_path(path)));
    return facts.steps ? "sound, " + std::to_string(*facts.steps) + " steps" : "sound";
  } catch (const Error& error) {
    return error.code() == ErrorCode::Io ? "none" : std::string("unusable: ") + error.what();
  }
}

Json bank_json(const BankFacts& bank) {
  const auto optional = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  Json entries = Json::array();
  for (const BankEntryFacts& entry : bank.entries) {
    entries.push_back({{"weight", optional(entry.weight)}, {"norm", entry.norm}});
  }
  return {{"parameters", bank.parameters},
          {"zero_weight", optional(bank.zero_weight)},
          {"eps_norm", optional(bank.eps_norm)},
          {"total_norm", optional(bank.total_norm)},
          {"entries", std::move(entries)}};
}

Json guard_json(const SavedGuard& guard) {
  Json reasons = Json::object();
  for (std::size_t i = 0; i < kGuardReasons; ++i) {
    const auto reason = static_cast<GuardReason>(i);
    reasons[reason_name(reason)] = guard.counters[reason];
  }
  return {{"state", state_name(guard.state)},
          {"windows", guard.windows},
          {"reasons", std::move(reasons)}};
}

Json frames_json(FrameCounters frames) {
  Json json = Json::object();
  frames.visit([&](const char* name, std::uint64_t value) { json[name] = value; });
  return json;
}

void print_json(const std::string& path, const StateFacts& facts, const std::string& note) {
  Json json{{"file", path},
            {"note", note},
            {"schema", facts.schema},
            {"zoa", facts.zoa},
            {"content", facts.exported_bank ? "bank" : "state"},
            {"method", facts.owner.method},
            {"model", facts.owner.model},
            {"model_hash", facts.owner.model_hash},
            {"steps", facts.steps ? Json(*facts.steps) : Json(nullptr)},
            {"seed", facts.seed ? Json(*facts.seed) : Json(nullptr)},
            {"bytes", facts.bytes},
            {"previous", previous_text(path)},
            {"frames", facts.frames ? frames_json(*facts.frames) : Json(nullptr)},
            {"guard", facts.guard ? guard_json(*facts.guard) : Json(nullptr)},
            {"bank", facts.bank ? bank_json(*facts.bank) : Json(nullptr)}};
  json["arrays"] = Json::array();
  for (const ArrayFacts& array : facts.arrays) {
    json["arrays"].push_back({{"name", array.name},
                              {"type", array.type},
                              {"values", array.values},
                              {"bytes", array.bytes}});
  }
  std::cout << json.dump(2) << "\n";
}

std::string weight_text(const std::optional<double>& weight) {
  return weight ? fixed_text(*weight, 4) : "-";
}

std::string norm_text(const std::optional<double>& norm) {
  return norm ? fixed_text(*norm, 6) : "-";
}

void print_bank(const BankFacts& bank) {
  Table table{{"bank entry", "weight", "norm"}, {}, 0};
  table.rows.push_back({"shipped", weight_text(bank.zero_weight), norm_text(0.0)});
  for (std::size_t k = 0; k < bank.entries.size(); ++k) {
    table.rows.push_back({std::to_string(k + 1), weight_text(bank.entries[k].weight),
                          norm_text(bank.entries[k].norm)});
  }
  if (bank.eps_norm) {
    table.rows.push_back({"present offsets", "", norm_text(bank.eps_norm)});
    table.rows.push_back({"all together", "", norm_text(bank.total_norm)});
    table.rule_before = 2;
  }
  std::cout << "\n" << text_table(table);
}

void print_tables(const std::string& path, const StateFacts& facts) {
  std::cout << "file      " << path << ", " << facts.bytes << " bytes, schema " << facts.schema
            << ", by zoa " << (facts.zoa.empty() ? "unknown" : facts.zoa) << "\n"
            << "content   " << (facts.exported_bank ? "exported bank" : "state") << " of method '"
            << facts.owner.method << "'\n"
            << "network   " << facts.owner.model << ", hash " << facts.owner.model_hash << "\n";
  if (facts.steps) {
    std::cout << "steps     " << *facts.steps << ", seed " << facts.seed.value_or(0) << "\n";
  }
  if (facts.frames) {
    std::cout << "frames    " << facts.frames->frames << " answered, " << facts.frames->plain
              << " of them by the network as shipped, " << facts.frames->windows << " windows, "
              << facts.frames->updates << " updates\n";
  }
  if (facts.guard) {
    const std::string reasons = counters_text(facts.guard->counters);
    std::cout << "guards    " << state_name(facts.guard->state) << " after " << facts.guard->windows
              << " windows" << (reasons.empty() ? "" : ": ") << reasons << "\n";
  }
  std::cout << "previous  " << previous_text(path) << "\n";
  if (facts.bank) {
    print_bank(*facts.bank);
  }
  Table arrays{{"array", "type", "values", "bytes"}, {}, 0, 2};
  for (const ArrayFacts& array : facts.arrays) {
    arrays.rows.push_back(
        {array.name, array.type, std::to_string(array.values), std::to_string(array.bytes)});
  }
  std::cout << "\n" << text_table(arrays);
}

int run_show(const Arguments& arguments) {
  CLI::App app;
  describe_app(app, "state show",
               "Prints what a saved state holds: whose it is, the bank, the arrays.",
               "  zoa state show states/vit-zoa.safetensors\n"
               "  zoa state show vit.state --json | jq .bank\n");
  std::string path;
  bool json = false;
  app.add_option("file", path, "state file")->required();
  app.add_flag("--json", json, "one JSON object instead of tables");
  if (const auto status = parse_arguments(app, arguments)) {
    return *status;
  }
  const LoadedSnapshot loaded = load_with_warning(path);
  const StateFacts facts = describe_state(loaded.state);
  if (json) {
    print_json(path, facts, loaded.note);
  } else {
    print_tables(path, facts);
  }
  return 0;
}

// A method made as for a run takes the state: sizes and numbers are looked at too.
void check_loads(const MemoryState& state, const std::string& model_path, const std::string& path) {
  const Model model = Model::load(model_path);
  if (is_exported_bank(state)) {
    check_same_network(state, make_owner(read_owner(state).method, model), path);
    return;
  }
  const std::string method = read_owner(state).method;
  check_owner(state, make_owner(method, model), path);
  Contender contender(model, method, {}, {});
  MemoryState copy = state;
  try {
    contender.load(copy);
  } catch (const Error& error) {
    fail(error.code(), path, ": ", error.what());
  }
}

int run_verify(const Arguments& arguments) {
  CLI::App app;
  describe_app(app, "state verify",
               "Checks a state file: checksum, schema, owner; with --model also that it is of this "
               "network and that its method takes it. Exit status 3 says that it is unsound.",
               "  zoa state verify vit.state\n"
               "  zoa state verify vit.state --model vit.zoa\n");
  std::string path;
  std::string model;
  app.add_option("file", path, "state file")->required();
  app.add_option("--model", model, "model folder that it has to be of")->type_name("M.zoa");
  if (const auto status = parse_arguments(app, arguments)) {
    return *status;
  }
  StateFacts facts;
  try {
    const MemoryState state = load_state_file(path);
    facts = describe_state(state);
    if (!model.empty()) {
      check_loads(state, model, path);
    }
  } catch (const Error& error) {
    fail(error.code(), error.what(), "; the previous snapshot: ", previous_text(path));
  }
  std::cout << path << ": sound, schema " << facts.schema << ", method '" << facts.owner.method
            << "', network '" << facts.owner.model
            << "'; the previous snapshot: " << previous_text(path) << "\n";
  return 0;
}

std::string number_text(double value) {
  std::ostringstream text;
  text << std::setprecision(6) << value;
  return text.str();
}

int run_diff(const Arguments& arguments) {
  CLI::App app;
  describe_app(app, "state diff", "Prints which arrays of two states differ, and by how much.",
               "  zoa state diff vit.state vit.state.previous\n");
  std::string path_a;
  std::string path_b;
  app.add_option("a", path_a, "state file")->required();
  app.add_option("b", path_b, "state file")->required();
  if (const auto status = parse_arguments(app, arguments)) {
    return *status;
  }
  const MemoryState a = load_state_file(path_a);
  const MemoryState b = load_state_file(path_b);
  for (const TextDifference& text : compare_metadata(a, b)) {
    std::cout << text.key << ": '" << text.a << "' in A, '" << text.b << "' in B\n";
  }
  Table table{{"array", "differs in", "differing", "of", "largest", "rms"}, {}, 0, 2};
  for (const ArrayDifference& found : compare_arrays(a, b)) {
    const bool values = found.what == "values";
    table.rows.push_back({found.name, found.what, values ? std::to_string(found.differing) : "-",
                          std::to_string(found.values), values ? number_text(found.largest) : "-",
                          values ? number_text(found.rms) : "-"});
  }
  std::cout << (table.rows.empty() ? "the same arrays, bit for bit\n" : text_table(table));
  return 0;
}

int run_reset(const Arguments& arguments) {
  CLI::App app;
  describe_app(app, "state reset",
               "Writes a fresh state of the same method, as at the start of a run; what was there "
               "is kept as FILE.previous.",
               "  zoa state reset vit.state --model vit.zoa\n"
               "  zoa state reset new.state --model vit.zoa --method zoa --seed 7\n");
  std::string path;
  std::string model_path;
  std::string method;
  std::int64_t seed = EvalOptions{}.seed;
  app.add_option("file", path, "state file")->required();
  app.add_option("--model", model_path, "model folder")->type_name("M.zoa")->required();
  app.add_option("--method", method, "method, where the file cannot tell")->type_name("NAME");
  app.add_option("--seed", seed, "of the method's random numbers")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  if (const auto status = parse_arguments(app, arguments)) {
    return *status;
  }
  if (method.empty()) {
    method = read_owner(load_with_warning(path).state).method;
  }
  const Model model = Model::load(model_path);
  const Contender contender(model, method, {}, {static_cast<std::uint64_t>(seed), 1});
  save_snapshot(path, save_method(contender.method(), model));
  std::cout << path << ": fresh state of method '" << method << "' on '" << model.name() << "'\n";
  return 0;
}

struct SubVerb {
  const char* name;
  const char* summary;
  int (*run)(const Arguments& arguments);
};

constexpr SubVerb kSubVerbs[] = {
    {"show", "what a state holds", run_show},
    {"verify", "is a file sound, of this network", run_verify},
    {"diff", "which arrays of two states differ", run_diff},
    {"reset", "a fresh state of the same method", run_reset},
    {"merge", "the bank of another device taken into a state", run_state_merge},
    {"export", "only the bank of a state, for other devices", run_state_export},
    {"import", "an exported bank taken into a state", run_state_import},
};

void print_help() {
  std::cout << "Looks at what methods have learnt (zoa eval --state-out) and moves it.\n\n"
               "Usage: zoa state SUBVERB [OPTIONS]\n\nSubverbs:\n";
  for (const SubVerb& verb : kSubVerbs) {
    std::cout << "  " << std::left << std::setw(10) << verb.name << verb.summary << "\n";
  }
  std::cout << "\nExamples:\n"
               "  zoa state show states/vit-zoa.safetensors\n"
               "  zoa state verify vit.state --model vit.zoa\n"
               "  zoa state merge a.state b.state -o a.state\n"
               "  zoa state SUBVERB --help\n";
}

}  // namespace

int run_state(const Arguments& arguments) {
  if (arguments.empty()) {
    fail(ErrorCode::InvalidArgument, "state: no subverb given; 'zoa state --help' lists them");
  }
  const std::string& name = arguments.front();
  if (name == "--help" || name == "-h") {
    print_help();
    return 0;
  }
  std::vector<std::string> known;
  for (const SubVerb& verb : kSubVerbs) {
    if (name == verb.name) {
      return verb.run(Arguments(arguments.begin() + 1, arguments.end()));
    }
    known.emplace_back(verb.name);
  }
  fail(ErrorCode::InvalidArgument, unknown_name_text("subverb of state", name, known));
}

}  // namespace zoa::cli
