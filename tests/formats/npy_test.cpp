#include "octet/formats/npy/npy.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>

#include "octet/formats/archive.h"
#include "tests/formats/format_test_support.h"

namespace octet {
namespace {

using ::testing::HasSubstr;

// A .npy file with this dictionary and data.
std::string npy_file(const std::string& dict, const std::string& data, int version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes.push_back(static_cast<char>(version));
  bytes.push_back('\0');
  const size_t width = version == 1 ? 2 : 4;
  for (size_t i = 0; i < width; ++i) bytes.push_back(static_cast<char>(dict.size() >> (8 * i)));
  return bytes + dict + data;
}

template <class Value>
std::string raw(std::vector<Value> values, bool swap = false) {
  std::string bytes(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value));
  if (swap) {
    for (size_t i = 0; i < bytes.size(); i += sizeof(Value)) {
      std::reverse(bytes.begin() + static_cast<long>(i),
                   bytes.begin() + static_cast<long>(i + sizeof(Value)));
    }
  }
  return bytes;
}

TEST(Npy, ReadsWhatItWroteForEveryType) {
  const TemporaryFolder folder;
  for (const at::ScalarType type : {at::kHalf, at::kFloat, at::kDouble, at::kChar, at::kByte,
                                    at::kShort, at::kInt, at::kLong, at::kBool}) {
    const at::Tensor tensor = at::arange(24).remainder(5).to(type).reshape({2, 3, 4});
    const std::string path = folder.file("a.npy");
    write_npy(path, tensor);
    const at::Tensor read = read_npy(path);
    EXPECT_EQ(read.scalar_type(), type);
    EXPECT_TRUE(at::equal(read, tensor)) << c10::toString(type);
  }
}

TEST(Npy, WritesTheShapesOfPython) {
  for (const std::vector<int64_t>& shape :
       std::vector<std::vector<int64_t>>{{}, {0}, {3}, {2, 0, 4}, {1, 1}}) {
    const at::Tensor tensor = at::ones(shape);
    const std::string bytes = format_npy(tensor);
    EXPECT_EQ(parse_npy(bytes, "a").sizes(), tensor.sizes());
    EXPECT_EQ((bytes.size() - tensor.nbytes()) % 64, 0u);
  }
  EXPECT_THAT(format_npy(at::ones({3})),
              HasSubstr("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }"));
  EXPECT_THAT(format_npy(at::ones({}, at::kByte)), HasSubstr("'descr': '|u1'"));
}

TEST(Npy, WritesTensorsThatAreNotContiguous) {
  const at::Tensor tensor = at::arange(6).reshape({2, 3}).t();
  EXPECT_TRUE(at::equal(parse_npy(format_npy(tensor), "a"), tensor));
}

TEST(Npy, ReadsOtherByteOrders) {
  const auto big = npy_file("{'descr': '>f4', 'fortran_order': False, 'shape': (2,)}",
                            raw<float>({1.5f, -2.0f}, true));
  EXPECT_TRUE(at::equal(parse_npy(big, "a"), at::tensor({1.5f, -2.0f})));
  const auto wide =
      npy_file("{'descr': '>i8', 'fortran_order': False, 'shape': (1,)}", raw<int64_t>({-7}, true));
  EXPECT_TRUE(at::equal(parse_npy(wide, "a"), at::full({1}, -7, at::kLong)));
}

TEST(Npy, ReadsFortranOrder) {
  const auto bytes = npy_file("{'descr': '<i4', 'fortran_order': True, 'shape': (2, 3), }\n",
                              raw<int32_t>({0, 3, 1, 4, 2, 5}));
  const at::Tensor tensor = parse_npy(bytes, "a");
  EXPECT_TRUE(tensor.is_contiguous());
  EXPECT_TRUE(at::equal(tensor, at::arange(6, at::kInt).reshape({2, 3})));
}

TEST(Npy, ReadsEveryVersionAndOddSpelling) {
  const std::string data = raw<uint8_t>({7, 8});
  for (const int version : {1, 2, 3}) {
    const auto bytes =
        npy_file("{ \"shape\" :( 2L , ),'fortran_order':False,\"descr\":'|u1'}  \n", data, version);
    EXPECT_TRUE(at::equal(parse_npy(bytes, "a"), at::tensor({7, 8}, at::kByte))) << version;
  }
}

TEST(Npy, MakesEveryBoolZeroOrOne) {
  const auto bytes = npy_file("{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}",
                              raw<uint8_t>({0, 1, 200}));
  EXPECT_TRUE(at::equal(parse_npy(bytes, "a").to(at::kInt), at::tensor({0, 1, 1}, at::kInt)));
}

struct BadFile {
  std::string bytes;
  std::string message;
};

TEST(Npy, NamesTheFileAndWhatIsWrong) {
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
  const std::string data = raw<float>({1, 2});
  const auto with_shape = [&](const std::string& shape) {
    return npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }", data);
  };
  const auto with_type = [&](const std::string& type) {
    return npy_file("{'descr': " + type + ", 'fortran_order': False, 'shape': (2,)}", data);
  };
  const std::vector<BadFile> files{
      {"", "is not a .npy file"},
      {"\x93NUMPY", "ends within the header"},
      {npy_file(good, data).substr(0, 9), "ends within the header"},
      {npy_file(good, data).substr(0, 40), "declares a header of 57 bytes, but has 30 left"},
      {npy_file(good, data, 4), "has the unknown .npy version 4.0"},
      {npy_file(good, data + "x"), "shape (2) takes 8 bytes of data, but 9 are there"},
      {npy_file(good, "1234"), "shape (2) with 4 bytes per element needs more than the 4 bytes"},
      {with_shape("(4611686018427387904, 4)"), "needs more than the 8 bytes"},
      {with_shape("(9223372036854775807, 0)"), "needs more than the 8 bytes"},
      {with_shape("(99999999999999999999,)"), "the shape is not a tuple of integers"},
      {with_shape("(-2,)"), "the shape is not a tuple of integers"},
      {with_shape("(2 2)"), "the shape is not a tuple of integers"},
      {with_shape("2"), "'(' is missing"},
      {with_type("'<f3'"), "element type '<f3' is not one of float16, float32"},
      {with_type("'|O'"), "element type '|O' is not one of"},
      {with_type("'xf4'"), "element type 'xf4' has no byte order"},
      {with_type("[('a', '<f4')]"), "arrays of records are not supported"},
      {with_type("'<f4"), "element type '<f4,' is not one of"},
      {npy_file("{'descr': '<f4', 'shape': (2,)}", data), "lacks descr, fortran_order or shape"},
      {npy_file("{'descr': '<f4', 'more': 1}", data), "has the unknown key 'more'"},
      {npy_file("{'fortran_order': Maybe}", data), "fortran_order is neither True nor False"},
      {npy_file("{'descr': '<f4' 'shape': (2,)}", data), "a comma or the closing brace is missing"},
      {npy_file("nothing", data), "'{' is missing"},
      {npy_file("{'descr", data), "a quote is not closed"},
  };
  for (const BadFile& file : files) {
    const std::string message = error_of([&] { parse_npy(file.bytes, "a.npy"); });
    EXPECT_THAT(message, HasSubstr(file.message));
    EXPECT_THAT(message, HasSubstr("[a.npy] "));
  }
}

TEST(Npy, RefusesTooManyDimensions) {
  std::string shape;
  for (int i = 0; i < 65; ++i) shape += "1,";
  const auto bytes =
      npy_file("{'descr': '|u1', 'fortran_order': False, 'shape': (" + shape + ")}", "x");
  EXPECT_EQ(error_of([&] { parse_npy(bytes, "a.npy"); }),
            "[a.npy] the shape has 65 dimensions, more than 64");
}

TEST(Npy, CannotWriteEveryType) {
  EXPECT_EQ(error_of<Error>([] { format_npy(at::ones({1}, at::kComplexFloat)); }),
            "[npy] tensors of type ComplexFloat cannot be written");
}

// Any single damaged byte of the header is either noticed or harmless, never a crash.
TEST(Npy, SurvivesDamage) {
  const std::string bytes = format_npy(at::arange(6).to(at::kFloat));
  for (size_t i = 0; i < 128; ++i) {
    for (const int flip : {1, 0x20, 0x80}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      try {
        parse_npy(damaged, "a.npy");
      } catch (const FileError&) {
      }
    }
  }
}

TEST(Npz, ReadsMembersByName) {
  const TemporaryFolder folder;
  const std::string path =
      folder.write("a.npz", format_zip({{"param:conv1/conv/W.npy", format_npy(at::arange(3))},
                                        {"loss.npy", format_npy(at::ones({}))}}));
  const auto arrays = read_npz(path);
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_TRUE(at::equal(arrays.at("param:conv1/conv/W"), at::arange(3)));
  EXPECT_EQ(arrays.at("loss").dim(), 0);
}

TEST(Npz, NamesTheMemberThatIsWrong) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.npz", format_zip({{"x.npy", "nonsense"}}));
  EXPECT_EQ(error_of([&] { read_npz(path); }), "[" + path + ":x.npy] is not a .npy file");
}

TEST(Npz, ReadsTheReference) {
  OCTET_SKIP_WITHOUT_REFERENCE();
  const auto images = read_npy((reference_folder() / "qat/batches_x.npy").string());
  EXPECT_EQ(images.sizes(), at::IntArrayRef({10, 4, 3, 32, 32}));
  int count = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(reference_folder() / "train")) {
    if (entry.path().extension() != ".npz") continue;
    EXPECT_FALSE(read_npz(entry.path().string()).empty()) << entry.path();
    if (++count == 20) break;
  }
  EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace octet
