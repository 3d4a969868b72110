// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/page.h"

#include <ostream>

#include "zoa/core/version.h"
#include "zoa/eval/html.h"
#include "zoa/eval/report_style.h"

namespace zoa::detail {

void write_page_head(std::ostream& page,
                     const std::string& title,
                     const std::string& style,
                     const std::string& script_hash) {
  page << "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
          "'unsafe-inline'; "
       << (script_hash.empty() ? "" : "script-src '" + script_hash + "'; ")
       << "base-uri 'none'; form-action 'none'\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"generator\" content=\"zoa "
       << kVersion << "\">\n<title>" << escape_html(title) << "</title>\n<style>" << kReportStyle
       << style << "</style>\n</head>\n<body>\n<main>\n";
}

void write_tile(std::ostream& page,
                const std::string& key,
                const std::string& value,
                const std::string& label) {
  page << "<div class=\"" << key << "\"><b>" << value << "</b><span>" << escape_html(label)
       << "</span></div>\n";
}

}  // namespace zoa::detail
