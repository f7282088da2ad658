// Encoded images to tensors. Part of the build only with OCTET_WITH_IMAGES.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace octet {

// Decodes a JPEG or PNG file to (3, H, W) uint8, RGB, in interleaved memory (strides 1, 3*W, 3).
// Grey and CMYK images become RGB, an alpha channel is dropped, 16-bit samples keep their upper 8
// bits. The orientation tag of cameras is not applied, as in torchvision. Throws FileError with
// the path for a file that cannot be read, is cut off or is no image.
at::Tensor decode_image(const std::string& path);

}  // namespace octet
