// SPDX-License-Identifier: Apache-2.0
// Text to HTML and SVG: escaping and numbers. Private to the report.
#pragma once

#include <string>
#include <vector>

namespace zoa::detail {

/// Safe between tags and inside double-quoted attributes, whatever the bytes: & < > " ' are
/// escaped, control characters and bytes that are no UTF-8 become question marks.
std::string escape_html(const std::string& text);

/// A number with a proper minus sign, as HTML.
std::string number_html(std::string text);

/// A coordinate with at most two digits after the point, without zeros at the end.
std::string coordinate(double value);

/// Ticks at round numbers that cover low..high in about `count` steps.
std::vector<double> nice_ticks(double low, double high, int count);

}  // namespace zoa::detail
