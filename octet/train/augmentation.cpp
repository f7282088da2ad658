#include "octet/train/augmentation.h"

#include <ATen/ATen.h>
#include <c10/core/ScalarType.h>

#include <algorithm>
#include <cmath>

#include "octet/base/error.h"
#ifdef OCTET_WITH_IMAGES
#include "octet/train/image_resize.h"
#endif

namespace octet {
namespace {

constexpr const char* kWhere = "augmentation";

at::Tensor resize_or_explain(const at::Tensor& image, int64_t height, int64_t width) {
  if (image.size(1) == height && image.size(2) == width) return image;
#ifdef OCTET_WITH_IMAGES
  return resize_image(image, height, width);
#else
  throw_error(kWhere,
              "resizing {} x {} to {} x {} needs OpenCV, and this build has none: configure with "
              "-DOCTET_WITH_IMAGES=ON",
              image.size(1), image.size(2), height, width);
#endif
}

struct Size {
  int64_t height = 0, width = 0;
};

// The longer side is rounded down, as torchvision's Resize has it.
Size resized_shorter(Size size, int64_t shorter) {
  if (size.height <= size.width) return {shorter, shorter * size.width / size.height};
  return {shorter * size.height / size.width, shorter};
}

// A rectangle of an image in pixels; it may stick out, where it is 0.
struct Window {
  int64_t top = 0, left = 0, height = 0, width = 0;
};

// As torchvision's RandomResizedCrop: ten tries, then the largest central part of an allowed ratio.
Window draw_resized_crop(const RandomResizedCrop& crop, Size size, DataRandom& random) {
  const double area = static_cast<double>(size.height * size.width);
  for (int attempt = 0; attempt < 10; ++attempt) {
    const double target = area * random.uniform(crop.min_scale, crop.max_scale);
    const double ratio =
        std::exp(random.uniform(std::log(crop.min_ratio), std::log(crop.max_ratio)));
    const int64_t width = std::llround(std::sqrt(target * ratio));
    const int64_t height = std::llround(std::sqrt(target / ratio));
    if (width < 1 || width > size.width || height < 1 || height > size.height) continue;
    const int64_t top = random.below(size.height - height + 1);
    const int64_t left = random.below(size.width - width + 1);
    return {top, left, height, width};
  }
  const double ratio =
      std::clamp(static_cast<double>(size.width) / static_cast<double>(size.height), crop.min_ratio,
                 crop.max_ratio);
  const int64_t width =
      std::clamp<int64_t>(std::llround(static_cast<double>(size.height) * ratio), 1, size.width);
  const int64_t height =
      std::clamp<int64_t>(std::llround(static_cast<double>(size.width) / ratio), 1, size.height);
  return {(size.height - height) / 2, (size.width - width) / 2, height, width};
}

Window draw_crop(const RandomCrop& crop, const Window& window, DataRandom& random) {
  const int64_t height = crop.size > 0 ? crop.size : window.height;
  const int64_t width = crop.size > 0 ? crop.size : window.width;
  const int64_t spare_rows = window.height + 2 * crop.padding - height;
  const int64_t spare_columns = window.width + 2 * crop.padding - width;
  OCTET_CHECK(spare_rows >= 0 && spare_columns >= 0, kWhere,
              "a random crop of {} x {} does not fit into {} x {} with a padding of {}", height,
              width, window.height, window.width, crop.padding);
  const int64_t top = random.below(spare_rows + 1);
  const int64_t left = random.below(spare_columns + 1);
  return {window.top + top - crop.padding, window.left + left - crop.padding, height, width};
}

Window crop_center(const Window& window, int64_t side) {
  // Rounded down for negative differences too, so that the same pixel stays the centre.
  const auto half = [](int64_t value) { return value >> 1; };
  return {window.top + half(window.height - side), window.left + half(window.width - side), side,
          side};
}

// y = x * scale + shift
struct Affine {
  float scale = 1, shift = 0;
};

Affine normalization(const Augmentation& augmentation, int64_t channel, bool is_bytes) {
  const float unit = is_bytes ? 1.0f / 255.0f : 1.0f;
  if (augmentation.mean.empty()) return {unit, 0};
  const float inverse = 1.0f / augmentation.std[channel];
  return {unit * inverse, -augmentation.mean[channel] * inverse};
}

// Writes one channel of the window, mirrored if asked, normalized.
template <class Value>
void write_channel(const at::Tensor& plane, const Window& window, bool mirrored, Affine affine,
                   float* out) {
  const Value* data = plane.data_ptr<Value>();
  const int64_t row_stride = plane.stride(0), column_stride = plane.stride(1);
  const int64_t first = std::clamp<int64_t>(-window.left, 0, window.width);
  const int64_t last = std::clamp<int64_t>(plane.size(1) - window.left, first, window.width);
  for (int64_t y = 0; y < window.height; ++y, out += window.width) {
    const int64_t row = window.top + y;
    if (row < 0 || row >= plane.size(0)) {
      std::fill(out, out + window.width, affine.shift);
      continue;
    }
    std::fill(out, out + first, affine.shift);
    std::fill(out + last, out + window.width, affine.shift);
    const Value* in = data + row * row_stride;
    for (int64_t x = first; x < last; ++x) {
      const auto value = static_cast<float>(in[(window.left + x) * column_stride]);
      out[x] = value * affine.scale + affine.shift;
    }
    if (mirrored) std::reverse(out, out + window.width);
  }
}

void write_window(const Augmentation& augmentation, const at::Tensor& image, const Window& window,
                  bool mirrored, const at::Tensor& out) {
  const bool is_bytes = image.scalar_type() == at::kByte;
  for (int64_t c = 0; c < image.size(0); ++c) {
    const Affine affine = normalization(augmentation, c, is_bytes);
    float* plane = out.data_ptr<float>() + c * window.height * window.width;
    if (is_bytes) {
      write_channel<uint8_t>(image[c], window, mirrored, affine, plane);
    } else {
      write_channel<float>(image[c], window, mirrored, affine, plane);
    }
  }
}

constexpr int64_t kLargestSmallSide = 64;
constexpr int64_t kDefaultSize = 224;

bool is_small(const Shape& image_shape) {
  const auto fits = [](int64_t side) { return side != kFreeDim && side <= kLargestSmallSide; };
  return fits(image_shape[1]) && fits(image_shape[2]);
}

int64_t chosen_size(const Shape& image_shape, int64_t size) {
  if (size > 0) return size;
  const int64_t shorter = std::min(image_shape[1], image_shape[2]);
  return shorter == kFreeDim ? kDefaultSize : shorter;
}

void check_image_shape(const Shape& image_shape) {
  OCTET_CHECK(image_shape.rank() == 3, kWhere, "an image is (C, H, W), not {}",
              to_string(image_shape));
}

void check_normalization(const Augmentation& augmentation) {
  for (const float value : augmentation.mean) {
    OCTET_CHECK(std::isfinite(value), kWhere, "mean must be finite: {}",
                fmt::join(augmentation.mean, ", "));
  }
  for (const float value : augmentation.std) {
    OCTET_CHECK(std::isfinite(value) && value > 0, kWhere, "std must be positive: {}",
                fmt::join(augmentation.std, ", "));
  }
}

void check_preset(const Shape& image_shape, int64_t size) {
  check_image_shape(image_shape);
  OCTET_CHECK(size >= 0, kWhere, "an image size of {} pixels is negative", size);
}

// One value for each channel.
std::vector<float> per_channel(const char* name, const std::vector<double>& values,
                               int64_t channels) {
  const auto count = static_cast<int64_t>(values.size());
  OCTET_CHECK(count == 1 || count == channels, kWhere,
              "{} has {} values, and the images have {} channels: give 1 or {}", name, count,
              channels, channels);
  std::vector<float> result(values.begin(), values.end());
  if (count == 1) result.resize(channels, result[0]);
  return result;
}

void set_normalization(Augmentation& augmentation, int64_t channels,
                       const Normalization& normalization) {
  const auto& [mean, std] = normalization;
  OCTET_CHECK(mean.empty() == std.empty(), kWhere, "there is a {}, but no {}: give both",
              mean.empty() ? "std" : "mean", mean.empty() ? "mean" : "std");
  if (!mean.empty()) {
    augmentation.mean = per_channel("mean", mean, channels);
    augmentation.std = per_channel("std", std, channels);
    check_normalization(augmentation);
  } else if (channels == 3) {
    // ImageNet's statistics on the scale of 0 to 1.
    augmentation.mean = {0.485f, 0.456f, 0.406f};
    augmentation.std = {0.229f, 0.224f, 0.225f};
  } else {
    augmentation.mean.assign(channels, 0.5f);
    augmentation.std.assign(channels, 0.5f);
  }
}

bool is_size(const Shape& image_shape, int64_t size) {
  return image_shape[1] == size && image_shape[2] == size;
}

}  // namespace

Augmentation training_augmentation(const Shape& image_shape, int64_t size,
                                   const Normalization& normalization) {
  check_preset(image_shape, size);
  Augmentation augmentation;
  if (is_small(image_shape)) {
    if (size > 0 && !is_size(image_shape, size)) augmentation.resize_shorter = size;
    augmentation.random_crop =
        RandomCrop{.padding = chosen_size(image_shape, size) / 8, .size = size};
  } else {
    augmentation.random_resized_crop = RandomResizedCrop{.size = chosen_size(image_shape, size)};
  }
  if (image_shape[0] == 3) augmentation.flip_probability = 0.5;
  set_normalization(augmentation, image_shape[0], normalization);
  return augmentation;
}

Augmentation validation_augmentation(const Shape& image_shape, int64_t size,
                                     const Normalization& normalization) {
  check_preset(image_shape, size);
  Augmentation augmentation;
  if (is_small(image_shape)) {
    if (size > 0 && !is_size(image_shape, size)) {
      augmentation.resize_shorter = size;
      augmentation.center_crop = size;
    }
  } else {
    const int64_t side = chosen_size(image_shape, size);
    augmentation.resize_shorter = side * 256 / 224;
    augmentation.center_crop = side;
  }
  set_normalization(augmentation, image_shape[0], normalization);
  return augmentation;
}

Shape augmented_shape(const Augmentation& augmentation, const Shape& image_shape) {
  check_image_shape(image_shape);
  Size size{image_shape[1], image_shape[2]};
  if (augmentation.resize_shorter > 0) {
    const bool known = size.height != kFreeDim && size.width != kFreeDim;
    size = known ? resized_shorter(size, augmentation.resize_shorter) : Size{kFreeDim, kFreeDim};
  }
  if (augmentation.random_resized_crop) {
    size = {augmentation.random_resized_crop->size, augmentation.random_resized_crop->size};
  }
  if (augmentation.random_crop && augmentation.random_crop->size > 0) {
    size = {augmentation.random_crop->size, augmentation.random_crop->size};
  }
  if (augmentation.center_crop > 0) size = {augmentation.center_crop, augmentation.center_crop};
  return {image_shape[0], size.height, size.width};
}

void check_augmentation(const Augmentation& augmentation, int64_t channels) {
  const auto& [resize_shorter, resized_crop, crop, center_crop, flip, mean, std] = augmentation;
  OCTET_CHECK(resize_shorter >= 0 && center_crop >= 0, kWhere,
              "resize_shorter = {} and center_crop = {} must not be negative", resize_shorter,
              center_crop);
  OCTET_CHECK(flip >= 0 && flip <= 1, kWhere, "flip_probability = {} is not in 0..1", flip);
  if (crop) {
    OCTET_CHECK(crop->padding >= 0 && crop->size >= 0, kWhere,
                "random_crop: padding = {} and size = {} must not be negative", crop->padding,
                crop->size);
  }
  if (resized_crop) {
    OCTET_CHECK(resized_crop->size > 0, kWhere, "random_resized_crop: size = {} must be positive",
                resized_crop->size);
    const double low = resized_crop->min_scale, high = resized_crop->max_scale;
    OCTET_CHECK(0 < low && low <= high && high <= 1, kWhere,
                "random_resized_crop: scale {}..{} is not within 0..1", low, high);
    OCTET_CHECK(0 < resized_crop->min_ratio && resized_crop->min_ratio <= resized_crop->max_ratio,
                kWhere, "random_resized_crop: ratio {}..{} is empty or not positive",
                resized_crop->min_ratio, resized_crop->max_ratio);
  }
  const auto count = static_cast<int64_t>(mean.size());
  OCTET_CHECK(mean.size() == std.size() && (count == 0 || count == channels), kWhere,
              "{} values of mean and {} of std for {} channels", mean.size(), std.size(), channels);
  check_normalization(augmentation);
}

void augment_into(const Augmentation& augmentation, const at::Tensor& image, DataRandom& random,
                  const at::Tensor& out) {
  check_image_shape(Shape(image.sizes().vec()));
  OCTET_CHECK(image.scalar_type() == at::kByte || image.scalar_type() == at::kFloat, kWhere,
              "images are uint8 or float32, not {}", c10::toString(image.scalar_type()));
  OCTET_CHECK(image.numel() > 0, kWhere, "the image {} is empty",
              to_string(Shape(image.sizes().vec())));
  at::Tensor source = image;
  if (augmentation.resize_shorter > 0) {
    const Size size =
        resized_shorter({source.size(1), source.size(2)}, augmentation.resize_shorter);
    source = resize_or_explain(source, size.height, size.width);
  }
  if (augmentation.random_resized_crop) {
    const RandomResizedCrop& crop = *augmentation.random_resized_crop;
    const Window part = draw_resized_crop(crop, {source.size(1), source.size(2)}, random);
    source = source.narrow(1, part.top, part.height).narrow(2, part.left, part.width);
    source = resize_or_explain(source, crop.size, crop.size);
  }
  Window window{0, 0, source.size(1), source.size(2)};
  if (augmentation.random_crop) window = draw_crop(*augmentation.random_crop, window, random);
  if (augmentation.center_crop > 0) window = crop_center(window, augmentation.center_crop);
  const bool mirrored =
      augmentation.flip_probability > 0 && random.uniform(0, 1) < augmentation.flip_probability;
  OCTET_INTERNAL_CHECK(out.is_contiguous() && out.scalar_type() == at::kFloat &&
                       out.sizes() ==
                           at::IntArrayRef({source.size(0), window.height, window.width}));
  write_window(augmentation, source, window, mirrored, out);
}

at::Tensor augment(const Augmentation& augmentation, const at::Tensor& image, DataRandom& random) {
  const Shape shape = augmented_shape(augmentation, Shape(image.sizes().vec()));
  check_augmentation(augmentation, shape[0]);
  const at::Tensor out = at::empty(shape, at::kFloat);
  augment_into(augmentation, image, random, out);
  return out;
}

}  // namespace octet
