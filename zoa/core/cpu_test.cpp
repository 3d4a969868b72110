// SPDX-License-Identifier: Apache-2.0
#include "zoa/core/cpu.h"

#include <string>

#include <gtest/gtest.h>

#include "zoa/core/test_folder.h"

namespace zoa {
namespace {

constexpr char kServer[] =
    "sse4_1 avx avx2 avx512f avx512dq avx512bw avx512vl avx512_vnni avx_vnni amx_tile amx_int8";

std::string isa_of(const std::string& flags, const std::string& cap = "") {
  const TestFolder root;
  root.put("proc/cpuinfo",
           "processor\t: 0\nmodel name\t: Some CPU @ 2GHz\nflags\t\t: " + flags + "\n");
  EXPECT_EQ(cpu_model(root.path()), "Some CPU @ 2GHz");
  return cpu_isa(cap, root.path());
}

TEST(Cpu, StrongestIsaOfTheFlags) {
  EXPECT_EQ(isa_of("fpu"), "generic");
  EXPECT_EQ(isa_of("sse4_1 avx avx2"), "avx2");
  EXPECT_EQ(isa_of("sse4_1 avx avx2 avx_vnni"), "avx2_vnni");
  EXPECT_EQ(isa_of("avx2 avx512f avx512dq avx512bw avx512vl"), "avx512_core");
  EXPECT_EQ(isa_of("avx2 avx512f avx512dq avx512bw avx512vl avx512_vnni"), "avx512_vnni");
  EXPECT_EQ(isa_of(kServer), "avx512_amx");
}

TEST(Cpu, CapsTakeAway) {
  EXPECT_EQ(isa_of(kServer, "AVX2"), "avx2");
  EXPECT_EQ(isa_of(kServer, "avx2_vnni"), "avx2_vnni");
  EXPECT_EQ(isa_of(kServer, "AVX512_CORE"), "avx512_core");
  EXPECT_EQ(isa_of(kServer, "AVX512_CORE_VNNI"), "avx512_vnni");
  EXPECT_EQ(isa_of(kServer, "AVX512_CORE_AMX"), "avx512_amx");
  EXPECT_EQ(isa_of(kServer, "SSE41"), "sse41");
  EXPECT_EQ(isa_of(kServer, "ALL"), "avx512_amx");
  EXPECT_EQ(isa_of("sse4_1 avx2", "AVX512_CORE"), "avx2");
}

TEST(Cpu, SaturationFollowsVnni) {
  EXPECT_TRUE(int8_products_saturate("generic"));
  EXPECT_TRUE(int8_products_saturate("avx2"));
  EXPECT_TRUE(int8_products_saturate("avx512_core"));
  EXPECT_FALSE(int8_products_saturate("avx2_vnni"));
  EXPECT_FALSE(int8_products_saturate("avx512_vnni"));
  EXPECT_FALSE(int8_products_saturate("avx512_amx"));
}

TEST(Cpu, NoFileIsUnknown) {
  const TestFolder root;
  EXPECT_EQ(cpu_model(root.path()), "unknown");
  EXPECT_EQ(cpu_isa("", root.path()), "generic");
}

}  // namespace
}  // namespace zoa
