// SPDX-License-Identifier: Apache-2.0
// Streams of single frames on real int8 networks: against batches of the same images, broken off
// and gone on with, on one thread and two.
#include <cmath>

#include <gtest/gtest.h>

#include "zoa/adapt/adapter.h"
#include "zoa/adapt/contender.h"
#include "zoa/core/test_error.h"
#include "zoa/quantize/test_networks.h"

namespace zoa {
namespace {

constexpr char kVit[] = "vit-separate-qkv.onnx";

std::span<const float> image_of(const Batch& batch, std::size_t index) {
  const std::size_t size = batch.pixels.size() / batch.count;
  return std::span(batch.pixels).subspan(index * size, size);
}

Model quantized(const std::string& file) {
  return test::make_quantized(file, test::options_of("w8a8"));
}

AdapterOptions options_of(std::int64_t window, int threads = 1, const std::string& guard = "on") {
  AdapterOptions options;
  options.threads = threads;
  options.guard = guard;
  options.frames.window = window;
  return options;
}

double norm_of(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) {
    sum += static_cast<double>(value) * static_cast<double>(value);
  }
  return std::sqrt(sum);
}

// The same images as windows and as batches: the learnt offsets differ by rounding only, and guards
// say the same about both.
void compare_with_batches(const std::string& guard) {
  const Model model = quantized(kVit);
  constexpr std::size_t kWindow = 64;
  constexpr std::size_t kWindows = 4;
  const OptionValues one_domain = {{"threshold", "1e9"}};
  const Batch images = test::random_batch(kWindow * kWindows);
  AdapterOptions options = options_of(kWindow, 1, guard);
  options.overrides = one_domain;
  Adapter frames(model, options);
  Contender batches(model, "zoa", one_domain, {static_cast<std::uint64_t>(options.seed), 1, guard});
  for (std::size_t w = 0; w < kWindows; ++w) {
    Batch batch = images;
    batch.count = kWindow;
    batch.ids.resize(kWindow);
    batch.labels.resize(kWindow);
    batch.pixels.clear();
    std::optional<StepResult> learnt;
    for (std::size_t i = 0; i < kWindow; ++i) {
      const auto image = image_of(images, w * kWindow + i);
      batch.pixels.insert(batch.pixels.end(), image.begin(), image.end());
      learnt = frames.push(image).learnt;
    }
    const StepResult wanted = batches.run(batch).result;
    ASSERT_TRUE(learnt.has_value());
    EXPECT_TRUE(learnt->updated);
    EXPECT_EQ(learnt->guard, wanted.guard);
    EXPECT_NEAR(learnt->loss, wanted.loss, 2e-5 * std::abs(wanted.loss));
    EXPECT_NEAR(*learnt->loss_perturbed, *wanted.loss_perturbed, 2e-5 * std::abs(wanted.loss));
  }
  MemoryState wanted;
  batches.method().save(wanted);
  std::vector<float> difference = frames.save().get_f32("zoa.eps");
  const std::vector<float> eps = wanted.get_f32("zoa.eps");
  for (std::size_t i = 0; i < eps.size(); ++i) {
    difference[i] -= eps[i];
  }
  const double relative = norm_of(difference) / norm_of(eps);
  std::cout << "offsets of windows and batches differ by " << relative << " of their norm\n";
  EXPECT_LT(relative, 1e-2);
}

TEST(FrameStreams, AWindowTeachesATransformerWhatItsBatchTeaches) {
  compare_with_batches("paper");
}

TEST(FrameStreams, AGuardedWindowTeachesATransformerWhatItsBatchTeaches) {
  compare_with_batches("on");
}

struct FrameCase {
  const char* name;
  const char* file;
  const char* guard;
  std::size_t window;
};

class FrameNetworks : public testing::TestWithParam<FrameCase> {};

// Run k frames, save, restore into another adapter, run the rest: every answer and the last state
// are bit for bit those of the run that nobody broke off.
TEST_P(FrameNetworks, ResumeExactly) {
  const auto& [name, file, guard, window] = GetParam();
  const Model model = quantized(file);
  constexpr std::size_t kFrames = 200;
  const Batch images = test::random_batch(kFrames);
  AdapterOptions options = options_of(static_cast<std::int64_t>(window), 1, guard);
  // Random pictures on a network that was never trained: answers are unsure and of few classes.
  options.overrides = {{"guard.least_spread", "0"},
                       {"guard.entropy_base", "9"},
                       {"guard.entropy_margin", "9"},
                       {"guard.calm", "0"},
                       {"guard.collapse", "0"}};
  if (options.guard == "paper") {
    options.overrides.clear();
  }
  Adapter whole(model, options);
  std::vector<Bytes> saved;
  std::vector<Prediction> answers;
  for (std::size_t i = 0; i < kFrames; ++i) {
    saved.push_back(whole.save().to_bytes());
    answers.push_back(whole.push(image_of(images, i)));
  }
  EXPECT_GT(whole.counters().updates, 0U);
  const Bytes end = whole.save().to_bytes();
  Adapter rest(model, options);
  for (std::size_t k = 0; k < kFrames; k += 5) {  // inside windows as well
    rest.restore(MemoryState::from_bytes(saved[k], "state"));
    for (std::size_t i = k; i < kFrames; ++i) {
      const Prediction answer = rest.push(image_of(images, i));
      ASSERT_EQ(answer.logits, answers[i].logits) << k << " " << i;
      ASSERT_EQ(answer.guard, answers[i].guard) << k << " " << i;
    }
    ASSERT_EQ(rest.save().to_bytes(), end) << k;
  }
}

// Not with the small ResNets: strided 1x1 convolutions of so few channels race in the runtime
// itself (tests/conformance/low_bit_folder_test.cpp).
TEST(FrameStreams, ThreadsDoNotMatter) {
  const Model model = quantized(kVit);
  const Batch images = test::random_batch(40);
  Bytes states[2];
  for (const int threads : {1, 2}) {
    Adapter adapter(model, options_of(8, threads));
    for (std::size_t i = 0; i < images.count; ++i) {
      adapter.push(image_of(images, i));
    }
    states[threads - 1] = adapter.save().to_bytes();
  }
  EXPECT_EQ(states[0], states[1]);
}

INSTANTIATE_TEST_SUITE_P(Files,
                         FrameNetworks,
                         testing::Values(FrameCase{"vit", kVit, "paper", 4},
                                         FrameCase{"resnet", "resnet-bn.onnx", "paper", 4},
                                         FrameCase{"guarded_vit", kVit, "on", 9},
                                         FrameCase{"guarded_resnet", "resnet-bn.onnx", "on", 9}),
                         [](const auto& tested) { return std::string(tested.param.name); });

// A state of another network, window or method changes nothing.
TEST(FrameStreams, AForeignStateIsRefusedAndLeavesNoTrace) {
  const Model model = quantized(kVit);
  const Batch images = test::random_batch(12);
  Adapter adapter(model, options_of(4));
  Adapter other_window(model, options_of(5));
  Adapter other_network(quantized("resnet-bn.onnx"), options_of(4));
  for (std::size_t i = 0; i < images.count; ++i) {
    adapter.push(image_of(images, i));
    other_window.push(image_of(images, i));
    other_network.push(image_of(images, i));
  }
  const Bytes before = adapter.save().to_bytes();
  for (Adapter* other : {&other_window, &other_network}) {
    const auto [code, text] = test::error_of([&] { adapter.restore(other->save()); });
    EXPECT_EQ(code, ErrorCode::StateMismatch) << text;
    EXPECT_EQ(adapter.save().to_bytes(), before);
  }
}

}  // namespace
}  // namespace zoa
