// SPDX-License-Identifier: Apache-2.0
// Every method of the table keeps the contract and has a page.
#include "zoa/methods/method.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "zoa/core/error.h"
#include "zoa/core/file.h"
#include "zoa/methods/fake_forward.h"
#include "zoa/methods/method_contract.h"

namespace zoa {
namespace {

const std::vector<std::string> kNothing;

TEST(Methods, AllKeepTheContract) {
  for (const MethodInfo& info : list_methods()) {
    EXPECT_EQ(check_method(info.name), kNothing) << info.name;
  }
}

// What says that it needs no source statistics can be made without them, and the others refuse.
TEST(Methods, SourceStatisticsAreNeededWhereTheMethodSaysSo) {
  for (const MethodInfo& listed : list_methods()) {
    for (const Family family : {Family::Vit, Family::Cnn}) {
      try {
        const MethodInfo needs = method_needs(listed.name, {}, fake_model(family));
        const FakeForward forward(family, needs);
        const auto make = [&] { make_method(listed.name, {}, 1, forward.info(), SourceStats{}); };
        if (needs.needs_source) {
          EXPECT_THROW(make(), Error) << listed.name;
        } else if (needs.sites.empty()) {
          EXPECT_NO_THROW(make()) << listed.name;
        }
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::UnsupportedModel) << listed.name;
      }
    }
  }
}

TEST(Methods, ZoaWithASmallBankKeepsTheContract) {
  for (const char* size : {"0", "1", "2"}) {
    EXPECT_EQ(check_method("zoa", {{"bank_size", size}, {"shift", "false"}}), kNothing) << size;
  }
}

TEST(Methods, VariantsKeepTheContract) {
  const std::vector<std::pair<std::string, OptionValues>> variants = {
      {"pea", {{"form", "diagonal"}}},
      {"pea", {{"form", "grouped"}, {"group", "2"}, {"score", "mixed"}}},
      {"pea", {{"form", "full"}, {"score", "all"}, {"update_every", "1"}}},
      {"pea", {{"form", "full"}, {"update_every", "3"}, {"jump", "1.5"}, {"entropy_jump", "0.1"}}},
      {"align", {{"scale", "true"}, {"prior", "0"}}},
      {"align", {{"own", "0.4"}, {"doubt", "0"}, {"restart", "false"}}},
      {"align", {{"shift", "0"}, {"domain_batch", "100"}}},
      {"quar", {{"lam", "0"}}},
      {"quar", {{"from_depth", "0"}, {"lam_global", "0"}, {"prior", "0"}}},
      {"quar", {{"from_depth", "0.5"}, {"momentum", "1"}}},
      {"eva0", {{"anchor_every", "1"}, {"lr", "1"}}},
      {"cola-fp", {{"shift", "true"}, {"domain_batch", "1"}}},
  };
  for (const auto& [name, overrides] : variants) {
    EXPECT_EQ(check_method(name, overrides), kNothing) << name << " " << overrides[0].second;
  }
}

// Of the first family that the method works on.
std::vector<OptionText> options_of(const std::string& name) {
  for (const Family family : {Family::Vit, Family::Cnn}) {
    try {
      const FakeForward forward(family, method_needs(name, {}, fake_model(family)));
      return make_method(name, {}, 1, forward.info(), make_fake_stats(forward.info()))->options();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::UnsupportedModel) << error.what();
    }
  }
  ADD_FAILURE() << name << " works on no family";
  return {};
}

TEST(Methods, AllHaveAPageWithARowForEveryOption) {
  for (const MethodInfo& info : list_methods()) {
    const std::string path = ZOA_SOURCE_DIR "/docs/methods/" + info.name + ".md";
    const Bytes bytes = read_file(path, 1 << 20);
    const std::string page(bytes.begin(), bytes.end());
    EXPECT_TRUE(page.starts_with("# " + info.name + ": ")) << path;
    for (const OptionText& option : options_of(info.name)) {
      EXPECT_NE(page.find("| `" + option.name + "` |"), std::string::npos)
          << path << ": " << option.name;
    }
  }
}

// A method that forgets nothing on discard() must not slip through.
class Stubborn : public Method {
 public:
  const MethodInfo& info() const override { return info_; }
  std::vector<OptionText> options() const override { return {}; }
  StepResult step(const Batch& batch, Forward& forward) override {
    forward.begin(batch);
    const PassOutput output = forward.pass(SlotValues(forward.info().slots.size()));
    StepResult result;
    result.logits.assign(output.answer.begin(), output.answer.end());
    result.loss = static_cast<double>(++steps_);
    return result;
  }
  void accept() override {}
  void discard() override {}
  void reset() override {}
  void save(StateWriter& writer) const override {
    writer.put_i64("steps", std::vector<std::int64_t>{steps_});
  }
  void load(StateReader& reader) override { steps_ = reader.get_i64("steps")[0]; }

 private:
  MethodInfo info_;
  std::int64_t steps_ = 0;
};

TEST(Methods, TheContractFindsABrokenMethod) {
  const auto broken = check_method([](std::uint64_t, const ModelInfo&,
                                      const SourceStats&) { return std::make_unique<Stubborn>(); },
                                   [](const ModelInfo& /*model*/) { return MethodInfo{}; });
  const auto has = [&](const std::string& text) {
    return std::find(broken.begin(), broken.end(), text) != broken.end();
  };
  EXPECT_TRUE(has("vit: step() alone leaves the state alone (0)"));
  EXPECT_TRUE(has("cnn: a discarded step can be repeated (3)"));
  EXPECT_TRUE(has("vit: reset() is as newly made (14)"));
  EXPECT_TRUE(has("vit: an empty batch is refused (0)"));
}

TEST(Methods, UnknownNamesListTheKnown) {
  const FakeForward forward;
  try {
    make_method("zoo", {}, 1, forward.info(), make_fake_stats(forward.info()));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_TRUE(std::string(error.what())
                    .starts_with("unknown method 'zoo'; did you mean 'zoa'? known: noadapt, "));
  }
}

TEST(Methods, OptionsAreCheckedAndShown) {
  const FakeForward forward;
  const auto make = [&](const OptionValues& overrides) {
    return make_method("zoa", overrides, 1, forward.info(), make_fake_stats(forward.info()));
  };
  EXPECT_THROW(make({{"lr", "2"}}), Error);
  EXPECT_THROW(make({{"learning_rate", "0.1"}}), Error);
  EXPECT_THROW(make({{"alpha_init", "some"}}), Error);
  EXPECT_THROW(
      make_method("noadapt", {{"lr", "0"}}, 1, forward.info(), make_fake_stats(forward.info())),
      Error);
  for (const OptionText& option : make({{"lr", "1e-3"}, {"bank_size", "5"}})->options()) {
    if (option.name == "lr") {
      EXPECT_EQ(option.value, "0.001");
    }
    if (option.name == "bank_size") {
      EXPECT_EQ(option.value, "5");
    }
  }
}

TEST(Methods, NoAdaptIsOneNeutralPass) {
  FakeForward forward;
  const auto method = make_method("noadapt", {}, 1, forward.info(), {});
  const Batch batch = make_fake_batch(8, 1);
  const StepResult result = method->step(batch, forward);
  EXPECT_EQ(forward.passes(), 1U);
  EXPECT_FALSE(result.updated);
  EXPECT_EQ(result.loss, result.entropy);
  const PassOutput plain = forward.pass(SlotValues(forward.info().slots.size()));
  EXPECT_TRUE(std::equal(plain.logits.begin(), plain.logits.end(), result.logits.begin()));
}

}  // namespace
}  // namespace zoa
