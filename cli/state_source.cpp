// SPDX-License-Identifier: Apache-2.0
#include "cli/state_source.h"

#include "cli/output.h"

namespace zoa::cli {

LoadedSnapshot load_with_warning(const std::string& path) {
  LoadedSnapshot loaded = load_snapshot(path);
  if (loaded.is_previous()) {
    print_warning(loaded.note);
  }
  return loaded;
}

}  // namespace zoa::cli
