// SPDX-License-Identifier: Apache-2.0
#include "zoa/methods/pea_options.h"

#include "zoa/core/error.h"

namespace zoa {

PeaOptions default_pea_options(const ModelInfo& model) {
  PeaOptions options;
  if (model.family == Family::Cnn) {
    options.form = "grouped";
    options.score = "all";
    options.jump = 2.5;
  }
  return options;
}

PeaForm parse_pea_form(const PeaOptions& options) {
  if (options.form == "full") {
    return PeaForm::Full;
  }
  if (options.form == "grouped") {
    return PeaForm::Grouped;
  }
  if (options.form == "diagonal") {
    return PeaForm::Diagonal;
  }
  fail(ErrorCode::InvalidArgument, "form: found '", options.form,
       "', expected full, grouped or diagonal");
}

PeaScore parse_pea_score(const PeaOptions& options) {
  if (options.score == "token") {
    return PeaScore::Token;
  }
  if (options.score == "all") {
    return PeaScore::All;
  }
  if (options.score == "mixed") {
    return PeaScore::Mixed;
  }
  fail(ErrorCode::InvalidArgument, "score: found '", options.score,
       "', expected token, all or mixed");
}

}  // namespace zoa
