// SPDX-License-Identifier: Apache-2.0
// The frame of a self-contained page. Private to the pages.
#pragma once

#include <iosfwd>
#include <string>

namespace zoa::detail {

/// Everything up to the start of <main>: nothing fetched, the style sheet inside.
/// script_hash  of the one inline script that may run, "sha256-..."; "" = none
void write_page_head(std::ostream& page,
                     const std::string& title,
                     const std::string& style = "",
                     const std::string& script_hash = "");

/// A line of a tile: a figure and what it is. key  class of the tile, value  HTML, label  text
void write_tile(std::ostream& page,
                const std::string& key,
                const std::string& value,
                const std::string& label);

}  // namespace zoa::detail
