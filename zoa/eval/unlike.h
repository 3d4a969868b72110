// SPDX-License-Identifier: Apache-2.0
// May runs stand in one table? What a protocol consists of, and where runs disagree. Private to the
// comparison.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "zoa/eval/comparison.h"
#include "zoa/eval/record.h"

namespace zoa::detail {

/// Options of the evaluation that the rows of a table must share: all but those that rows may
/// differ in (seeds, threads, shards, the limit of passes).
std::vector<std::string> protocol_options(const std::vector<Run>& runs);

/// What a run shares with the rows of its table: data, images, domains and protocol_options().
/// Names are short, for labels.
std::vector<OptionText> protocol_of(const RunHeader& header,
                                    const std::vector<std::string>& options);

/// Does the order seed matter: are images or domains in an order that is drawn?
bool draws_order(const RunHeader& header);

/// Value of an option of the evaluation, its default if the file does not name it.
std::string option_of(const RunHeader& header, const std::string& name);

/// Which values occur, each with the files it occurs in.
using ValueFiles = std::vector<std::pair<std::string, std::vector<std::string>>>;
void note_value(ValueFiles& values, const std::string& value, const std::string& file);

/// "order: file (a.jsonl) vs shuffled (b.jsonl)".
std::string difference_text(const std::string& name, const ValueFiles& values);

/// A line for each fact of the protocol in which runs disagree: hash, images and domains of the
/// data, options. Options that a file does not name have their default.
std::vector<std::string> protocol_differences(const std::vector<Run>& runs);

}  // namespace zoa::detail
