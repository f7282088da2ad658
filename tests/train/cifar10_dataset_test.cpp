#include "octet/train/cifar10_dataset.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "tests/support/dataset_files.h"

namespace octet {
namespace {

using test::Bytes;
using test::message_of;

// A record whose red, green and blue planes are label, label + 1 and label + 2.
Bytes record(uint8_t label) {
  Bytes bytes{label};
  for (uint8_t plane = 0; plane < 3; ++plane) {
    bytes.insert(bytes.end(), 1024, static_cast<uint8_t>(label + plane));
  }
  return bytes;
}

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(Cifar10Dataset, ReadsTheFiveTrainingBatchesInOrder) {
  const test::TemporaryFolder folder;
  test::write_bytes(folder.path("data_batch_1.bin"), record(3) + record(1));
  for (uint8_t i = 2; i <= 5; ++i) {
    test::write_bytes(folder.path(fmt::format("data_batch_{}.bin", i)), record(i));
  }
  const auto dataset = open_cifar10_dataset(folder.path(), DataSplit::kTraining);
  EXPECT_EQ(dataset->size(), 6);
  EXPECT_EQ(dataset->num_classes(), 10);
  EXPECT_EQ(dataset->image_shape(), Shape({3, 32, 32}));
  EXPECT_EQ(dataset->class_names()[9], "truck");
  const Example example = dataset->get(5);
  EXPECT_EQ(example.label, 5);
  EXPECT_EQ(example.image.sizes(), at::IntArrayRef({3, 32, 32}));
  EXPECT_TRUE(example.image[2].eq(7).all().item<bool>());
  EXPECT_EQ(dataset->get(1).label, 1);
  EXPECT_EQ(dataset->source(1), folder.path("data_batch_1.bin") + " (record 1)");
  EXPECT_EQ(message_of<Error>([&] { dataset->get(-1); }), "[cifar10] no example -1: there are 6");
}

TEST(Cifar10Dataset, FindsTheUnpackedFolder) {
  const test::TemporaryFolder folder;
  test::write_bytes(folder.path("cifar-10-batches-bin/test_batch.bin"), record(8));
  EXPECT_EQ(open_cifar10_dataset(folder.path(), DataSplit::kValidation)->get(0).label, 8);
}

TEST(Cifar10Dataset, NamesTheFileThatIsWrong) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("test_batch.bin");
  const std::string where = fmt::format("[{}] ", path);
  const auto error = [&] {
    return message_of<FileError>([&] { open_cifar10_dataset(folder.path(), DataSplit::kValidation); });
  };
  EXPECT_EQ(error(), where + "cannot be opened");
  test::write_bytes(path, record(1) + Bytes{0});
  EXPECT_EQ(error(), where + "3074 bytes are not a whole number of records of 3073 bytes");
  test::write_bytes(path, {});
  EXPECT_EQ(error(), where + "0 bytes are not a whole number of records of 3073 bytes");
  test::write_bytes(path, record(1) + record(10));
  EXPECT_EQ(error(), where + "label 10 of record 1 is not in 0..9");
}

}  // namespace
}  // namespace octet
