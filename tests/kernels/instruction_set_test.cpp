#include "octet/kernels/instruction_set.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "tests/support/simd_targets.h"

namespace octet::kernels {
namespace {

TEST(InstructionSet, NamesOfOneDnnLimitTheKernels) {
  if (!HWY_ARCH_X86) GTEST_SKIP() << "the names are of x86";
  EXPECT_EQ(targets_beyond("SSE41") & HWY_AVX2, HWY_AVX2);
  EXPECT_EQ(targets_beyond("SSE41") & (HWY_SSE4 | HWY_SSSE3), 0);
  EXPECT_EQ(targets_beyond("AVX"), targets_beyond("SSE41"));
  EXPECT_EQ(targets_beyond("AVX2") & (HWY_AVX2 | HWY_AVX3), HWY_AVX3);
  EXPECT_EQ(targets_beyond("AVX512_CORE") & (HWY_AVX3 | HWY_AVX3_DL), HWY_AVX3_DL);
}

TEST(InstructionSet, OtherNamesLimitNothing) {
  for (const char* name : {"ALL", "DEFAULT", "AVX512_CORE_BF16", "", "avx2", "MMX"}) {
    EXPECT_EQ(targets_beyond(name), 0) << name;
  }
}

TEST(InstructionSet, VnniCanBeForbidden) {
  const bool found = has_vnni();
  EXPECT_TRUE(allow_vnni(false));
  EXPECT_FALSE(has_vnni());
  EXPECT_FALSE(allow_vnni(true));
  EXPECT_EQ(has_vnni(), found);
  if (!found) return;
  // Kernels with it are written for AVX-512.
  const SimdTarget avx2(HWY_AVX2);
  EXPECT_FALSE(has_vnni());
}

}  // namespace
}  // namespace octet::kernels
