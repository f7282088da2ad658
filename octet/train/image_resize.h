// Change of an image's size. Part of the build only with OCTET_WITH_IMAGES.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace octet {

// (C, H, W) uint8 or float32 of any strides to (C, height, width) of the same type. Averages over
// the source area where both sides shrink (no aliasing), else interpolates bilinearly. Runs on the
// calling thread alone.
at::Tensor resize_image(const at::Tensor& image, int64_t height, int64_t width);

}  // namespace octet
