// Which instruction sets the kernels may use.
#pragma once

#include <cstdint>
#include <string_view>

namespace octet::kernels {

// Highway's bits of the instruction sets beyond `isa`, a value of oneDNN's environment variable
// ONEDNN_MAX_CPU_ISA: SSE41, AVX, AVX2, AVX512_CORE, ...; 0 for what oneDNN does not know either.
int64_t targets_beyond(std::string_view isa);

// Keeps the kernels from what ONEDNN_MAX_CPU_ISA (or DNNL_MAX_CPU_ISA) forbids to oneDNN, so that
// one variable limits all arithmetic. Reads the environment once.
void apply_instruction_set_limit();

// Whether one instruction multiplies uint8 by int8 and adds four products up in int32 (AVX-512
// VNNI), on this processor and within that limit. Beside AVX-512 it is a choice of its own:
// kernels ask here, not Highway.
bool has_vnni();

// For tests: has_vnni() is false while it is not allowed. Returns what it was before.
bool allow_vnni(bool allowed);

}  // namespace octet::kernels
