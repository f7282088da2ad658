// From a decoded image to a network's input: resize, crop, flip, normalize.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "octet/base/shape.h"
#include "octet/train/dataset_random.h"

namespace octet {

// A part of the image with a random area and a random aspect ratio, resized to size x size (Szegedy
// et al., "Going deeper with convolutions", 2014, section 6).
struct RandomResizedCrop {
  int64_t size = 224;
  // Share of the image's area.
  double min_scale = 0.08, max_scale = 1.0;
  // Width over height.
  double min_ratio = 3.0 / 4.0, max_ratio = 4.0 / 3.0;
};

// A random part of the image after a border of `padding` pixels of value 0 was put around it.
struct RandomCrop {
  int64_t padding = 0;
  // Both sides of the part in pixels; 0 for the size that the image had before padding.
  int64_t size = 0;
};

// The steps in the order in which they are applied; a step that is unset or 0 is left out.
struct Augmentation {
  // Length of the shorter side in pixels; the aspect ratio stays.
  int64_t resize_shorter = 0;
  std::optional<RandomResizedCrop> random_resized_crop = std::nullopt;
  std::optional<RandomCrop> random_crop = std::nullopt;
  // Both sides of the central part; what sticks out beyond the image is 0.
  int64_t center_crop = 0;
  // Probability of mirroring left to right.
  double flip_probability = 0;
  // Per channel; y = (x - mean) / std, where uint8 images are first divided by 255. Empty: no
  // normalization, though uint8 images are still divided.
  std::vector<float> mean = {}, std = {};
};

// How pixels become numbers: y = (x / 255 - mean) / std, as torchvision's Normalize behind ToTensor
// does it. One value for all channels or one for each. Both empty: ImageNet's mean and standard
// deviation for three channels, 0.5 and 0.5 (to -1..1) for others.
struct Normalization {
  std::vector<double> mean = {}, std = {};
};

// For training: small images (of one known size, up to 64 pixels a side) are padded by an eighth of
// their side and cropped at random, others get a random resized crop. Colour images are flipped
// with probability 0.5, grey ones are not, since a mirrored digit is another sign. `image_shape` is
// a Dataset's; `size` is the side of the result, 0 for the images' own or, where they differ in
// size, 224. Throws Error for a negative size, and for a normalization with another number of
// values, with only one of mean and std, with values that are not finite or a std not above 0.
Augmentation training_augmentation(const Shape& image_shape, int64_t size = 0,
                                   const Normalization& normalization = {});

// For validation, without randomness: small images are resized if need be, others are resized to
// 256/224 of the size and their centre is cropped. Arguments as for training.
Augmentation validation_augmentation(const Shape& image_shape, int64_t size = 0,
                                     const Normalization& normalization = {});

// The shape of the result for an image (C, H, W); kFreeDim where that depends on the image.
Shape augmented_shape(const Augmentation& augmentation, const Shape& image_shape);

// Throws Error for values outside their range, or for a mean or std that does not have one value
// per channel.
void check_augmentation(const Augmentation& augmentation, int64_t channels);

// Applies the steps to an image (C, H, W), uint8 or float32, and writes the result to `out`,
// contiguous float32 of shape augmented_shape(...). Draws from `random` alone. Runs on the calling
// thread. Throws Error where a step needs OpenCV and the build has none.
void augment_into(const Augmentation& augmentation, const at::Tensor& image, DataRandom& random,
                  const at::Tensor& out);

// Likewise with a new tensor.
at::Tensor augment(const Augmentation& augmentation, const at::Tensor& image, DataRandom& random);

}  // namespace octet
