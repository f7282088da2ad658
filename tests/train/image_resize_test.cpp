#ifdef OCTET_WITH_IMAGES

#include "octet/train/image_resize.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace octet {
namespace {

TEST(ResizeImage, AveragesWhenItShrinks) {
  const at::Tensor image = at::arange(16, at::kFloat).view({1, 4, 4});
  const at::Tensor expected = at::tensor({2.5f, 4.5f, 10.5f, 12.5f}).view({1, 2, 2});
  EXPECT_TRUE(at::allclose(resize_image(image, 2, 2), expected));
}

TEST(ResizeImage, InterpolatesWhenItGrows) {
  const at::Tensor image = at::tensor({0.f, 4.f}).view({1, 1, 2});
  const at::Tensor expected = at::tensor({0.f, 1.f, 3.f, 4.f}).view({1, 1, 4});
  EXPECT_TRUE(at::allclose(resize_image(image, 1, 4), expected));
}

TEST(ResizeImage, GivesTheSameForPlanarInterleavedAndCroppedMemory) {
  const at::Tensor planar =
      at::arange(3 * 12 * 10).mul(37).remainder(256).to(at::kByte).view({3, 12, 10});
  const at::Tensor interleaved = planar.permute({1, 2, 0}).contiguous().permute({2, 0, 1});
  const at::Tensor transposed = planar.transpose(1, 2).contiguous().transpose(1, 2);
  const at::Tensor expected = resize_image(planar, 5, 7);
  EXPECT_EQ(expected.scalar_type(), at::kByte);
  EXPECT_TRUE(at::equal(resize_image(interleaved, 5, 7), expected));
  EXPECT_TRUE(at::equal(resize_image(transposed, 5, 7), expected));
  const auto part = [](const at::Tensor& image) { return image.narrow(1, 2, 6).narrow(2, 3, 5); };
  EXPECT_TRUE(at::equal(resize_image(part(interleaved), 4, 4),
                        resize_image(part(planar).contiguous(), 4, 4)));
}

}  // namespace
}  // namespace octet

#endif  // OCTET_WITH_IMAGES
