// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstdio>
#include <string_view>

#include "zoa/eval/quantize_report.h"

namespace zoa {
namespace {

std::string count_text(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string points(double share) {
  return fixed_text(share * 100, 1);
}

detail::LayerFate fate_of(const LayerSensitivity& found) {
  if (found.fixed) {
    return detail::LayerFate::Ruled;
  }
  if (found.kept == found.planned) {
    return detail::LayerFate::Planned;
  }
  return found.kept == "float" ? detail::LayerFate::Float : detail::LayerFate::Raised;
}

}  // namespace

std::string drop_line(const SensitivityReport& found) {
  std::string line = "drop: " + points(found.drop_planned);
  if (found.max_drop > 0) {
    line += " -> " + points(found.drop);
  }
  line += " points (" + found.measure + " on " + std::to_string(found.drop_images) +
          " calibration images)";
  if (found.max_drop > 0) {
    line += ", " + count_text(found.raised, "layer") + " at 8 bits, " +
            std::to_string(found.floats) + " float";
  }
  return line;
}

std::string drop_warning(const SensitivityReport& found) {
  if (found.met) {
    return "";
  }
  return "the drop is " + points(found.drop) + " points, more than the " + points(found.max_drop) +
         " asked for: not even with every layer float that no rule holds is it met; this is the "
         "best network that was tried";
}

Table ranking_table(const QuantizeReport& report, std::size_t most) {
  Table table{{"layer", "kind", "kept at", "divergence"}, {}, 0, 3};
  const auto& ranking = report.sensitivity.ranking;
  for (std::size_t i = 0; i < ranking.size() && i < most; ++i) {
    const LayerSensitivity& found = ranking[i];
    const QuantizedLayer& layer = report.layers[found.layer];
    const std::string kept =
        found.kept == found.planned ? found.kept : found.kept + " (was " + found.planned + ")";
    table.rows.push_back({detail::layer_label(layer), layer.kind,
                          found.fixed ? found.kept + " (rule)" : kept,
                          detail::divergence_text(found.divergence)});
  }
  return table;
}

namespace detail {

std::string layer_label(const QuantizedLayer& layer) {
  constexpr std::string_view kAppended = "/WithoutBiases";
  return layer.name.ends_with(kAppended)
             ? layer.name.substr(0, layer.name.size() - kAppended.size())
             : layer.name;
}

std::string divergence_text(double divergence) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g", divergence);
  return text;
}

std::vector<LayerRow> layer_rows(const QuantizeReport& report) {
  std::vector<LayerRow> rows;
  for (const QuantizedLayer& layer : report.layers) {
    LayerRow row;
    row.number = rows.size() + 1;
    row.layer = &layer;
    row.why = layer.reason;
    rows.push_back(row);
  }
  const auto& ranking = report.sensitivity.ranking;
  for (std::size_t i = 0; i < ranking.size(); ++i) {
    LayerRow& row = rows[ranking[i].layer];
    row.rank = i + 1;
    row.fate = fate_of(ranking[i]);
    if (row.fate == LayerFate::Raised) {
      row.why = "was " + ranking[i].planned;
    } else if (row.fate == LayerFate::Ruled) {
      row.why = "a rule";
    }
  }
  return rows;
}

}  // namespace detail
}  // namespace zoa
