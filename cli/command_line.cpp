// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>

#include <sys/ioctl.h>
#include <unistd.h>

#include "zoa/core/cpu.h"
#include "zoa/core/error.h"
#include "zoa/core/nearest.h"
#include "zoa/core/threads.h"
#include "zoa/core/version.h"
#include "zoa/engine/engine.h"
#include "zoa/engine/isa.h"

namespace zoa::cli {
namespace {

constexpr std::size_t kHelpColumn = 30;

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      flags.push_back("--" + name);
    }
  }
  return flags;
}

std::string parse_error_text(const CLI::App& app, const CLI::ParseError& error) {
  for (const std::string& extra : app.remaining()) {
    if (extra.size() > 1 && extra[0] == '-') {
      return unknown_name_text("option", extra.substr(0, extra.find('=')), flags_of(app));
    }
  }
  std::string text = error.what();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

void describe_app(CLI::App& app,
                  const std::string& verb,
                  const std::string& description,
                  const std::string& examples) {
  app.name("zoa " + verb);
  app.description(description);
  app.footer("Examples:\n" + examples);
  app.get_formatter()->column_width(kHelpColumn);
  app.set_help_flag("-h,--help", "this page");
}

std::optional<int> parse_arguments(CLI::App& app, const Arguments& arguments) {
  try {
    app.parse(Arguments(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    std::cout << app.help();
    return 0;
  } catch (const CLI::ParseError& error) {
    std::cerr << "zoa: error: " << parse_error_text(app, error) << " (" << app.get_name()
              << " --help)" << "\n"
              << std::flush;
    return exit_status(ErrorCode::InvalidArgument);
  }
  return std::nullopt;
}

std::vector<std::string> split_list(const std::string& text, const std::string& what) {
  std::vector<std::string> parts;
  std::istringstream stream(text + ",");
  for (std::string part; std::getline(stream, part, ',');) {
    const std::size_t first = part.find_first_not_of(' ');
    if (first == std::string::npos) {
      fail(ErrorCode::InvalidArgument, what, " '", text, "': an empty name in the list");
    }
    parts.push_back(part.substr(first, part.find_last_not_of(' ') - first + 1));
  }
  return parts;
}

std::vector<std::string> split_paths(const std::string& text) {
  std::error_code error;
  if (std::filesystem::exists(text, error)) {
    return {text};
  }
  return split_list(text, "model");
}

std::string shell_word(const std::string& text) {
  const char* plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) {
    return text;
  }
  std::string word = "'";
  for (const char c : text) {
    word += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return word + "'";
}

ProgressStyle stderr_style(bool quiet) {
  ProgressStyle style;
  style.quiet = quiet;
  const char* term = std::getenv("TERM");
  style.terminal = isatty(STDERR_FILENO) == 1 && term != nullptr && std::string(term) != "dumb";
  winsize size{};
  if (style.terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.columns = size.ws_col;
  }
  return style;
}

std::string machine_line(int wanted) {
  std::ostringstream text;
  const int threads = threads_or_available(wanted);
  text << "zoa " << kVersion << ", " << runtime_version() << ", " << cpu_model() << ", "
       << running_isa() << ", " << threads << (threads == 1 ? " thread" : " threads");
  return text.str();
}

}  // namespace zoa::cli
