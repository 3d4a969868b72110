// SPDX-License-Identifier: Apache-2.0
// The library in one screen: quantize a network, run foggy images through it, let it adapt.
//   adapt_example models/fashion-vit.onnx mnist:/usr/share/datasets/fashion-mnist
#include <iostream>

#include "zoa/zoa.h"

int run(const std::string& network, const std::string& spec) {
  const auto data = std::shared_ptr<const zoa::Dataset>(zoa::open_dataset(spec));
  const zoa::InputSize size = zoa::read_input_size(network);
  const auto preprocess = zoa::preset("inception", size.height, size.width);

  const zoa::Model model = zoa::quantize(zoa::Model::from_file(network, preprocess),
                                         {*data, zoa::calib_domain(*data)}, {});

  zoa::EngineOptions options;  // what the method needs of the network
  options.norm_slots = options.shift_slot = options.taps = options.stem = true;
  options.batch_statistics = model.has_batch_norm();
  zoa::Engine engine(model, options);
  const auto method =
      zoa::make_method("zoa", {}, 2020, engine.info(), model.stats(options.batch_statistics));

  const auto foggy = zoa::corrupted(data, "test", {.names = {"fog"}, .severities = {5}});
  zoa::BatchReader reader(*foggy, 0, preprocess, {.batch = 64, .limit = 512});
  zoa::Batch batch;
  std::vector<zoa::SkippedImage> skipped;
  while (reader.next(batch, skipped)) {
    const zoa::StepResult result = method->step(batch, engine);  // answers before it adapts
    method->accept();                                            // or discard()
    std::cout << "loss " << result.loss << ", " << result.logits.size() / batch.count
              << " logits for each of " << batch.count << " images\n";
  }
  return 0;
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: adapt_example NETWORK DATA\n";
    return 2;
  }
  try {
    return run(argv[1], argv[2]);
  } catch (const zoa::Error& error) {
    std::cerr << "error: " << error.what() << "\n";
    return zoa::exit_status(error.code());
  }
}
