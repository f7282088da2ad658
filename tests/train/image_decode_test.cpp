#ifdef OCTET_WITH_IMAGES

#include "octet/train/image_decode.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "tests/support/dataset_files.h"

namespace octet {
namespace {

using test::Bytes;
using test::message_of;
using ::testing::EndsWith;
using ::testing::StartsWith;

class DecodeImageTest : public ::testing::Test {
 protected:
  test::TemporaryFolder folder_;
  std::string path_ = folder_.path("image");

  at::Tensor decode(const Bytes& bytes) {
    test::write_bytes(path_, bytes);
    return decode_image(path_);
  }
  // The message after the path, which every message has to begin with.
  std::string error(const Bytes& bytes) {
    const std::string message = message_of<FileError>([&] { decode(bytes); });
    EXPECT_THAT(message, StartsWith(fmt::format("[{}] ", path_)));
    return message.substr(std::min(message.size(), path_.size() + 3));
  }
  // JPEG's colour transform rounds, so a few steps of 255 are allowed.
  void expect_pixel(const at::Tensor& image, std::vector<int> color, int tolerance) {
    ASSERT_EQ(image.sizes(), at::IntArrayRef({3, 8, 8}));
    for (int c = 0; c < 3; ++c) {
      EXPECT_NEAR(image[c][4][3].item<int>(), color[c], tolerance) << "channel " << c;
    }
  }
};

TEST_F(DecodeImageTest, GivesPngPixelsInRgbOrder) {
  const at::Tensor image = decode(
      test::png_bytes(2, 3, 3, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18}));
  const at::Tensor expected = at::arange(1, 19, at::kByte).view({2, 3, 3}).permute({2, 0, 1});
  EXPECT_TRUE(at::equal(image, expected));
}

TEST_F(DecodeImageTest, TurnsGreyIntoRgb) {
  const at::Tensor image = decode(test::png_bytes(1, 2, 1, {10, 20}));
  EXPECT_TRUE(at::equal(image, at::tensor({10, 20}, at::kByte).expand({3, 1, 2})));
}

TEST_F(DecodeImageTest, DropsAlpha) {
  const at::Tensor image = decode(test::png_bytes(1, 1, 4, {10, 20, 30, 0}));
  EXPECT_TRUE(at::equal(image.flatten(), at::tensor({10, 20, 30}, at::kByte)));
}

TEST_F(DecodeImageTest, ReadsRgbGreyAndCmykJpegs) {
  expect_pixel(decode(test::rgb_jpeg()), {200, 100, 50}, 3);
  expect_pixel(decode(test::grey_jpeg()), {90, 90, 90}, 2);
  expect_pixel(decode(test::cmyk_jpeg()), {200, 100, 50}, 4);
}

TEST_F(DecodeImageTest, NoticesJpegsThatAreCutOff) {
  const Bytes whole = test::rgb_jpeg();
  for (size_t size :
       {whole.size() - 1, whole.size() - 2, whole.size() - 8, size_t{100}, size_t{3}}) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<int64_t>(size));
    EXPECT_EQ(error(part),
              fmt::format("corrupt image: the JPEG data is cut off after {} bytes", size));
  }
}

TEST_F(DecodeImageTest, IsNotMisledByAThumbnailsEndMarker) {
  const Bytes whole = test::rgb_jpeg();
  const Bytes segment{0xff, 0xe1, 0x00, 0x06, 0xff, 0xd9, 0xff, 0xd9};
  Bytes bytes = whole;
  bytes.insert(bytes.begin() + 2, segment.begin(), segment.end());
  expect_pixel(decode(bytes), {200, 100, 50}, 3);
  bytes.resize(bytes.size() - 4);
  EXPECT_THAT(error(bytes), StartsWith("corrupt image: the JPEG data is cut off"));
}

TEST_F(DecodeImageTest, AllowsBytesAfterTheEndOfAJpeg) {
  Bytes bytes = test::rgb_jpeg();
  bytes.insert(bytes.end(), {0, 1, 2});
  expect_pixel(decode(bytes), {200, 100, 50}, 3);
}

TEST_F(DecodeImageTest, NoticesBrokenPngs) {
  Bytes noise;
  uint32_t value = 1;
  for (int i = 0; i < 3 * 64 * 64; ++i) {
    value = value * 1664525 + 1013904223;
    noise.push_back(static_cast<uint8_t>(value >> 24));
  }
  const Bytes whole = test::png_bytes(64, 64, 3, noise);
  const Bytes half(whole.begin(), whole.begin() + static_cast<int64_t>(whole.size() / 2));
  EXPECT_THAT(error(half), EndsWith("bytes that cannot be decoded"));
  Bytes flipped = whole;
  flipped[whole.size() / 2] ^= 0x55;
  EXPECT_THAT(error(flipped), EndsWith("bytes that cannot be decoded"));
}

TEST_F(DecodeImageTest, NamesFilesThatAreNoImages) {
  EXPECT_EQ(error({}), "not an image: the file is empty");
  EXPECT_EQ(error({'h', 'e', 'l', 'l', 'o'}), "corrupt image: 5 bytes that cannot be decoded");
  EXPECT_EQ(message_of<FileError>([] { decode_image("absent.png"); }),
            "[absent.png] cannot be opened");
}

}  // namespace
}  // namespace octet

#endif  // OCTET_WITH_IMAGES
