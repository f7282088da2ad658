#include "octet/train/idx_dataset.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "octet/base/error.h"
#include "tests/support/dataset_files.h"

namespace octet {
namespace {

using test::Bytes;
using test::idx_bytes;
using test::message_of;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::vector<std::string> kNames{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};

// Three images of 2 x 2: 0 1 2 3, 4 5 6 7, 8 9 10 11, labels 7, 0, 9.
class IdxDatasetTest : public ::testing::Test {
 protected:
  Bytes images_ = idx_bytes({3, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  Bytes labels_ = idx_bytes({3}, {7, 0, 9});
  test::TemporaryFolder folder_;
  std::string images_path_ = folder_.path("train-images-idx3-ubyte");
  std::string labels_path_ = folder_.path("train-labels-idx1-ubyte");

  std::unique_ptr<Dataset> open() {
    return open_idx_dataset(folder_.path(), DataSplit::kTraining, kNames);
  }
  // The message after the path in brackets.
  std::string error_about(const std::string& path) {
    test::write_bytes(images_path_, images_);
    test::write_bytes(labels_path_, labels_);
    const std::string message = message_of<FileError>([this] { open(); });
    EXPECT_THAT(message, StartsWith(fmt::format("[{}] ", path)));
    return message.substr(std::min(message.size(), path.size() + 3));
  }
};

TEST_F(IdxDatasetTest, ReadsPlainFiles) {
  test::write_bytes(images_path_, images_);
  test::write_bytes(labels_path_, labels_);
  const auto dataset = open();
  EXPECT_EQ(dataset->size(), 3);
  EXPECT_EQ(dataset->num_classes(), 10);
  EXPECT_EQ(dataset->image_shape(), Shape({1, 2, 2}));
  EXPECT_EQ(dataset->class_names(), kNames);
  const Example example = dataset->get(1);
  EXPECT_TRUE(at::equal(example.image, at::arange(4, 8, at::kByte).view({1, 2, 2})));
  EXPECT_EQ(example.label, 0);
  EXPECT_EQ(dataset->get(2).label, 9);
  EXPECT_EQ(dataset->source(2), images_path_ + " (image 2)");
  EXPECT_EQ(message_of<Error>([&] { dataset->get(3); }), "[idx] no example 3: there are 3");
}

TEST_F(IdxDatasetTest, ReadsGzipAndTheOtherSpelling) {
  test::write_gzip(folder_.path("t10k-images.idx3-ubyte.gz"), images_);
  test::write_gzip(folder_.path("t10k-labels.idx1-ubyte.gz"), labels_);
  const auto dataset = open_idx_dataset(folder_.path(), DataSplit::kValidation, kNames);
  EXPECT_EQ(dataset->get(0).label, 7);
  EXPECT_EQ(dataset->get(2).image.sum().item<int64_t>(), 38);
}

TEST_F(IdxDatasetTest, NamesMissingFiles) {
  EXPECT_EQ(message_of<FileError>([this] { open(); }),
            fmt::format("[{}] has no train-images-idx3-ubyte or train-images.idx3-ubyte, with or "
                        "without .gz",
                        folder_.path()));
  EXPECT_THAT(message_of<FileError>([&] { read_idx_dataset("absent", "absent", kNames); }),
              StartsWith("[absent] cannot be opened"));
}

TEST_F(IdxDatasetTest, RejectsAnotherMagicNumber) {
  images_[2] = 0x0d;
  EXPECT_EQ(error_about(images_path_),
            "not an idx file of images: magic number 0x00000d03, not 0x00000803");
}

TEST_F(IdxDatasetTest, RejectsSwappedFiles) {
  std::swap(images_, labels_);
  EXPECT_EQ(error_about(images_path_),
            "not an idx file of images: magic number 0x00000801, not 0x00000803");
}

TEST_F(IdxDatasetTest, RejectsAShortHeader) {
  images_.resize(10);
  EXPECT_EQ(error_about(images_path_), "too short for an idx header: 6 bytes");
}

TEST_F(IdxDatasetTest, RejectsMissingData) {
  images_.resize(images_.size() - 1);
  EXPECT_EQ(error_about(images_path_),
            "the header promises 12 bytes of data (3, 2, 2), but there are 11");
}

TEST_F(IdxDatasetTest, RejectsExtraData) {
  labels_.push_back(0);
  EXPECT_EQ(error_about(labels_path_),
            "goes on after the 3 bytes of data (3) that the header promises");
}

TEST_F(IdxDatasetTest, AllocatesNoMoreThanTheFileCanHold) {
  images_ = idx_bytes({0xffffffff, 16384, 16384}, {1});
  EXPECT_EQ(error_about(images_path_),
            "the header promises 1152921504338411520 bytes of data (4294967295, 16384, 16384), "
            "more than a file of 17 bytes can hold");
}

TEST_F(IdxDatasetTest, RejectsImpossibleSides) {
  images_ = idx_bytes({1, 0, 2}, {});
  EXPECT_EQ(error_about(images_path_),
            "the header says 0 pixels for a side; 1 to 16384 are allowed");
  images_ = idx_bytes({0, 2, 2}, {});
  EXPECT_EQ(error_about(images_path_), "the header says that there are 0 entries");
}

TEST_F(IdxDatasetTest, RejectsAnotherNumberOfLabels) {
  labels_ = idx_bytes({2}, {7, 0});
  EXPECT_EQ(error_about(labels_path_), "2 labels for the 3 images of " + images_path_);
}

TEST_F(IdxDatasetTest, RejectsLabelsOutOfRange) {
  labels_[9] = 10;
  EXPECT_EQ(error_about(labels_path_), "label 10 of entry 1 is not in 0..9");
}

TEST_F(IdxDatasetTest, RejectsBrokenGzip) {
  const std::string path = images_path_ + ".gz";
  test::write_gzip(path, images_);
  test::write_bytes(labels_path_, labels_);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 9);
  EXPECT_EQ(message_of<FileError>([this] { open(); }),
            fmt::format("[{}] broken gzip data: it ends too early", path));
}

TEST_F(IdxDatasetTest, ChecksTheSumOfGzip) {
  const std::string path = images_path_ + ".gz";
  test::write_gzip(path, images_);
  test::write_bytes(labels_path_, labels_);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 8);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) + 8);
  EXPECT_THAT(message_of<FileError>([this] { open(); }), HasSubstr("broken gzip data: "));
}

}  // namespace
}  // namespace octet
