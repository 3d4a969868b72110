// SPDX-License-Identifier: Apache-2.0
#include "zoa/eval/merged_stream.h"

#include <algorithm>

namespace zoa::detail {
namespace {

std::vector<const BatchRecord*> records_of(const Run& run, const std::string& method) {
  std::vector<const BatchRecord*> records;
  for (const BatchRecord& record : run.batches) {
    if (record.method == method) {
      records.push_back(&record);
    }
  }
  return records;
}

}  // namespace

Run start_stream(const RunHeader& header) {
  Run stream;
  stream.header = header;
  stream.header.methods.clear();
  return stream;
}

void add_to_stream(Run& stream,
                   const std::vector<const Run*>& seeds,
                   const std::string& method,
                   const std::string& label) {
  std::vector<BatchRecord> sum;
  for (std::size_t seed = 0; seed < seeds.size(); ++seed) {
    const std::vector<const BatchRecord*> records = records_of(*seeds[seed], method);
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (seed == 0) {
        sum.push_back(*records[i]);
        sum.back().method = label;
      } else if (i < sum.size() && sum[i].domain == records[i]->domain) {
        std::optional<std::size_t>& all = sum[i].correct;
        const std::optional<std::size_t>& more = records[i]->correct;
        if (all && more) {
          all = *all + *more;
          sum[i].labeled += records[i]->labeled;
        }
      }
    }
  }
  stream.batches.insert(stream.batches.end(), sum.begin(), sum.end());
  stream.header.methods.push_back({label, {}});
  stream.summaries.push_back(summarize(stream, label));
}

}  // namespace zoa::detail
