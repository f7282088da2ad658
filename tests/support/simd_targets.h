// Runs the tests of a vector kernel on every instruction set that this processor has.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>
#include <omp.h>

#include <string>
#include <vector>

#include "octet/kernels/instruction_set.h"

namespace octet {

// AVX3 with VNNI; beside Highway's bits, none of which says so.
inline constexpr int64_t kVnniTarget = int64_t{1} << 62 | HWY_AVX3;

// The instruction sets as Highway's bits.
inline std::vector<int64_t> simd_targets() {
  std::vector<int64_t> targets;
  if (kernels::has_vnni()) targets.push_back(kVnniTarget);
  for (uint64_t rest = hwy::SupportedTargets(); rest != 0; rest &= rest - 1) {
    targets.push_back(static_cast<int64_t>(rest & -rest));
  }
  return targets;
}

inline std::string simd_target_name(const ::testing::TestParamInfo<int64_t>& target) {
  if (target.param == kVnniTarget) return "AVX3_VNNI";
  return hwy::TargetName(target.param);
}

// The kernels use this instruction set alone while it lives.
class SimdTarget {
 public:
  explicit SimdTarget(int64_t target) {
    use(target & ~(kVnniTarget - HWY_AVX3));
    kernels::allow_vnni(target == kVnniTarget);
  }
  ~SimdTarget() {
    use(0);
    kernels::allow_vnni(true);
  }
  SimdTarget(const SimdTarget&) = delete;
  SimdTarget& operator=(const SimdTarget&) = delete;

 private:
  // 0: all of them again.
  static void use(int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

// The parameter is one of simd_targets(); the kernels use that one during the test.
class OnEverySimdTarget : public ::testing::TestWithParam<int64_t> {
 private:
  SimdTarget target_{GetParam()};
};

// The number of OpenMP's threads while it lives.
class OpenMPThreads {
 public:
  explicit OpenMPThreads(int threads) : before_(omp_get_max_threads()) {
    omp_set_num_threads(threads);
  }
  ~OpenMPThreads() { omp_set_num_threads(before_); }

 private:
  int before_;
};

}  // namespace octet
