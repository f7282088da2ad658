#include "octet/train/augmentation.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include <set>

#include "octet/base/error.h"
#include "tests/support/dataset_files.h"

namespace octet {
namespace {

using test::message_of;
using ::testing::ElementsAre;

at::Tensor apply(const Augmentation& augmentation, const at::Tensor& image, int64_t index = 0) {
  DataRandom random(0, 0, index);
  return augment(augmentation, image, random);
}

at::Tensor counting_image(int64_t channels, int64_t height, int64_t width) {
  return at::arange(channels * height * width, at::kFloat).view({channels, height, width});
}

TEST(Augmentation, DividesBytesBy255) {
  const at::Tensor image = at::tensor({0, 51, 255}, at::kByte).view({1, 1, 3});
  EXPECT_TRUE(at::allclose(apply({}, image), at::tensor({0.f, 0.2f, 1.f}).view({1, 1, 3})));
}

TEST(Augmentation, NormalizesEachChannel) {
  Augmentation augmentation;
  augmentation.mean = {1.f, 2.f};
  augmentation.std = {2.f, 0.5f};
  const at::Tensor image = at::tensor({3.f, 5.f, 3.f, 2.f}).view({2, 1, 2});
  const at::Tensor expected = at::tensor({1.f, 2.f, 2.f, 0.f}).view({2, 1, 2});
  EXPECT_TRUE(at::allclose(apply(augmentation, image), expected));
  const at::Tensor interleaved = image.permute({1, 2, 0}).contiguous().permute({2, 0, 1});
  EXPECT_TRUE(at::allclose(apply(augmentation, interleaved), expected));
}

TEST(Augmentation, CropsTheCentre) {
  const at::Tensor image = counting_image(2, 5, 6);
  const at::Tensor expected = image.narrow(1, 1, 2).narrow(2, 2, 2);
  EXPECT_TRUE(at::equal(apply({.center_crop = 2}, image), expected));
}

TEST(Augmentation, FillsWhatSticksOutWithNormalizedZero) {
  Augmentation augmentation{.center_crop = 4};
  augmentation.mean = {1.f};
  augmentation.std = {2.f};
  const at::Tensor out = apply(augmentation, at::full({1, 2, 2}, 7.f));
  const at::Tensor expected = at::full({1, 4, 4}, -0.5f);
  expected.narrow(1, 1, 2).narrow(2, 1, 2).fill_(3.f);
  EXPECT_TRUE(at::allclose(out, expected));
}

TEST(Augmentation, FlipsByItsProbability) {
  const at::Tensor image = counting_image(3, 2, 5);
  EXPECT_TRUE(at::equal(apply({.flip_probability = 1}, image), image.flip({2})));
  int flipped = 0;
  for (int64_t i = 0; i < 1000; ++i) {
    flipped += !at::equal(apply({.flip_probability = 0.25}, image, i), image);
  }
  // Five standard deviations of the binomial distribution: 5 * sqrt(1000 * 0.25 * 0.75) = 68.
  EXPECT_NEAR(flipped, 250, 68);
}

TEST(Augmentation, CropsEveryPartOfThePaddedImage) {
  const Augmentation augmentation{.random_crop = RandomCrop{.padding = 1}};
  const at::Tensor image = counting_image(1, 3, 3) + 1;
  const at::Tensor padded = at::constant_pad_nd(image, {1, 1, 1, 1}, 0);
  std::set<int64_t> places;
  for (int64_t i = 0; i < 200; ++i) {
    const at::Tensor out = apply(augmentation, image, i);
    for (int64_t place = 0; place < 9; ++place) {
      const at::Tensor part = padded.narrow(1, place / 3, 3).narrow(2, place % 3, 3);
      if (at::equal(out, part)) places.insert(place);
    }
  }
  EXPECT_EQ(places.size(), 9u);
}

TEST(Augmentation, MirrorsACropWithItsPadding) {
  Augmentation augmentation{.random_crop = RandomCrop{.padding = 2}, .flip_probability = 1};
  const at::Tensor image = counting_image(2, 4, 5) + 1;
  Augmentation unflipped = augmentation;
  unflipped.flip_probability = 0;
  for (int64_t i = 0; i < 20; ++i) {
    EXPECT_TRUE(at::equal(apply(augmentation, image, i), apply(unflipped, image, i).flip({2})));
  }
}

TEST(Augmentation, DependsOnTheGeneratorAlone) {
  const Augmentation augmentation = training_augmentation({3, 32, 32});
  const at::Tensor image = counting_image(3, 32, 32);
  EXPECT_TRUE(at::equal(apply(augmentation, image, 5), apply(augmentation, image, 5)));
  EXPECT_FALSE(at::equal(apply(augmentation, image, 5), apply(augmentation, image, 6)));
}

TEST(Augmentation, PresetsFitSmallImages) {
  const Augmentation colour = training_augmentation({3, 32, 32});
  EXPECT_EQ(colour.random_crop->padding, 4);
  EXPECT_EQ(colour.flip_probability, 0.5);
  EXPECT_THAT(colour.mean, ElementsAre(0.485f, 0.456f, 0.406f));
  EXPECT_EQ(augmented_shape(colour, {3, 32, 32}), Shape({3, 32, 32}));
  const Augmentation grey = training_augmentation({1, 28, 28}, 32);
  EXPECT_EQ(grey.flip_probability, 0);
  EXPECT_EQ(grey.resize_shorter, 32);
  EXPECT_THAT(grey.std, ElementsAre(0.5f));
  EXPECT_EQ(augmented_shape(grey, {1, 28, 28}), Shape({1, 32, 32}));
  EXPECT_EQ(augmented_shape(validation_augmentation({1, 28, 28}), {1, 28, 28}), Shape({1, 28, 28}));
  EXPECT_EQ(augmented_shape(validation_augmentation({1, 28, 28}, 16), {1, 28, 28}),
            Shape({1, 16, 16}));
}

TEST(Augmentation, PresetsFitPhotographs) {
  const Shape photographs{3, kFreeDim, kFreeDim};
  const Augmentation training = training_augmentation(photographs);
  EXPECT_EQ(training.random_resized_crop->size, 224);
  EXPECT_EQ(augmented_shape(training, photographs), Shape({3, 224, 224}));
  const Augmentation validation = validation_augmentation(photographs, 112);
  EXPECT_EQ(validation.resize_shorter, 128);
  EXPECT_EQ(augmented_shape(validation, photographs), Shape({3, 112, 112}));
  EXPECT_EQ(augmented_shape({.resize_shorter = 10}, photographs), photographs);
}

TEST(Augmentation, KnowsTheShapeOfAResizedImage) {
  EXPECT_EQ(augmented_shape({.resize_shorter = 10}, {3, 21, 50}), Shape({3, 10, 23}));
  EXPECT_EQ(augmented_shape({.resize_shorter = 10}, {3, 50, 21}), Shape({3, 23, 10}));
}

#ifdef OCTET_WITH_IMAGES
TEST(Augmentation, ResizesTheShorterSide) {
  const at::Tensor out = apply({.resize_shorter = 2}, counting_image(1, 4, 8));
  const at::Tensor expected = at::avg_pool2d(counting_image(1, 4, 8), {2, 2});
  EXPECT_TRUE(at::allclose(out, expected));
}

// A horizontal ramp tells which columns were cropped, so area and ratio can be read off.
TEST(Augmentation, ResizedCropsKeepToScaleAndRatio) {
  const RandomResizedCrop crop{.size = 8, .min_scale = 0.25, .max_scale = 0.5};
  const at::Tensor columns = at::arange(64, at::kFloat).expand({64, 64});
  const at::Tensor image = at::stack({columns, columns.t()});
  for (int64_t i = 0; i < 100; ++i) {
    const at::Tensor out = apply({.random_resized_crop = crop}, image, i);
    ASSERT_EQ(out.sizes(), at::IntArrayRef({2, 8, 8}));
    // The middles of the outermost of 8 cells are 7/8 of the cropped length apart.
    const double width = (out[0][0][7] - out[0][0][0]).item<double>() * 8 / 7;
    const double height = (out[1][7][0] - out[1][0][0]).item<double>() * 8 / 7;
    // Lengths are rounded to whole pixels: half a pixel of at least 64 * sqrt(0.25 * 0.75) = 27.
    EXPECT_GE(width * height, 0.25 * 64 * 64 * 0.96);
    EXPECT_LE(width * height, 0.50 * 64 * 64 * 1.04);
    EXPECT_GE(width / height, 0.75 * 0.96);
    EXPECT_LE(width / height, 4.0 / 3.0 * 1.04);
  }
}

TEST(Augmentation, ResizedCropsOfNarrowImagesFallBackToTheCentre) {
  const at::Tensor image = at::arange(100, at::kFloat).expand({1, 1, 100});
  RandomResizedCrop crop{.size = 1, .min_scale = 1};
  EXPECT_NEAR(apply({.random_resized_crop = crop}, image).item<float>(), 49.5f, 0.5f);
}
#else
TEST(Augmentation, SaysThatResizingNeedsOpenCv) {
  EXPECT_EQ(message_of<Error>([] {
              apply({.resize_shorter = 2}, at::zeros({1, 4, 4}));
            }),
            "[augmentation] resizing 4 x 4 to 2 x 2 needs OpenCV, and this build has none: "
            "configure with -DOCTET_WITH_IMAGES=ON");
}
#endif

TEST(Augmentation, NormalizationOfTheCaller) {
  const Normalization one{.mean = {0.25}, .std = {2}};
  const Normalization each{.mean = {0, 0.5, 1}, .std = {1, 0.5, 0.25}};
  const std::vector<float> means{0.25F, 0.25F, 0.25F};
  EXPECT_EQ(training_augmentation({3, 8, 8}, 0, one).mean, means);
  EXPECT_EQ(validation_augmentation({3, 8, 8}, 0, one).std, (std::vector<float>{2, 2, 2}));
  EXPECT_EQ(validation_augmentation({3, 8, 8}, 0, each).std, (std::vector<float>{1, 0.5, 0.25}));
  // A pixel of 255 is 1 before it is normalized.
  const at::Tensor white = at::full({3, 8, 8}, 255, at::kByte);
  DataRandom random(0, 0, 0);
  const at::Tensor image = augment(validation_augmentation({3, 8, 8}, 0, each), white, random);
  EXPECT_EQ(image[0][0][0].item<float>(), 1);
  EXPECT_EQ(image[1][0][0].item<float>(), 1);
  EXPECT_EQ(image[2][0][0].item<float>(), 0);
}

TEST(Augmentation, SaysWhatIsWrongWithANormalization) {
  const auto error = [](const Normalization& normalization) {
    return message_of<Error>([&] { validation_augmentation({3, 8, 8}, 0, normalization); });
  };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(error({.mean = {0, 0}, .std = {1}}),
            "[augmentation] mean has 2 values, and the images have 3 channels: give 1 or 3");
  EXPECT_EQ(error({.mean = {0}, .std = {1, 1, 1, 1}}),
            "[augmentation] std has 4 values, and the images have 3 channels: give 1 or 3");
  EXPECT_EQ(error({.mean = {0.5}}), "[augmentation] there is a mean, but no std: give both");
  EXPECT_EQ(error({.std = {0.5}}), "[augmentation] there is a std, but no mean: give both");
  EXPECT_EQ(error({.mean = {0}, .std = {0}}), "[augmentation] std must be positive: 0, 0, 0");
  EXPECT_EQ(error({.mean = {0}, .std = {kInfinity}}),
            "[augmentation] std must be positive: inf, inf, inf");
  EXPECT_EQ(error({.mean = {kInfinity}, .std = {1}}),
            "[augmentation] mean must be finite: inf, inf, inf");
}

TEST(Augmentation, SaysWhatIsWrong) {
  const auto error = [](const Augmentation& augmentation) {
    return message_of<Error>([&] { check_augmentation(augmentation, 3); });
  };
  EXPECT_EQ(error({.resize_shorter = -1}),
            "[augmentation] resize_shorter = -1 and center_crop = 0 must not be negative");
  EXPECT_EQ(error({.flip_probability = 1.5}),
            "[augmentation] flip_probability = 1.5 is not in 0..1");
  EXPECT_EQ(error({.random_crop = RandomCrop{.padding = -2}}),
            "[augmentation] random_crop: padding = -2 and size = 0 must not be negative");
  EXPECT_EQ(error({.random_resized_crop = RandomResizedCrop{.size = 0}}),
            "[augmentation] random_resized_crop: size = 0 must be positive");
  EXPECT_EQ(error({.random_resized_crop = RandomResizedCrop{.min_scale = 2}}),
            "[augmentation] random_resized_crop: scale 2..1 is not within 0..1");
  EXPECT_EQ(error({.random_resized_crop = RandomResizedCrop{.min_ratio = 2, .max_ratio = 1}}),
            "[augmentation] random_resized_crop: ratio 2..1 is empty or not positive");
  EXPECT_EQ(error({.mean = {0.f}, .std = {1.f}}),
            "[augmentation] 1 values of mean and 1 of std for 3 channels");
  EXPECT_EQ(error({.mean = {0, 0, 0}, .std = {1, 0, 1}}),
            "[augmentation] std must be positive: 1, 0, 1");
  EXPECT_EQ(message_of<Error>([] {
              apply({}, at::zeros({2, 2}));
            }),
            "[augmentation] an image is (C, H, W), not (2, 2)");
  EXPECT_EQ(message_of<Error>([] {
              apply({}, at::zeros({1, 2, 2}, at::kLong));
            }),
            "[augmentation] images are uint8 or float32, not Long");
  EXPECT_EQ(message_of<Error>([] {
              apply({}, at::zeros({1, 0, 2}));
            }),
            "[augmentation] the image (1, 0, 2) is empty");
  EXPECT_EQ(message_of<Error>([] {
              apply({.random_crop = RandomCrop{.padding = 1, .size = 5}}, at::zeros({1, 2, 3}));
            }),
            "[augmentation] a random crop of 5 x 5 does not fit into 2 x 3 with a padding of 1");
  EXPECT_EQ(message_of<Error>([] {
              training_augmentation({28, 28});
            }),
            "[augmentation] an image is (C, H, W), not (28, 28)");
  EXPECT_EQ(message_of<Error>([] {
              validation_augmentation({1, 28, 28}, -3);
            }),
            "[augmentation] an image size of -3 pixels is negative");
}

}  // namespace
}  // namespace octet
