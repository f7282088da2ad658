#include "octet/kernels/instruction_set.h"

#include "octet/kernels/simd_targets.h"

#include <hwy/highway.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <string_view>

namespace octet::kernels {
namespace {

// Highway gives better instruction sets lower bits.
constexpr int64_t kBeyondSse4 = HWY_SSE4 - 1, kBeyondAvx2 = HWY_AVX2 - 1,
                  kBeyondAvx512 = HWY_AVX3 - 1;

struct Limit {
  std::string_view isa;
  int64_t beyond;
};
constexpr Limit kLimits[] = {
    {"SSE41", kBeyondSse4},         {"AVX", kBeyondSse4},         {"AVX2", kBeyondAvx2},
    {"AVX2_VNNI", kBeyondAvx2},     {"AVX2_VNNI_2", kBeyondAvx2}, {"AVX512_MIC", kBeyondAvx2},
    {"AVX512_CORE", kBeyondAvx512},
};

const char* limit_of_environment() {
  const char* isa = std::getenv("ONEDNN_MAX_CPU_ISA");
  return isa != nullptr ? isa : std::getenv("DNNL_MAX_CPU_ISA");
}

bool finds_vnni() {
#if HWY_ARCH_X86
  const char* isa = limit_of_environment();
  if (isa != nullptr && targets_beyond(isa) != 0) return false;
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
#else
  return false;
#endif
}

std::atomic<bool> vnni_allowed = true;

}  // namespace

int64_t targets_beyond(std::string_view isa) {
  if constexpr (!HWY_ARCH_X86) return 0;
  for (const Limit& limit : kLimits) {
    if (limit.isa == isa) return limit.beyond;
  }
  return 0;
}

void apply_instruction_set_limit() {
  static std::once_flag once;
  std::call_once(once, [] {
    const char* isa = limit_of_environment();
    const int64_t beyond = isa == nullptr ? 0 : targets_beyond(isa);
    if (beyond != 0) hwy::DisableTargets(beyond);
  });
}

bool has_vnni() {
  static const bool found = finds_vnni();
  // Highway's choice may be limited too.
  return found && vnni_allowed && (hwy::SupportedTargets() & HWY_AVX3) != 0;
}

bool allow_vnni(bool allowed) {
  return vnni_allowed.exchange(allowed);
}

}  // namespace octet::kernels
