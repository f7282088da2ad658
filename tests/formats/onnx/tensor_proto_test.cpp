#include "octet/formats/onnx/tensor_proto.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "tests/formats/format_test_support.h"
#include "tests/support/counting_allocator.h"

namespace octet {
namespace {

using onnx::TensorProto;
using ::testing::HasSubstr;

TensorProto proto_of(int32_t data_type, const std::vector<int64_t>& dims) {
  TensorProto proto;
  proto.set_name("w");
  proto.set_data_type(data_type);
  for (const int64_t dim : dims) proto.add_dims(dim);
  return proto;
}

std::string error_of_proto(const TensorProto& proto, const std::string& path = "m.onnx") {
  return error_of([&] { tensor_from_proto(proto, path); });
}

void set_external(TensorProto& proto, const std::string& location, const std::string& offset = "",
                  const std::string& length = "") {
  proto.set_data_location(TensorProto::EXTERNAL);
  proto.clear_external_data();
  const auto add = [&](const std::string& key, const std::string& value) {
    if (value.empty()) return;
    onnx::StringStringEntryProto* entry = proto.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  };
  add("location", location);
  add("offset", offset);
  add("length", length);
}

TEST(TensorProto, RawDataOfEveryElementTypeComesBack) {
  for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16, at::kChar,
                                    at::kByte, at::kShort, at::kInt, at::kLong, at::kBool}) {
    const at::Tensor tensor = at::arange(6, at::kFloat).to(type).reshape({2, 3});
    const TensorProto proto = proto_from_tensor(tensor, "w");
    EXPECT_EQ(proto.name(), "w");
    const at::Tensor back = tensor_from_proto(proto, "m.onnx");
    EXPECT_EQ(back.scalar_type(), type);
    EXPECT_TRUE(at::equal(back, tensor)) << toString(type);
  }
}

TEST(TensorProto, ANonContiguousTensorIsWrittenInRowMajorOrder) {
  const at::Tensor tensor = at::arange(6, at::kFloat).reshape({2, 3}).t();
  EXPECT_TRUE(at::equal(tensor_from_proto(proto_from_tensor(tensor), "m.onnx"), tensor));
}

TEST(TensorProto, TypedFields) {
  TensorProto floats = proto_of(TensorProto::FLOAT, {2});
  floats.add_float_data(1.5F);
  floats.add_float_data(-2.0F);
  EXPECT_TRUE(at::equal(tensor_from_proto(floats, ""), at::tensor({1.5F, -2.0F})));

  TensorProto bytes = proto_of(TensorProto::INT8, {2});
  bytes.add_int32_data(-128);
  bytes.add_int32_data(127);
  EXPECT_TRUE(at::equal(tensor_from_proto(bytes, ""), at::tensor({-128, 127}, at::kChar)));

  TensorProto halves = proto_of(TensorProto::FLOAT16, {1});
  halves.add_int32_data(0x3E00);  // 1.5
  EXPECT_EQ(tensor_from_proto(halves, "").item<float>(), 1.5F);

  TensorProto brains = proto_of(TensorProto::BFLOAT16, {1});
  brains.add_int32_data(0xC000);  // -2
  EXPECT_EQ(tensor_from_proto(brains, "").item<float>(), -2.0F);

  TensorProto flags = proto_of(TensorProto::BOOL, {2});
  flags.add_int32_data(1);
  flags.add_int32_data(0);
  EXPECT_TRUE(at::equal(tensor_from_proto(flags, ""), at::tensor({1, 0}, at::kByte).to(at::kBool)));
}

TEST(TensorProto, UnsignedTypesBecomeSignedOnesThatHoldThem) {
  TensorProto words = proto_of(TensorProto::UINT16, {1});
  words.add_int32_data(65535);
  EXPECT_TRUE(at::equal(tensor_from_proto(words, ""), at::tensor({65535}, at::kInt)));

  TensorProto ints = proto_of(TensorProto::UINT32, {1});
  ints.set_raw_data(std::string("\xff\xff\xff\xff", 4));
  EXPECT_TRUE(at::equal(tensor_from_proto(ints, ""), at::tensor({4294967295}, at::kLong)));

  TensorProto longs = proto_of(TensorProto::UINT64, {1});
  longs.add_uint64_data(7);
  EXPECT_TRUE(at::equal(tensor_from_proto(longs, ""), at::tensor({7}, at::kLong)));
  longs.set_uint64_data(0, uint64_t{1} << 63);
  EXPECT_EQ(
      error_of_proto(longs),
      "[m.onnx] tensor 'w' has a uint64 above 9223372036854775807, which int64 does not hold");
}

TEST(TensorProto, ScalarsAndEmptyTensors) {
  TensorProto scalar = proto_of(TensorProto::INT64, {});
  scalar.add_int64_data(3);
  EXPECT_EQ(tensor_from_proto(scalar, "").dim(), 0);
  EXPECT_EQ(tensor_from_proto(proto_of(TensorProto::FLOAT, {0, 4}), "").size(1), 4);
}

TEST(TensorProto, DataThatDoesNotFitTheShape) {
  TensorProto proto = proto_of(TensorProto::FLOAT, {2, 3});
  proto.set_raw_data("12345678");
  EXPECT_EQ(error_of_proto(proto),
            "[m.onnx] tensor 'w' has 8 bytes of data, its shape (2, 3) of float needs 24");
  proto.clear_raw_data();
  proto.add_float_data(1.0F);
  EXPECT_EQ(error_of_proto(proto), "[m.onnx] tensor 'w' has 1 values, its shape (2, 3) needs 6");
}

TEST(TensorProto, TakesNoMemoryBeforeTheDataIsThere) {
  const CountingAllocator allocator;
  TensorProto proto = proto_of(TensorProto::FLOAT, {int64_t{1} << 31});
  proto.set_raw_data("12345678");
  EXPECT_EQ(error_of_proto(proto),
            "[m.onnx] tensor 'w' has 8 bytes of data, its shape (2147483648) of float needs "
            "8589934592");
  proto.clear_raw_data();
  proto.add_float_data(1.0F);
  EXPECT_EQ(error_of_proto(proto),
            "[m.onnx] tensor 'w' has 1 values, its shape (2147483648) needs 2147483648");
  EXPECT_EQ(allocator.count(), 0);
}

TEST(TensorProto, ShapesThatLie) {
  EXPECT_EQ(error_of_proto(proto_of(TensorProto::FLOAT, {-4})),
            "[m.onnx] tensor 'w' has the shape (-4)");
  const int64_t huge = int64_t{1} << 40;
  EXPECT_THAT(error_of_proto(proto_of(TensorProto::FLOAT, {huge, huge})),
              HasSubstr("more than a file can hold"));
  EXPECT_THAT(error_of_proto(proto_of(TensorProto::FLOAT, {0, huge, huge})),
              HasSubstr("more than a file can hold"));
}

TEST(TensorProto, UnsupportedElementTypes) {
  EXPECT_EQ(error_of_proto(proto_of(TensorProto::STRING, {1})),
            "[m.onnx] tensor 'w' has the element type string, which is not supported");
  EXPECT_EQ(error_of_proto(proto_of(99, {1})),
            "[m.onnx] tensor 'w' has the element type type 99, which is not supported");
  EXPECT_EQ(error_of([] { dtype_of_onnx(TensorProto::COMPLEX64, "x"); }),
            "[x] has the element type complex64, which is not supported");
  EXPECT_EQ(error_of<Error>([] { proto_from_tensor(at::zeros({1}, at::kComplexFloat), "c"); }),
            "[c] a tensor of ComplexFloat cannot be written to ONNX");
  TensorProto segment = proto_of(TensorProto::FLOAT, {1});
  segment.mutable_segment()->set_begin(0);
  EXPECT_EQ(error_of_proto(segment),
            "[m.onnx] tensor 'w' is one segment of a tensor, which is not supported");
}

TEST(TensorProto, ElementTypesOfGraphs) {
  EXPECT_EQ(dtype_of_onnx(TensorProto::FLOAT16, "x"), DType::kFloat32);
  EXPECT_EQ(dtype_of_onnx(TensorProto::UINT32, "x"), DType::kInt64);
  for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kInt8, DType::kUInt8,
                            DType::kInt16, DType::kInt32, DType::kInt64, DType::kBool}) {
    EXPECT_EQ(dtype_of_onnx(onnx_data_type(dtype), "x"), dtype);
  }
}

TEST(ExternalData, OffsetAndLength) {
  const TemporaryFolder folder;
  const at::Tensor values = at::tensor({1.0F, 2.0F, 3.0F});
  folder.write("weights.bin", "pad!" + proto_from_tensor(values).raw_data() + "rest");
  TensorProto proto = proto_of(TensorProto::FLOAT, {3});
  set_external(proto, "weights.bin", "4", "12");
  EXPECT_TRUE(at::equal(tensor_from_proto(proto, folder.file("m.onnx")), values));
  set_external(proto, "weights.bin", "8");
  EXPECT_TRUE(at::equal(tensor_from_proto(proto, folder.file("m.onnx")).narrow(0, 0, 2),
                        values.narrow(0, 1, 2)));
}

TEST(ExternalData, ShorterThanDeclared) {
  const TemporaryFolder folder;
  const std::string data = folder.write("weights.bin", "1234");
  TensorProto proto = proto_of(TensorProto::FLOAT, {3});
  set_external(proto, "weights.bin", "0", "12");
  EXPECT_EQ(error_of_proto(proto, folder.file("m.onnx")),
            "[" + data + "] has 4 bytes, tensor 'w' takes 12 from byte 0");
  set_external(proto, "weights.bin", "5");
  EXPECT_EQ(error_of_proto(proto, folder.file("m.onnx")),
            "[" + data + "] has 4 bytes, tensor 'w' begins at byte 5");
  set_external(proto, "weights.bin");
  EXPECT_THAT(error_of_proto(proto, folder.file("m.onnx")),
              HasSubstr("tensor 'w' has 4 bytes of data, its shape (3) of float needs 12"));
  set_external(proto, "none.bin");
  EXPECT_THAT(error_of_proto(proto, folder.file("m.onnx")), HasSubstr("none.bin] cannot be read"));
}

TEST(ExternalData, StaysInTheModelsFolder) {
  const TemporaryFolder outside;
  outside.write("secret", "1234");
  const TemporaryFolder folder;
  std::filesystem::create_symlink(outside.file("secret"), folder.file("link"));
  TensorProto proto = proto_of(TensorProto::FLOAT, {1});
  for (const std::string& location : {outside.file("secret"), std::string("../secret"),
                                      std::string("a/../../secret"), std::string("link")}) {
    set_external(proto, location);
    EXPECT_EQ(error_of_proto(proto, folder.file("m.onnx")),
              fmt::format("[{}] tensor 'w' has external data in '{}', which is not in the model's "
                          "folder",
                          folder.file("m.onnx"), location));
  }
}

TEST(ExternalData, EntriesThatAreNotNumbers) {
  TensorProto proto = proto_of(TensorProto::FLOAT, {1});
  set_external(proto, "", "4");
  EXPECT_EQ(error_of_proto(proto), "[m.onnx] tensor 'w' has external data without a location");
  set_external(proto, "w.bin", "-4");
  EXPECT_EQ(error_of_proto(proto), "[m.onnx] tensor 'w' has external data with the offset '-4'");
  set_external(proto, "w.bin", "0", "many");
  EXPECT_EQ(error_of_proto(proto), "[m.onnx] tensor 'w' has external data with the length 'many'");
}

TEST(TensorFile, RoundTripAndGarbage) {
  const TemporaryFolder folder;
  const at::Tensor values = at::tensor({1, 2, 3}, at::kLong);
  const std::string path = folder.write("x.pb", proto_from_tensor(values, "x").SerializeAsString());
  EXPECT_TRUE(at::equal(read_tensor_file(path), values));
  const std::string garbage = folder.write("bad.pb", "\xff\xff\xff\xff");
  EXPECT_EQ(error_of([&] { read_tensor_file(garbage); }),
            "[" + garbage + "] is not an ONNX tensor, or cut off");
}

}  // namespace
}  // namespace octet
