// SPDX-License-Identifier: Apache-2.0
// The only script of the page: it sorts tables. Private to the report.
#pragma once

namespace zoa::detail {

/// A click on a column's title sorts the rows by it, a second one the other way round.
extern const char kReportScript[];

/// "sha256-..." of the script as a Content-Security-Policy names it: nothing else may run. Checked
/// by tests/cli/check_pages.py, which fails if script and hash do not fit.
extern const char kReportScriptHash[];

}  // namespace zoa::detail
