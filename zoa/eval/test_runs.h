// SPDX-License-Identifier: Apache-2.0
// A small run for the tests of tables and pages.
#pragma once

#include <array>
#include <string>

#include "zoa/eval/record.h"

namespace zoa {

/// Network "net" on two domains of one batch of 8 images: noadapt has 4 and 2 right, zoa what is
/// given.
inline Run make_test_run(const std::string& seed, const std::array<std::size_t, 2>& zoa_correct) {
  Run run;
  RunHeader& header = run.header;
  header.model = "net";
  header.model_hash = "22";
  header.bits = "w8a8";
  header.data = "npz:x";
  header.data_hash = "dd";
  header.domains = {"fog", "snow"};
  header.images = {8, 8};
  header.options = {{"batch", "int", "8", "", 0, 0}, {"seed", "int", seed, "", 0, 0}};
  header.methods = {{"noadapt", {}},
                    {"zoa", {{"lr", "float", "0.1", "", 0, 0}, {"size", "int", "2", "", 0, 0}}}};
  header.command = "zoa eval net.zoa --data npz:x --method noadapt,zoa --seed " + seed;
  run.source = "a.jsonl";
  for (const MethodFacts& method : header.methods) {
    const bool is_zoa = method.name == "zoa";
    for (std::size_t i = 0; i < 2; ++i) {
      BatchRecord record;
      record.method = method.name;
      record.domain = header.domains[i];
      record.step = i + 1;
      record.count = record.labeled = 8;
      record.correct = is_zoa ? zoa_correct[i] : 4 - 2 * i;
      record.passes = is_zoa ? 2 : 1;
      record.pass_equivalents = is_zoa ? 1.5 : 1;
      record.ece_bins[14] = {8, 8 * 0.945, *record.correct};
      record.entropy = 0.5;
      record.loss = 0.25;
      record.ms = is_zoa ? 20 : 10;
      record.rss_mb = 100;
      record.changed = is_zoa && i == 1;
      if (is_zoa) {
        record.bank_weights = i == 0 ? std::vector<double>{1} : std::vector<double>{0.25, 0.75};
      }
      run.batches.push_back(record);
    }
    run.summaries.push_back(summarize(run, method.name));
  }
  return run;
}

}  // namespace zoa
