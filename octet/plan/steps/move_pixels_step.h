// Functions that move the pixels of images, of bytes or floats: padding, slices, flips and
// upsampling to the nearest neighbour.
#pragma once

#include "octet/plan/builder.h"

namespace octet::plan {

bool add_move_pixels(Builder& builder, FunctionId id);

}  // namespace octet::plan
