// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/golden.h"

#include <cstdlib>
#include <fstream>

namespace zoa::golden {

namespace fs = std::filesystem;

fs::path shared_folder() {
  const char* shared = std::getenv("ZOA_SHARED");
  return (shared != nullptr ? fs::path(shared) : fs::path(ZOA_SOURCE_DIR) / ".." / "shared") /
         "golden";
}

fs::path reduced_folder() {
  return fs::path(ZOA_SOURCE_DIR) / "tests" / "data" / "golden";
}

Run load_run(const fs::path& folder) {
  Run run;
  std::ifstream(folder / "trajectory.json") >> run.trajectory;
  const NpyArray images = load_npy(folder / "images.npy");
  const auto& shape = images.header.shape;
  run.steps = shape[0];
  run.batch = shape[1];
  run.images = images.bytes;
  const NpyArray delta = load_npy(folder / "delta.npy");
  run.parameters = delta.header.shape[1];
  run.delta = delta.as_f64();
  run.eps_after = load_npy(folder / "eps_after.npy").as_f64();
  run.logits = load_npy(folder / "logits.npy").as_f64();
  run.stats.tap_mean = load_npy(folder / "source_mean.npy").as_f32();
  run.stats.tap_std = load_npy(folder / "source_std.npy").as_f32();
  run.stats.samples = 512;
  run.preprocess = preset("imagenet", static_cast<int>(shape[2]), static_cast<int>(shape[3]));
  return run;
}

Batch Run::make_batch(std::size_t step) const {
  Batch out;
  out.count = batch;
  out.channels = 3;
  out.height = static_cast<std::size_t>(preprocess.height);
  out.width = static_cast<std::size_t>(preprocess.width);
  const std::size_t values = num_values(preprocess);
  out.pixels.resize(batch * values);
  for (std::size_t i = 0; i < batch; ++i) {
    Image image(preprocess.width, preprocess.height);
    const auto* begin = images.data() + (step * batch + i) * values;
    image.rgb.assign(begin, begin + values);
    zoa::preprocess(image, preprocess, std::span(out.pixels).subspan(i * values, values));
    out.ids.push_back(static_cast<std::int64_t>(i));
    out.labels.push_back(-1);
  }
  return out;
}

ZoaOptions options_of(const Run& run) {
  const auto& hyper = run.trajectory.at("hyperparameters");
  ZoaOptions options;
  options.lambda = hyper.at("lam");
  options.c = hyper.at("c");
  options.lr = hyper.at("lr");
  options.wd = hyper.at("wd");
  options.c_alpha = hyper.at("c_alpha");
  options.lr_alpha = hyper.at("lr_alpha");
  options.wd_alpha = hyper.at("wd_alpha");
  options.threshold = hyper.at("domain_t");
  options.bank_size = run.trajectory.at("bank_max");
  options.alpha_scale = run.trajectory.at("alpha_scale");
  options.alpha_init = std::to_string(run.trajectory.at("alpha_init").at(0).get<double>());
  return options;
}

}  // namespace zoa::golden
