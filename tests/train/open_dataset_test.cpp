#include "octet/train/open_dataset.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "octet/base/error.h"
#include "tests/support/dataset_files.h"

namespace octet {
namespace {

using test::idx_bytes;
using test::message_of;

void write_idx_files(const test::TemporaryFolder& folder) {
  test::write_bytes(folder.path("train-images-idx3-ubyte"), idx_bytes({2, 1, 1}, {5, 6}));
  test::write_bytes(folder.path("train-labels-idx1-ubyte"), idx_bytes({2}, {9, 4}));
}

class FashionMnistVariable {
 public:
  explicit FashionMnistVariable(const std::string& value) {
    setenv("OCTET_FASHION_MNIST", value.c_str(), 1);
  }
  ~FashionMnistVariable() { unsetenv("OCTET_FASHION_MNIST"); }
};

std::string error_for(const std::string& spec) {
  return message_of<Error>([&] { open_dataset(spec, DataSplit::kTraining); });
}

TEST(OpenDataset, OpensIdxFolders) {
  const test::TemporaryFolder folder;
  write_idx_files(folder);
  const auto dataset = open_dataset("idx:" + folder.path(), DataSplit::kTraining);
  EXPECT_EQ(dataset->get(0).label, 9);
  EXPECT_EQ(dataset->class_names()[9], "9");
}

TEST(OpenDataset, FindsFashionMnistByItsVariable) {
  const test::TemporaryFolder folder;
  write_idx_files(folder);
  const FashionMnistVariable variable(folder.path());
  const auto dataset = open_dataset("fashion-mnist", DataSplit::kTraining);
  EXPECT_EQ(dataset->size(), 2);
  EXPECT_EQ(dataset->class_names()[9], "Ankle boot");
}

TEST(OpenDataset, SaysHowToGetFashionMnist) {
  const FashionMnistVariable variable("/nowhere");
  EXPECT_EQ(error_for("fashion-mnist"),
            "[/nowhere] no such folder: install Debian's dataset-fashion-mnist, or set "
            "OCTET_FASHION_MNIST to the folder with the four idx files");
}

TEST(OpenDataset, ReadsTheInstalledFashionMnist) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
    GTEST_SKIP() << "Debian's dataset-fashion-mnist is not installed";
  }
  const auto dataset = open_dataset("fashion-mnist", DataSplit::kValidation);
  EXPECT_EQ(dataset->size(), 10000);
  EXPECT_EQ(dataset->image_shape(), Shape({1, 28, 28}));
  EXPECT_EQ(dataset->get(0).label, 9);
}

TEST(OpenDataset, ListsTheAllowedForms) {
  for (const std::string spec : {"imagenet", "idx:", "idx", "fashion-mnist:x", "", ":x"}) {
    EXPECT_EQ(error_for(spec), "[data] unknown '" + spec +
                                   "': expected fashion-mnist, idx:DIR, cifar10:DIR or images:DIR");
  }
  EXPECT_EQ(error_for("cifar10:/nowhere"), "[/nowhere] no such folder");
}

#ifdef OCTET_WITH_IMAGES
TEST(OpenDataset, OpensImageFolders) {
  const test::TemporaryFolder folder;
  test::write_bytes(folder.path("train/a/1.png"), test::png_bytes(1, 1, 1, {3}));
  EXPECT_EQ(open_dataset("images:" + folder.path(), DataSplit::kTraining)->size(), 1);
}
#else
TEST(OpenDataset, SaysThatTheBuildHasNoImages) {
  EXPECT_EQ(error_for("images:/"),
            "[data] images:/ needs OpenCV, and this build has none: configure with "
            "-DOCTET_WITH_IMAGES=ON");
}
#endif

}  // namespace
}  // namespace octet
