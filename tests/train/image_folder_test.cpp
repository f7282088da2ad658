#ifdef OCTET_WITH_IMAGES

#include "octet/train/image_folder.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "tests/support/dataset_files.h"

namespace octet {
namespace {

using test::message_of;
using test::png_bytes;
using test::write_bytes;
using ::testing::ElementsAre;

class ImageFolderTest : public ::testing::Test {
 protected:
  test::TemporaryFolder folder_;

  void write(const std::string& name, uint8_t grey = 1) {
    write_bytes(folder_.path(name), png_bytes(2, 2, 1, {grey, grey, grey, grey}));
  }
  std::unique_ptr<Dataset> open(DataSplit split) { return open_image_folder(folder_.path(), split); }
  std::string error(DataSplit split = DataSplit::kTraining) {
    return message_of<FileError>([&] { open(split); });
  }
  std::string at_path(const std::string& name) { return fmt::format("[{}] ", folder_.path(name)); }
};

TEST_F(ImageFolderTest, NumbersClassesAndFilesByTheirNames) {
  write("train/dog/2.PNG", 4);
  write("train/dog/10.png", 3);
  write_bytes(folder_.path("train/cat/b.jpeg"), test::rgb_jpeg());
  write_bytes(folder_.path("train/Ant/a.JPG"), test::grey_jpeg());
  write_bytes(folder_.path("train/dog/notes.txt"), {1});
  write("train/dog/.hidden.png");
  write("train/.cache/1.png");
  const auto dataset = open(DataSplit::kTraining);
  EXPECT_THAT(dataset->class_names(), ElementsAre("Ant", "cat", "dog"));
  EXPECT_EQ(dataset->num_classes(), 3);
  ASSERT_EQ(dataset->size(), 4);
  EXPECT_EQ(dataset->source(1), folder_.path("train/cat/b.jpeg"));
  EXPECT_EQ(dataset->source(2), folder_.path("train/dog/10.png"));
  EXPECT_EQ(dataset->get(3).label, 2);
  EXPECT_EQ(dataset->get(3).image.sum().item<int64_t>(), 4 * 12);
  EXPECT_EQ(dataset->image_shape(), Shape({3, kFreeDim, kFreeDim}));
}

TEST_F(ImageFolderTest, KnowsTheShapeThatAllImagesShare) {
  write("train/a/1.png");
  write("train/a/2.png");
  EXPECT_EQ(open(DataSplit::kTraining)->image_shape(), Shape({3, 2, 2}));
}

TEST_F(ImageFolderTest, PrefersValOverTest) {
  write("train/a/1.png");
  write("test/a/1.png", 1);
  EXPECT_EQ(open(DataSplit::kValidation)->get(0).image.sum().item<int64_t>(), 12);
  write("val/a/1.png", 2);
  EXPECT_EQ(open(DataSplit::kValidation)->get(0).image.sum().item<int64_t>(), 24);
}

TEST_F(ImageFolderTest, NamesMissingFolders) {
  EXPECT_EQ(error(), at_path("") + "has no folder train");
  EXPECT_EQ(error(DataSplit::kValidation), at_path("") + "has no folder val or test");
  std::filesystem::create_directories(folder_.path("train"));
  EXPECT_EQ(error(), at_path("train") + "has no folder of a class");
  std::filesystem::create_directories(folder_.path("train/a"));
  EXPECT_EQ(error(), at_path("train/a") + "has no .jpg, .jpeg or .png file");
}

TEST_F(ImageFolderTest, NamesClassesThatDiffer) {
  for (const char* name : {"train/a", "train/b", "train/c", "val/c"}) {
    write(std::string(name) + "/1.png");
  }
  EXPECT_EQ(error(), at_path("val") + "lacks classes that " + folder_.path("train") + " has: a, b");
  write("val/a/1.png");
  write("val/b/1.png");
  write("val/d/1.png");
  EXPECT_EQ(error(DataSplit::kValidation),
            at_path("val") + "has classes that " + folder_.path("train") + " lacks: d");
}

TEST_F(ImageFolderTest, LeavesCorruptImagesToTheirReader) {
  write("train/a/1.png");
  write_bytes(folder_.path("train/a/0.png"), {1, 2, 3});
  const auto dataset = open(DataSplit::kTraining);
  EXPECT_EQ(dataset->image_shape(), Shape({3, 2, 2}));
  EXPECT_EQ(message_of<FileError>([&] { dataset->get(0); }),
            at_path("train/a/0.png") + "corrupt image: 3 bytes that cannot be decoded");
  write_bytes(folder_.path("train/a/1.png"), {1, 2, 3});
  EXPECT_EQ(error(), at_path("train/a/0.png") + "corrupt image: 3 bytes that cannot be decoded");
}

}  // namespace
}  // namespace octet

#endif  // OCTET_WITH_IMAGES
