// SPDX-License-Identifier: Apache-2.0
// What quantizing did to each layer, as text for terminals, Markdown and one self-contained HTML
// page. Everything that comes from outside is escaped.
#pragma once

#include <string>
#include <vector>

#include "zoa/core/options.h"
#include "zoa/eval/table.h"
#include "zoa/model/model.h"
#include "zoa/quantize/quantize.h"

namespace zoa {

struct QuantizePage {
  std::string model;  ///< its name
  QuantizationSummary summary;
  QuantizeReport report;
  std::vector<OptionText> options;
  std::string runtime;  ///< e.g. "OpenVINO 2026.4.1-..."
  std::string command;  ///< what repeats it
};

std::string quantize_html(const QuantizePage& page);
std::string quantize_markdown(const QuantizePage& page);

/// The worst `most` layers: name, kind, divergence, what they were kept at. Needs a ranking.
Table ranking_table(const QuantizeReport& report, std::size_t most);

/// "drop: 2.6 -> 0.9 points (changed answers on 300 calibration images), 5 layers at 8 bits, 0
/// float". Without a search "drop: 2.6 points (...)".
std::string drop_line(const SensitivityReport& found);

/// Why the drop was not met, "" if it was.
std::string drop_warning(const SensitivityReport& found);

namespace detail {

/// What became of a layer, told by colour.
enum class LayerFate { Planned, Raised, Float, Ruled, Unmeasured };

struct LayerRow {
  std::size_t number = 0;  ///< in network order, from 1
  std::size_t rank = 0;    ///< 1 = worst; 0 = not measured
  LayerFate fate = LayerFate::Unmeasured;
  const QuantizedLayer* layer = nullptr;
  std::string why;  ///< why its widths are what they are, if not as planned
};

/// All layers, in network order.
std::vector<LayerRow> layer_rows(const QuantizeReport& report);

/// Its name without what the runtime's reader appends.
std::string layer_label(const QuantizedLayer& layer);

/// "0.0023", three significant digits.
std::string divergence_text(double divergence);

/// A bar per layer as one SVG element. Heights are on a logarithmic scale where the largest would
/// otherwise leave the middle one too small to see.
std::string divergence_plot(const std::vector<LayerRow>& rows);

}  // namespace detail

}  // namespace zoa
