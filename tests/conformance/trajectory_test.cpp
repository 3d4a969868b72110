// SPDX-License-Identifier: Apache-2.0
// The float path of the product follows the golden runs: the real network on the real runtime, the
// real method, recorded directions. Tolerances: 1e-3 relative on losses (1e-4 on the first step)
// and on the offsets, 1e-3 of the largest logit on logits; domain changes and removed entries
// exactly.
#include <algorithm>
#include <cmath>
#include <iostream>

#include <gtest/gtest.h>

#include "zoa/core/state_file.h"
#include "zoa/engine/engine.h"
#include "zoa/methods/zoa_method.h"

#include "tests/conformance/golden.h"

namespace zoa::golden {
namespace {

class RecordedDirections : public Directions {
 public:
  explicit RecordedDirections(const Run& run) : run_(run) {}
  void eps(std::uint64_t step, std::span<double> out) override {
    ASSERT_EQ(out.size(), run_.parameters);
    std::copy_n(run_.delta.begin() + static_cast<long>(step * out.size()), out.size(), out.begin());
  }
  void alpha(std::uint64_t step, std::span<double> out) override {
    const auto& recorded = run_.trajectory.at("delta_alpha").at(step);
    ASSERT_EQ(out.size(), recorded.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = recorded.at(i);
    }
  }

 private:
  const Run& run_;
};

double relative(double value, double reference) {
  return std::abs(value - reference) / std::max(std::abs(reference), 1e-12);
}

// Largest difference over the largest magnitude of the reference.
template <class Values>
double relative_to_largest(const Values& values, const double* reference) {
  double difference = 0;
  double largest = 1e-12;
  for (std::size_t i = 0; i < values.size(); ++i) {
    difference = std::max(difference, std::abs(static_cast<double>(values[i]) - reference[i]));
    largest = std::max(largest, std::abs(reference[i]));
  }
  return difference / largest;
}

struct Worst {
  double loss = 0, perturbed = 0, eps = 0, alpha = 0, distance = 0, logits = 0;
  static void raise(double& field, double value) { field = std::max(field, value); }
};

class Follower {
 public:
  Follower(const Run& run, const std::filesystem::path& network)
      : run_(run), engine_(Model::from_file(network, run.preprocess), options()) {
    method_ = make_zoa(options_of(run), 0, engine_.info(), run.stats,
                       std::make_unique<RecordedDirections>(run));
  }

  Worst follow() {
    for (std::size_t step = 0; step < run_.steps; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      const StepResult result = method_->step(run_.make_batch(step), engine_);
      method_->accept();
      compare(step, result);
      compare_state(step);
    }
    return worst_;
  }

 private:
  static EngineOptions options() {
    EngineOptions options;
    options.batch_statistics = true;
    options.norm_slots = options.shift_slot = options.taps = options.stem = true;
    return options;
  }

  void compare(std::size_t step, const StepResult& result) {
    const auto& golden = run_.step(step);
    const double tolerance = step == 0 ? 1e-4 : 1e-3;
    const double loss = relative(result.loss, golden.at("loss"));
    const double perturbed = relative(*result.loss_perturbed, golden.at("loss_perturbed"));
    EXPECT_LT(loss, tolerance);
    EXPECT_LT(perturbed, tolerance);
    Worst::raise(worst_.loss, loss);
    Worst::raise(worst_.perturbed, perturbed);
    EXPECT_EQ(result.domain_changed, golden.at("domain_changed").get<bool>());
    EXPECT_EQ(result.bank_entries, golden.at("bank_entries").get<std::size_t>());
    const auto& removed = golden.at("removed_entry");
    EXPECT_EQ(result.removed_entry.has_value(), !removed.is_null());
    if (result.removed_entry && !removed.is_null()) {
      EXPECT_EQ(*result.removed_entry, removed.get<std::size_t>());
    }
    const auto& distance = golden.at("domain_distance");
    EXPECT_EQ(result.domain_distance.has_value(), !distance.is_null());
    if (result.domain_distance && !distance.is_null()) {
      const double error = relative(*result.domain_distance, distance);
      EXPECT_LT(error, 1e-3);
      Worst::raise(worst_.distance, error);
    }
    const std::size_t count = result.logits.size();
    const double logits = relative_to_largest(result.logits, run_.logits.data() + step * count);
    EXPECT_LT(logits, 1e-3);
    Worst::raise(worst_.logits, logits);
  }

  void compare_state(std::size_t step) {
    MemoryState state;
    method_->save(state);
    const auto eps = state.get_f32("zoa.eps");
    ASSERT_EQ(eps.size(), run_.parameters);
    const double error = relative_to_largest(eps, run_.eps_after.data() + step * run_.parameters);
    EXPECT_LT(error, 1e-3);
    Worst::raise(worst_.eps, error);
    const auto alpha = state.get_f64("zoa.alpha");
    const auto golden = run_.step(step).at("alpha").get<std::vector<double>>();
    ASSERT_EQ(alpha.size(), golden.size());
    for (std::size_t i = 0; i < alpha.size(); ++i) {
      const double alpha_error = relative(alpha[i], golden[i]);
      EXPECT_LT(alpha_error, 1e-3);
      Worst::raise(worst_.alpha, alpha_error);
    }
  }

  const Run& run_;
  Engine engine_;
  std::unique_ptr<Method> method_;
  Worst worst_;
};

void follow(const std::filesystem::path& folder, const char* network) {
  if (!std::filesystem::exists(folder / network)) {
    GTEST_SKIP() << folder / network
                 << " is not there: whole golden runs do not ship with the code";
  }
  const Run run = load_run(folder);
  const Worst worst = Follower(run, folder / network).follow();
  std::cout << "worst relative error over " << run.steps << " steps of "
            << folder.filename().string() << "/" << network << ": loss " << worst.loss
            << ", perturbed loss " << worst.perturbed << ", eps " << worst.eps << ", alpha "
            << worst.alpha << ", domain distance " << worst.distance << ", logits " << worst.logits
            << "\n";
}

TEST(Trajectory, ReducedVit) {
  follow(reduced_folder() / "vit", "model.onnx");
}
TEST(Trajectory, ReducedResnet) {
  follow(reduced_folder() / "resnet", "model.onnx");
}
TEST(Trajectory, Vit) {
  follow(shared_folder() / "vit", "model.onnx");
}
TEST(Trajectory, VitOpset17) {
  follow(shared_folder() / "vit", "model-opset17.onnx");
}
TEST(Trajectory, Resnet) {
  follow(shared_folder() / "resnet", "model.onnx");
}

TEST(Trajectory, ReducedRunsShip) {
  EXPECT_TRUE(std::filesystem::exists(reduced_folder() / "vit" / "model.onnx"));
  EXPECT_TRUE(std::filesystem::exists(reduced_folder() / "resnet" / "model.onnx"));
}

}  // namespace
}  // namespace zoa::golden
