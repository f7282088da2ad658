// Pools regions of images to one size, by bilinear samples (He et al., 2017, "Mask R-CNN", section
// 3), as ONNX's RoiAlign.
//
// x (N, C, H, W), rois (R, 4), batch_indices (R): y (R, C, output_height, output_width). A region
// is x1, y1, x2, y2, each times spatial_scale, in the image that its index names. It is divided
// into output_height x output_width bins, each of which is sampled at the middles of sampling_ratio
// x sampling_ratio parts; 0: ceil(height / output_height) x ceil(width / output_width) parts.
//
// coordinate_transformation_mode "half_pixel": pixel i covers i to i + 1, so half a pixel is taken
// off the coordinates. "output_half_pixel": coordinates are positions between pixels as they are,
// and a region has at least the size 1.
//
// A sample weighs its four neighbours; one that is more than a pixel outside of the image is 0.
// mode "avg": the mean of a bin's samples. "max": the largest weighted neighbour, as ONNX defines
// it (not the largest sample). Gradients reach x alone.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct RoiAlign {
  OCTET_ATTRIBUTES(RoiAlign, output_height, output_width, sampling_ratio, spatial_scale, mode,
                   coordinate_transformation_mode)
  static constexpr std::array kInputs{InputSpec{"x"}, InputSpec{.name = "rois", .exact = true},
                                      InputSpec{.name = "batch_indices", .exact = true}};
  int64_t output_height = 1;
  int64_t output_width = 1;
  int64_t sampling_ratio = 0;
  float spatial_scale = 1.0F;
  std::string mode = "avg";
  std::string coordinate_transformation_mode = "half_pixel";
};

}  // namespace octet
