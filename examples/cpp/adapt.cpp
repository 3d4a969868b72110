// SPDX-License-Identifier: Apache-2.0
// A product in one screen: answers the pictures of a folder one by one, adapts to them, keeps what
// it has learnt for the next run.
//   adapt_example vit.zoa frames/ vit.state
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "zoa/zoa.h"

namespace {

std::vector<std::string> list_files(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

int run(const std::string& folder, const std::string& frames, const std::string& state) {
  const zoa::Model model = zoa::Model::load(folder);
  zoa::AdapterOptions options;
  options.frames.window = 16;  // frames that one update learns from
  zoa::Adapter adapter(model, options);

  if (zoa::has_snapshot(state)) {
    const std::string note = adapter.restore_file(state);  // refuses that of another network
    if (!note.empty()) {
      std::cerr << "warning: " << note << "\n";
    }
    std::cout << "goes on after frame " << adapter.counters().frames << "\n";
  }

  for (const std::string& path : list_files(frames)) {
    const zoa::Prediction answer = adapter.push(zoa::load_image(path));
    const auto index = static_cast<std::size_t>(answer.top1);  // no label for -1: not finite
    const std::string label =
        index < adapter.labels().size() ? adapter.labels()[index] : std::to_string(answer.top1);
    std::cout << path << " " << label << " " << answer.confidence << "\n";
  }

  adapter.save_file(state);  // atomic; the one before is kept as .previous
  const zoa::FrameCounters& counters = adapter.counters();
  std::cout << counters.frames << " frames, " << counters.updates << " updates\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: adapt_example MODEL.zoa FRAMES STATE\n";
    return 2;
  }
  try {
    return run(argv[1], argv[2], argv[3]);
  } catch (const zoa::Error& error) {
    std::cerr << "error (" << zoa::to_string(error.code()) << "): " << error.what() << "\n";
    return zoa::exit_status(error.code());
  } catch (const std::exception& error) {  // a folder that is not there
    std::cerr << "error: " << error.what() << "\n";
    return 1;
  }
}
