// SPDX-License-Identifier: Apache-2.0
// The style sheet of the report page. Private to the report.
#pragma once

namespace zoa::detail {

/// Colours follow the reader's light or dark setting; series m0..m5 are told apart by the
/// colour-blind (after Okabe and Ito). m0 is gray: the model without adaptation.
extern const char kReportStyle[];

}  // namespace zoa::detail
