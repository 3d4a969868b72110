// SPDX-License-Identifier: Apache-2.0
// Networks that other quantizers made: recognised, answered like the program they were made with,
// run on int8 kernels as far as the runtime has them, and the rest listed with its reason.
// Made by tools/make_kept_fixtures.py.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/data/npy.h"
#include "zoa/engine/engine.h"
#include "zoa/engine/inspect.h"
#include "zoa/engine/isa.h"
#include "zoa/quantize/quantize.h"
#include "zoa/quantize/test_images.h"

namespace zoa {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSize = 16;

constexpr char kNotInFile[] = "its input is not quantized in the file";
constexpr char kWeightsOnly[] = "only its weights are quantized";
constexpr char kWide[] = "its input is quantized to 16 bits: runs in float";
constexpr char kBigZeroPoint[] =
    "its weights do not fit in 8 signed bits once their zero point is taken off";
constexpr char kAttentionZeroPoint[] =
    "its input has a zero point; int8 attention takes none (--requantize-attention)";

struct Kept {
  const char* file;
  Family family;
  std::size_t blocks;
  std::size_t norms;
  std::size_t products;
  std::size_t int8;                            ///< of the products that are not attention
  std::size_t int8_attention;                  ///< as AVX2 lists it
  std::map<std::string, std::size_t> reasons;  ///< of the rest
  float most;  ///< difference of logits to the reference, in standard deviations of the reference
};

std::ostream& operator<<(std::ostream& out, const Kept& kept) {
  return out << kept.file;
}

// Tolerances: 8 bits differ by a step here and there (and AVX2's int8 products may saturate); where
// everything runs in float only the order of sums and the lost last code of 16 bits remain.
const Kept kKept[] = {
    {"vit-qdq-u8w.onnx", Family::Vit, 2, 5, 14, 10, 0, {{kAttentionZeroPoint, 4}}, 0.2F},
    {"vit-qdq-16bit.onnx", Family::Vit, 2, 5, 14, 0, 0, {{kWide, 14}}, 0.001F},
    {"resnet-qdq-asym-weights.onnx", Family::Cnn, 4, 11, 12, 0, 0, {{kBigZeroPoint, 12}}, 0.05F},
    {"vit-nncf-mixed.xml",
     Family::Vit,
     2,
     5,
     14,
     6,
     2,
     {{kNotInFile, 4}, {kWeightsOnly, 2}},
     0.05F},
    {"vit-nncf-weights4.xml",
     Family::Vit,
     2,
     5,
     14,
     0,
     0,
     {{kNotInFile, 4}, {kWeightsOnly, 10}},
     0.002F},
    {"resnet-int8io.tflite", Family::Cnn, 4, 11, 12, 12, 0, {}, 0.1F},
};

fs::path folder() {
  return ZOA_SOURCE_DIR "/tests/data/models";
}

std::vector<float> floats_of(const std::string& name) {
  const NpyArray array = load_npy((folder() / name).string());
  std::vector<float> values(array.header.count());
  std::memcpy(values.data(), array.bytes.data(), values.size() * sizeof(float));
  return values;
}

Batch stored_images() {
  Batch batch;
  batch.pixels = floats_of("kept-images.npy");
  batch.channels = 3;
  batch.height = batch.width = static_cast<decltype(batch.height)>(kSize);
  batch.count = batch.pixels.size() / (3 * kSize * kSize);
  for (std::size_t i = 0; i < batch.count; ++i) {
    batch.ids.push_back(static_cast<std::int64_t>(i));
    batch.labels.push_back(-1);
  }
  return batch;
}

Model load(const std::string& file) {
  return Model::from_file(folder() / file, preset("imagenet", kSize, kSize));
}

Model keep(const std::string& file, bool requantize, QuantizeReport* report = nullptr) {
  QuantizeOptions options;
  options.bits = "keep";
  options.requantize_attention = requantize;
  options.threads = 1;
  const test::RandomImages data(40, kSize);
  return quantize(load(file), {data, 0}, options, report);
}

std::vector<float> logits_of(const Model& model, bool slots) {
  EngineOptions options;
  options.norm_slots = options.shift_slot = options.taps = slots;
  options.threads = 1;
  Engine engine(model, options);
  engine.begin(stored_images());
  const auto logits = engine.pass(SlotValues(engine.info().slots.size())).logits;
  return {logits.begin(), logits.end()};
}

double deviation(const std::vector<float>& values) {
  double sum = 0;
  double squares = 0;
  for (const float value : values) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  const auto count = static_cast<double>(values.size());
  return std::sqrt(squares / count - sum * sum / (count * count));
}

// Largest difference in standard deviations of the reference.
float difference(const std::vector<float>& values, const std::vector<float>& reference) {
  if (values.size() != reference.size()) {
    return INFINITY;
  }
  float most = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    most = std::max(most, std::abs(values[i] - reference[i]));
  }
  return most / static_cast<float>(deviation(reference));
}

std::string reference_of(const Kept& kept) {
  return fs::path(kept.file).stem().string() + ".npy";
}

class KeptTest : public testing::TestWithParam<Kept> {};

TEST_P(KeptTest, IsRecognised) {
  const Kept& kept = GetParam();
  const Model model = load(kept.file);
  EXPECT_EQ(model.family(), kept.family);
  EXPECT_EQ(model.classes(), 10U);
  const Inspection facts = inspect(model);
  EXPECT_EQ(facts.blocks, kept.blocks);
  EXPECT_EQ(facts.norms.size(), kept.norms);
}

TEST_P(KeptTest, AnswersAsTheProgramItWasMadeFor) {
  const Kept& kept = GetParam();
  EXPECT_LE(difference(logits_of(load(kept.file), false), floats_of(reference_of(kept))),
            kept.most);
}

// Products on int8 kernels (attention under its own name) and the reasons of the rest.
struct Tally {
  std::map<std::string, std::size_t> int8;
  std::map<std::string, std::size_t> reasons;
};

Tally tally(const std::vector<KernelFacts>& kernels) {
  Tally result;
  for (const KernelFacts& kernel : kernels) {
    if (kernel.int8) {
      ++result.int8[kernel.kind == "attention" ? "attention" : "other"];
    } else {
      ++result.reasons[kernel.reason];
    }
  }
  return result;
}

TEST_P(KeptTest, RunsOnInt8KernelsOrSaysWhyNot) {
  const Kept& kept = GetParam();
  const std::vector<KernelFacts> kernels = inspect(load(kept.file)).kernels;
  EXPECT_EQ(kernels.size(), kept.products);
  Tally seen = tally(kernels);
  EXPECT_EQ(seen.reasons.count(""), 0U);
  EXPECT_EQ(seen.int8["other"], kept.int8);
  if (running_isa() == "avx2") {  // other processors list fused attention differently
    EXPECT_EQ(seen.int8["attention"], kept.int8_attention);
    EXPECT_EQ(seen.reasons, kept.reasons);
  }
}

TEST_P(KeptTest, ReportListsWhatStaysFloat) {
  const Kept& kept = GetParam();
  QuantizeReport report;
  const Model model = keep(kept.file, false, &report);
  std::map<std::string, std::size_t> reasons;
  for (const QuantizedLayer& layer : report.layers) {
    EXPECT_EQ(layer.quantized, layer.reason.empty()) << layer.name;
    reasons[layer.reason] += layer.quantized ? 0U : 1U;
  }
  reasons.erase("");
  EXPECT_EQ(reasons, kept.reasons);
  EXPECT_TRUE(model.quantization().kept);
  EXPECT_EQ(model.quantization().products, kept.products);
}

TEST_P(KeptTest, NeutralSlotsChangeNothing) {
  const Kept& kept = GetParam();
  const Model model = keep(kept.file, false);
  const bool wide = kept.int8 == 0 && kept.family == Family::Vit;
  const float steps = wide ? 0.001F : 0.1F;  // a quantizer may round the other way
  EXPECT_LE(difference(logits_of(model, true), logits_of(model, false)), steps);
}

TEST_P(KeptTest, FolderGivesTheSameAnswers) {
  const Kept& kept = GetParam();
  const Model model = keep(kept.file, false);
  const fs::path path = fs::path(testing::TempDir()) / (std::string("kept-") + kept.file);
  model.save(path);
  EXPECT_EQ(logits_of(Model::load(path), false), logits_of(model, false));
  fs::remove_all(path);
}

std::string test_name(const testing::TestParamInfo<Kept>& info) {
  std::string name = fs::path(info.param.file).stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, KeptTest, testing::ValuesIn(kKept), test_name);

TEST(RequantizeAttention, BringsEveryProductOfAnOnnxruntimeVitToInt8) {
  const Model model = keep("vit-qdq-u8w.onnx", true);
  EXPECT_EQ(model.quantization().quantized, model.quantization().products);
  for (const KernelFacts& kernel : inspect(model).kernels) {
    const bool listed = kernel.kind != "attention" || running_isa() == "avx2";
    EXPECT_TRUE(kernel.int8 || !listed) << kernel.layer << ": " << kernel.reason;
  }
  EXPECT_LE(difference(logits_of(model, false), floats_of("vit-qdq-u8w.npy")), 0.3F);
  EXPECT_LE(difference(logits_of(model, true), logits_of(model, false)), 0.1F);
}

TEST(RequantizeAttention, LeavesSymmetricQuantizersAlone) {
  EXPECT_EQ(logits_of(keep("vit-nncf-mixed.xml", true), false),
            logits_of(keep("vit-nncf-mixed.xml", false), false));
}

TEST(RequantizeAttention, NeedsAQuantizedFile) {
  QuantizeOptions options;
  options.requantize_attention = true;
  const test::RandomImages data(40, kSize);
  const Model model = load("vit-fixed-batch.onnx");
  try {
    quantize(model, {data, 0}, options);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_NE(std::string(error.what()).find("keep"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace zoa
