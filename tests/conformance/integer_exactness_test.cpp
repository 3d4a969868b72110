// SPDX-License-Identifier: Apache-2.0
// Integers are exact: random layers of every width on the runtime's int8 kernels give what plain
// integer arithmetic gives, all outputs equal. The networks hold true low-bit quantizers and i8
// weights; the passes that pack, read and lower them are the product's own. CTest runs the program
// natively and under ONEDNN_MAX_CPU_ISA=AVX2 and AVX512_CORE (read once a process).
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>
#include <openvino/op/ops.hpp>
#include <openvino/openvino.hpp>

#include "zoa/core/cpu.h"
#include "zoa/engine/isa.h"
#include "zoa/engine/plan_ov.h"
#include "zoa/graph/low_bits_ov.h"
#include "zoa/graph/packed_weights_ov.h"
#include "zoa/graph/runtime_ov.h"
#include "zoa/graph/toy_graphs_ov.h"
#include "zoa/graph/weights_ov.h"

#include "integer_cases.h"

namespace zoa {
namespace {

namespace op = ov::op;
using toy::Value;

constexpr std::uint64_t kSeed = 20;
constexpr std::size_t kCases = 10000;
constexpr std::size_t kRepeatedCases = 1000;  // under a cap that leaves this CPU as it is
constexpr std::size_t kFamiliesPerModel = 32;

Value make_staircase(const Value& value, const exact::Quantizer& quantizer, int coarse) {
  const float step = quantizer.step * static_cast<float>(coarse);
  const auto low = make_constant({}, {-static_cast<float>(quantizer.zero) * step});
  const auto high =
      make_constant({}, {static_cast<float>(quantizer.levels - 1 - quantizer.zero) * step});
  return std::make_shared<op::v0::FakeQuantize>(value, low, high, low, high,
                                                static_cast<std::size_t>(quantizer.levels))
      ->output(0);
}

// Many small layers in one network: compiling costs by the network more than by the layer.
class Network {
 public:
  explicit Network(std::vector<exact::Family> families) : families_(std::move(families)) {
    for (const exact::Family& family : families_) {
      const Value left = add_input(family.left);
      for (const exact::Layer& layer : family.layers) {
        const Value product = add_product(family, layer, left);
        product.get_node()->set_friendly_name("product" + std::to_string(results_.size()));
        results_.push_back(std::make_shared<op::v0::Result>(product));
      }
    }
    model_ = std::make_shared<ov::Model>(results_, parameters_);
    packed_ = pack_weights(model_);
    EXPECT_EQ(normalize_quantized_weights(model_), packed_);
    lowered_ = lower_quantizers(model_);
  }

  void run() {
    auto compiled = runtime_core().compile_model(model_, "CPU", compile_settings(1));
    check_kernels(compiled);
    auto request = compiled.create_infer_request();
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      const ov::Tensor tensor = request.get_input_tensor(i);
      std::copy(inputs_[i].begin(), inputs_[i].end(), ov::Tensor(tensor).data<float>());
    }
    request.infer();
    std::size_t output = 0;
    for (const exact::Family& family : families_) {
      for (std::size_t layer = 0; layer < family.layers.size(); ++layer) {
        check_output(family, layer, request.get_output_tensor(output++));
      }
    }
  }

  std::size_t packed() const { return packed_; }
  std::size_t lowered() const { return lowered_; }

 private:
  Value add_input(const exact::Activation& activation) {
    const ov::Shape shape(activation.shape.begin(), activation.shape.end());
    parameters_.push_back(toy::parameter(shape));
    inputs_.push_back(activation.values);
    const Value value = parameters_.back()->output(0);
    const Value fine = make_staircase(value, activation.quantizer, 1);
    if (activation.quantizer.form != exact::Form::Sum) {
      return fine;
    }
    const Value coarse = make_staircase(value, activation.quantizer, activation.quantizer.coarse);
    return std::make_shared<op::v1::Add>(fine, coarse)->output(0);
  }

  static Value add_weights(const exact::Weights& weights) {
    const auto values = op::v0::Constant::create(
        ov::element::i8, ov::Shape(weights.shape.begin(), weights.shape.end()), weights.values);
    const auto convert = std::make_shared<op::v0::Convert>(values, ov::element::f32);
    const ov::Shape shape(weights.scale_shape.begin(), weights.scale_shape.end());
    return std::make_shared<op::v1::Multiply>(convert, make_constant(shape, weights.scales))
        ->output(0);
  }

  Value add_product(const exact::Family& family, const exact::Layer& layer, const Value& left) {
    const bool attention = family.kind == exact::Kind::Attention;
    const Value right = attention ? add_input(layer.right) : add_weights(layer.weights);
    const auto pad = static_cast<std::ptrdiff_t>(layer.pad);
    const ov::CoordinateDiff pads{pad, pad};
    const ov::Strides strides{layer.stride, layer.stride};
    switch (family.kind) {
      case exact::Kind::Linear:
      case exact::Kind::Attention:
        return std::make_shared<op::v0::MatMul>(left, right, false, layer.transposed)->output(0);
      case exact::Kind::Convolution:
        return std::make_shared<op::v1::Convolution>(left, right, strides, pads, pads,
                                                     ov::Strides{1, 1})
            ->output(0);
      case exact::Kind::Depthwise: break;
    }
    return std::make_shared<op::v1::GroupConvolution>(left, right, strides, pads, pads,
                                                      ov::Strides{1, 1})
        ->output(0);
  }

  // Names of the products that run on int8 kernels.
  static std::set<std::string> int8_products(const ov::CompiledModel& compiled) {
    std::set<std::string> found;
    for (const auto& node : compiled.get_runtime_model()->get_ops()) {
      const auto& info = node->get_rt_info();
      const auto precision = info.at("runtimePrecision").as<std::string>();
      const auto kernel = info.at("primitiveType").as<std::string>();
      const bool int8 =
          (precision == "i8" || precision == "u8") && kernel.find("f32") == std::string::npos;
      std::istringstream names(info.at("originalLayersNames").as<std::string>());
      for (std::string name; int8 && std::getline(names, name, ',');) {
        found.insert(name.substr(0, name.find('/')));
      }
    }
    return found;
  }

  void check_kernels(const ov::CompiledModel& compiled) const {
    const auto int8 = int8_products(compiled);
    std::size_t output = 0;
    for (const exact::Family& family : families_) {
      for (std::size_t layer = 0; layer < family.layers.size(); ++layer) {
        EXPECT_EQ(int8.count("product" + std::to_string(output++)), 1U)
            << "not on an int8 kernel: " << exact::describe(family, layer);
      }
    }
  }

  static void check_output(const exact::Family& family,
                           std::size_t layer,
                           const ov::Tensor& found) {
    const auto expected = exact::expected_output(family, family.layers[layer]);
    ASSERT_EQ(found.get_size(), expected.size()) << exact::describe(family, layer);
    const auto* values = found.data<const float>();
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (values[i] != expected[i]) {
        ADD_FAILURE() << "output " << i << " is " << values[i] << ", expected " << expected[i]
                      << ": " << exact::describe(family, layer);
        return;
      }
    }
  }

  std::vector<exact::Family> families_;
  ov::ParameterVector parameters_;
  ov::ResultVector results_;
  std::vector<std::vector<float>> inputs_;
  std::shared_ptr<ov::Model> model_;
  std::size_t packed_ = 0;
  std::size_t lowered_ = 0;
};

TEST(IntegerExactness, Int8KernelsGiveWhatIntegersGive) {
  const bool saturates = int8_products_saturate(running_isa());
  const bool capped = std::getenv("ONEDNN_MAX_CPU_ISA") != nullptr;
  // A cap above what the CPU has runs the very kernels of the native run once more.
  const bool repeated = capped && running_isa() == cpu_isa();
  const std::size_t cases = repeated ? kRepeatedCases : kCases;
  std::size_t done = 0;
  std::size_t index = 0;
  std::size_t packed = 0;
  std::size_t lowered = 0;
  std::map<std::string, std::size_t> widths;
  while (done < cases) {
    std::vector<exact::Family> families;
    for (std::size_t i = 0; i < kFamiliesPerModel; ++i) {
      families.push_back(exact::make_family(kSeed, index++, saturates));
      done += families.back().layers.size();
      widths[families.back().width] += families.back().layers.size();
    }
    Network network(std::move(families));
    network.run();
    packed += network.packed();
    lowered += network.lowered();
  }
  EXPECT_EQ(widths.size(), 6U);
  EXPECT_GT(packed, cases / 3);
  EXPECT_GT(lowered, index / 3);
  RecordProperty("isa", running_isa());
  RecordProperty("cases", static_cast<int>(done));
}

}  // namespace
}  // namespace zoa
