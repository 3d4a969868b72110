// SPDX-License-Identifier: Apache-2.0
// What the verbs share: flags from option structs, parsing with hints, lists, terminals.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "zoa/core/options.h"
#include "zoa/eval/progress.h"

#include "cli/verbs.h"

namespace zoa::cli {

/// "zoa VERB" with a one-line description and examples below the options.
void describe_app(CLI::App& app,
                  const std::string& verb,
                  const std::string& description,
                  const std::string& examples);

/// Parses. A value comes back where the verb ends here: help was printed (0), or the arguments are
/// wrong (2, one line on standard error with the nearest known name).
std::optional<int> parse_arguments(CLI::App& app, const Arguments& arguments);

/// One flag per field of visit(): bank_size becomes --bank-size. Values are checked as set_option
/// does. but  names of fields that get no flag
template <class Options>
void add_option_flags(CLI::App& app, Options& options, const std::vector<std::string>& but = {}) {
  for (const OptionText& text : list_options(options)) {
    if (std::find(but.begin(), but.end(), text.name) != but.end()) {
      continue;
    }
    std::string flag = "--" + text.name;
    std::replace(flag.begin(), flag.end(), '_', '-');
    const auto set = [&options, name = text.name](const std::string& value) {
      set_option(options, name, value);
    };
    if (text.type == "bool" && text.value == "false") {
      app.add_flag_callback(flag, [set] { set("true"); }, text.help);
      continue;
    }
    app.add_option_function<std::string>(flag, set, text.help)
        ->type_name(text.type == "text"  ? "WORD"
                    : text.type == "int" ? "N"
                                         : "X")
        ->default_str(text.value);
  }
}

/// "a,b,c" to its parts, blanks round them removed. Throws  InvalidArgument for an empty part.
std::vector<std::string> split_list(const std::string& text, const std::string& what);

/// Model paths "M.zoa,M2.zoa"; a path that exists as it stands is one path.
std::vector<std::string> split_paths(const std::string& text);

/// A word quoted for a shell where it needs that.
std::string shell_word(const std::string& text);

/// Bar on a terminal (TERM=dumb: plain lines), plain lines elsewhere, on standard error.
ProgressStyle stderr_style(bool quiet);

/// "zoa 0.1.0, OpenVINO ..., CPU, ISA, n threads". threads  0 = all that the process may use
std::string machine_line(int threads = 0);

}  // namespace zoa::cli
