// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/table.h"

#include <algorithm>
#include <cstdio>

namespace zoa {
namespace {

// Width in characters of UTF-8 text (domains may come from folder names).
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::vector<std::size_t> column_widths(const Table& table) {
  std::vector<std::size_t> widths;
  widths.reserve(table.columns.size());
  for (const std::string& title : table.columns) {
    widths.push_back(width_of(title));
  }
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  }
  return widths;
}

std::string pad(const std::string& text, std::size_t width, bool left) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return left ? text + space : space + text;
}

std::string text_row(const std::vector<std::string>& cells,
                     const std::vector<std::size_t>& widths,
                     std::size_t left) {
  std::string line;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    line += (i > 0 ? "  " : "") + pad(i < cells.size() ? cells[i] : "", widths[i], i < left);
  }
  return line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

std::string markdown_cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c == '|' ? "\\|" : std::string(1, c == '\n' ? ' ' : c);
  }
  return out;
}

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) {
    line += " " + markdown_cell(cell) + " |";
  }
  return line + "\n";
}

}  // namespace

std::string text_table(const Table& table) {
  const std::vector<std::size_t> widths = column_widths(table);
  std::vector<std::string> dashes;
  dashes.reserve(widths.size());
  for (const std::size_t width : widths) {
    dashes.emplace_back(width, '-');
  }
  std::string text =
      text_row(table.columns, widths, table.left) + text_row(dashes, widths, table.left);
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    if (table.rule_before > 0 && table.rows.size() - i == table.rule_before) {
      text += text_row(dashes, widths, table.left);
    }
    text += text_row(table.rows[i], widths, table.left);
  }
  return text;
}

std::string markdown_table(const Table& table) {
  std::string text = markdown_row(table.columns) + "|";
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    text += i < table.left ? "---|" : "---:|";
  }
  text += "\n";
  for (const auto& row : table.rows) {
    text += markdown_row(row);
  }
  return text;
}

std::string fixed_text(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.*f", digits, value);
  return text;
}

std::string percent_text(const std::optional<double>& share) {
  return share ? fixed_text(*share * 100, 1) : "-";
}

std::string points_text(double difference) {
  const std::string text = fixed_text(difference * 100, 1);
  return text == "-0.0" || text == "0.0" ? "0.0" : difference > 0 ? "+" + text : text;
}

Table accuracy_table(const Run& run, const AccuracyTableOptions& options) {
  Table table{{"domain"}, {}, 1};
  const std::vector<MethodSummary>& methods = run.summaries;
  const bool gain = options.gain && methods.size() > 1;
  for (const MethodSummary& method : methods) {
    table.columns.push_back(method.method);
  }
  if (gain) {
    table.columns.emplace_back("gain");
  }
  const auto add_row = [&](const std::string& name, auto&& value_of) {
    std::vector<std::string> row{name};
    for (const MethodSummary& method : methods) {
      row.push_back(percent_text(value_of(method)));
    }
    if (gain) {
      const std::optional<double> first = value_of(methods.front());
      const std::optional<double> last = value_of(methods.back());
      row.push_back(first && last ? points_text(*last - *first) : "-");
    }
    table.rows.push_back(std::move(row));
  };
  for (std::size_t i = 0; i < run.header.domains.size(); ++i) {
    add_row(run.header.domains[i], [&](const MethodSummary& method) {
      return i < method.domains.size() ? method.domains[i].top1() : std::nullopt;
    });
  }
  add_row("mean", [](const MethodSummary& method) { return method.top1; });
  return table;
}

Table cost_table(const Run& run, bool timings) {
  Table table{{"method", "passes/batch"}, {}, 0};
  if (timings) {
    table.columns.insert(table.columns.end(), {"ms/batch", "ratio"});
  }
  for (const MethodSummary& method : run.summaries) {
    std::vector<std::string> row{method.method, fixed_text(method.passes_per_batch, 2)};
    if (timings) {
      const double first = run.summaries.front().ms_median;
      row.push_back(fixed_text(method.ms_median, 1));
      row.push_back(first > 0 ? fixed_text(method.ms_median / first, 2) : "-");
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace zoa
