#include "octet/train/image_resize.h"

#include <ATen/ATen.h>

#include <opencv2/imgproc.hpp>

#include "octet/base/error.h"

namespace octet {
namespace {

// One row of `pixels` is (W, channels) in interleaved memory, rows may have gaps.
cv::Mat wrap_pixels(const at::Tensor& pixels, int channels) {
  const int depth = pixels.scalar_type() == at::kByte ? CV_8U : CV_32F;
  return cv::Mat(static_cast<int>(pixels.size(0)), static_cast<int>(pixels.size(1)),
                 CV_MAKETYPE(depth, channels), pixels.data_ptr(),
                 static_cast<size_t>(pixels.stride(0) * pixels.element_size()));
}

void resize_pixels(const at::Tensor& from, const at::Tensor& to, int channels) {
  const bool shrinks = to.size(0) <= from.size(0) && to.size(1) <= from.size(1);
  const cv::Mat source = wrap_pixels(from, channels);
  cv::Mat target = wrap_pixels(to, channels);
  try {
    cv::resize(source, target, target.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  } catch (const cv::Exception& error) {
    throw_error("resize", "{} x {} to {} x {} pixels: {}", from.size(0), from.size(1), to.size(0),
                to.size(1), error.err);
  }
}

// OpenCV's own threads would compete with the loader's workers, which are the parallelism here.
void use_calling_thread_only() {
  static const bool done = (cv::setNumThreads(1), true);
  static_cast<void>(done);
}

}  // namespace

at::Tensor resize_image(const at::Tensor& image, int64_t height, int64_t width) {
  OCTET_INTERNAL_CHECK(image.dim() == 3 && image.numel() > 0 && height > 0 && width > 0);
  OCTET_INTERNAL_CHECK(image.scalar_type() == at::kByte || image.scalar_type() == at::kFloat);
  use_calling_thread_only();
  const int64_t channels = image.size(0);
  const bool interleaved =
      channels <= 4 && image.stride(0) == 1 && image.stride(2) == channels && channels > 1;
  if (interleaved) {
    const at::Tensor resized = at::empty({height, width, channels}, image.options());
    resize_pixels(image.permute({1, 2, 0}), resized, static_cast<int>(channels));
    return resized.permute({2, 0, 1});
  }
  const at::Tensor planes = image.stride(2) == 1 ? image : image.contiguous();
  const at::Tensor resized = at::empty({channels, height, width}, image.options());
  for (int64_t c = 0; c < channels; ++c) resize_pixels(planes[c], resized[c], 1);
  return resized;
}

}  // namespace octet
