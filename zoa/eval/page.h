// SPDX-License-Identifier: Apache-2.0
// The frame of a self-contained page. Private to the pages.
#pragma once

#include <iosfwd>
#include <string>

namespace zoa::detail {

/// Everything up to the start of <main>: no scripts, nothing fetched, the style sheet inside.
void write_page_head(std::ostream& page, const std::string& title, const std::string& style = "");

/// A line of a tile: a figure and what it is. key  class of the tile, value  HTML, label  text
void write_tile(std::ostream& page,
                const std::string& key,
                const std::string& value,
                const std::string& label);

}  // namespace zoa::detail
