// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/cpu.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

namespace zoa {
namespace {

struct Isa {
  const char* name;
  std::vector<std::string> flags;  ///< of /proc/cpuinfo, all needed
};

// Strongest first.
const std::vector<Isa>& known_isas() {
  static const std::vector<Isa> kTable = {
      {"avx512_amx", {"avx512f", "avx512bw", "avx512vl", "avx512dq", "amx_tile", "amx_int8"}},
      {"avx512_vnni", {"avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512_vnni"}},
      {"avx512_core", {"avx512f", "avx512bw", "avx512vl", "avx512dq"}},
      {"avx2_vnni", {"avx2", "avx_vnni"}},
      {"avx2", {"avx2"}},
      {"sse41", {"sse4_1"}},
  };
  return kTable;
}

// What a cap leaves, by the start of its word, longest first: AVX512_CORE_BF16 and later ones have
// VNNI. A cap of one family takes the other family's extras away.
struct Cap {
  const char* word;
  std::vector<std::string> allowed;
};

const std::vector<Cap>& known_caps() {
  static const std::vector<Cap> kTable = {
      {"AVX512_CORE_AMX", {}},
      {"AVX10", {}},
      {"AVX512_CORE_FP16", {"avx512_vnni", "avx512_core", "avx2_vnni", "avx2", "sse41"}},
      {"AVX512_CORE_BF16", {"avx512_vnni", "avx512_core", "avx2", "sse41"}},
      {"AVX512_CORE_VNNI", {"avx512_vnni", "avx512_core", "avx2", "sse41"}},
      {"AVX512_CORE", {"avx512_core", "avx2", "sse41"}},
      {"AVX2_VNNI", {"avx2_vnni", "avx2", "sse41"}},
      {"AVX2", {"avx2", "sse41"}},
      {"AVX", {"sse41"}},
      {"SSE41", {"sse41"}},
  };
  return kTable;
}

bool is_allowed(const std::string& isa, std::string cap) {
  std::transform(cap.begin(), cap.end(), cap.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  for (const Cap& known : known_caps()) {
    if (cap.rfind(known.word, 0) == 0) {
      const auto& allowed = known.allowed;
      return allowed.empty() || std::find(allowed.begin(), allowed.end(), isa) != allowed.end();
    }
  }
  return true;
}

// The first line of /proc/cpuinfo with this key, without the key.
std::string read_field(const std::string& root, const std::string& key) {
  std::ifstream file(root + "/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || line.rfind(key, 0) != 0) {
      continue;
    }
    const std::size_t first = line.find_first_not_of(" \t", colon + 1);
    if (first != std::string::npos) {
      return line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
    }
  }
  return "";
}

}  // namespace

std::string cpu_model(const std::string& root) {
  const std::string model = read_field(root, "model name");
  return model.empty() ? "unknown" : model;
}

std::string cpu_isa(const std::string& cap, const std::string& root) {
  std::istringstream words(read_field(root, "flags"));
  std::set<std::string> flags;
  for (std::string flag; words >> flag;) {
    flags.insert(flag);
  }
  for (const Isa& isa : known_isas()) {
    const bool present = std::all_of(isa.flags.begin(), isa.flags.end(),
                                     [&](const auto& flag) { return flags.count(flag) != 0; });
    if (present && is_allowed(isa.name, cap)) {
      return isa.name;
    }
  }
  return "generic";
}

bool int8_products_saturate(const std::string& isa) {
  return isa.find("vnni") == std::string::npos && isa.find("amx") == std::string::npos;
}

}  // namespace zoa
