#include "tests/support/reference_files.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>

#include "octet/base/error.h"

namespace octet {
namespace {

class NpyFile : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  // Writes a version 1 file whose dictionary and values are given.
  void write(const std::string& dictionary, const std::vector<float>& values) {
    std::ofstream file(path_, std::ios::binary);
    const auto length = static_cast<char>(dictionary.size());
    file << std::string("\x93NUMPY\x01\x00", 8) << length << '\0' << dictionary;
    file.write(reinterpret_cast<const char*>(values.data()),
               static_cast<std::streamsize>(values.size() * sizeof(float)));
  }

  std::string message() {
    try {
      load_npy(path_);
    } catch (const FileError& error) {
      return error.what();
    }
    return "no error";
  }

  std::string prefixed(const std::string& text) {
    return fmt::format("[{}] {}", path_.string(), text);
  }

  std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) /
      (std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + ".npy");
};

TEST_F(NpyFile, LoadsValuesAndShape) {
  write("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", {1, 2, 3, 4, 5, 6});
  EXPECT_TRUE(at::equal(load_npy(path_), at::arange(1, 7, at::kFloat).reshape({2, 3})));
  write("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", {7});
  EXPECT_TRUE(at::equal(load_npy(path_), at::tensor({7.0F})));
  write("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", {7});
  EXPECT_TRUE(at::equal(load_npy(path_), at::scalar_tensor(7.0F)));
}

TEST_F(NpyFile, SaysWhatIsWrong) {
  EXPECT_EQ(message(), prefixed("cannot be read"));
  std::ofstream(path_) << "not a file of values";
  EXPECT_EQ(message(), prefixed("is not a .npy file"));
  std::ofstream(path_, std::ios::binary) << std::string("\x93NUMPY\x01\x00\x50\x00{}", 12);
  EXPECT_EQ(message(), prefixed("ends within its header of 80 bytes"));
  write("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", {1});
  EXPECT_EQ(message(), prefixed("does not hold float32 values: "
                                "{'descr': '<f8', 'fortran_order': False, 'shape': (1,)}"));
  write("{'descr': '<f4', 'fortran_order': True, 'shape': (1,)}", {1});
  EXPECT_EQ(message(), prefixed("is not in C order"));
  write("{'descr': '<f4', 'fortran_order': False, 'shape': (1,", {1});
  EXPECT_EQ(message(), prefixed("has no shape in its header: "
                                "{'descr': '<f4', 'fortran_order': False, 'shape': (1,"));
  write("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)}", {1, 2, 3});
  EXPECT_EQ(message(), prefixed("holds 12 bytes of values, (2, 2) needs 16"));
}

}  // namespace
}  // namespace octet
