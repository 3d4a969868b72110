// SPDX-License-Identifier: Apache-2.0
// Ctrl-C: the first one asks the program to finish its batch, a second one ends it at once.
#pragma once

namespace zoa::cli {

void catch_interrupts();
bool is_interrupted();

}  // namespace zoa::cli
