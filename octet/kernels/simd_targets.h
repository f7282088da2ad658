// Which instruction sets the kernels are compiled for; before every header of Highway. All but
// those whose vectors have no size at compile time: a tile of accumulators is an array of vectors.
#pragma once

#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
