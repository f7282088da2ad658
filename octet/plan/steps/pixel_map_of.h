// Which functions move the pixels of images, each image and channel alike.
#pragma once

#include <optional>

#include "octet/kernels/moves.h"
#include "octet/ops/operation.h"

namespace octet::plan {

// Of images x (N, C, H, W) to images y: Pad, Slice and Flip along height and width, Unpooling,
// nearest Interpolate and Resize. Nothing for other functions, shapes and extents beyond 2^24
// pixels. Pixels that Pad adds have no source.
std::optional<kernels::PixelMap> pixel_map_of(const Attributes& attributes, const Shape& x,
                                              const Shape& y);

}  // namespace octet::plan
