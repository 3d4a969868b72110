// SPDX-License-Identifier: Apache-2.0
// Options as the C interface takes them, a JSON object, down to those of the method.
#include "zoa/adapt/adapter_texts.h"
#include "zoa/methods/fake_forward.h"

#include "capi/option_json.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace zoa;

// What an option is now must be a text that sets it to just that.
template <class Options>
void check_texts(const Options& options) {
  Options again = options;
  const std::vector<OptionText> texts = list_options(options);
  for (const OptionText& option : texts) {
    set_option(again, option.name, option.value);
  }
  const std::vector<OptionText> same = list_options(again);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    fuzz::require(texts[i].value == same[i].value, "an option's text sets it to the same value");
  }
}

void try_options(const OptionValues& values, const ModelInfo& model) {
  AdapterOptions options;
  if (!fuzz::reads([&] { options = make_adapter_options(values, model); },
                   {ErrorCode::InvalidArgument})) {
    return;
  }
  check_texts(options);
  check_texts(options.frames);
  const std::string& method = options.method;
  if (fuzz::reads([&] { method_options(method, options.overrides, model); },
                  {ErrorCode::InvalidArgument})) {
    fuzz::reads([&] { method_needs(method, options.overrides, model); },
                {ErrorCode::InvalidArgument, ErrorCode::UnsupportedModel});
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  OptionValues values;
  if (fuzz::reads([&] { values = capi::parse_option_json(fuzz::text_of({data, size})); },
                  {ErrorCode::InvalidArgument, ErrorCode::LimitExceeded})) {
    for (const Family family : {Family::Vit, Family::Cnn}) {
      try_options(values, fake_model(family));
    }
  }
  return 0;
}
