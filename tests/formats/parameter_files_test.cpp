// Parameters as protobuf and as HDF5.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "octet/formats/archive.h"
#include "octet/formats/nnp/parameter_hdf5.h"
#include "octet/formats/nnp/parameter_protobuf.h"
#include "tests/formats/format_test_support.h"

namespace octet {
namespace {

using ::testing::HasSubstr;

std::vector<StoredParameter> sample() {
  return {{"fc/affine/b", at::arange(3).to(at::kFloat), true},
          {"conv1/conv/W", at::arange(24).to(at::kFloat).div(7).reshape({2, 3, 2, 2}), true},
          {"scale", at::full({}, 0.25f), false},
          {"empty", at::zeros({0, 4}), false}};
}

void expect_equal(const std::vector<StoredParameter>& actual,
                  const std::vector<StoredParameter>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_EQ(actual[i].name, expected[i].name);
    EXPECT_EQ(actual[i].need_grad, expected[i].need_grad) << actual[i].name;
    EXPECT_EQ(actual[i].value.scalar_type(), expected[i].value.scalar_type()) << actual[i].name;
    EXPECT_TRUE(at::equal(actual[i].value, expected[i].value)) << actual[i].name;
  }
}

TEST(ParameterProtobuf, ReadsWhatItWrote) {
  expect_equal(parse_parameter_protobuf(format_parameter_protobuf(sample()), "a"), sample());
  EXPECT_TRUE(parse_parameter_protobuf("", "a").empty());
}

TEST(ParameterProtobuf, WritesTheBytesOfTheSchema) {
  const std::string bytes = format_parameter_protobuf({{"s", at::full({}, 1.0f), true}});
  // Field 200; name; empty shape (20); one packed float (100); need_grad (101).
  EXPECT_EQ(bytes, std::string("\xC2\x0C\x10\x0A\x01s\xA2\x01\x00\xA2\x06\x04\x00\x00\x80\x3F"
                               "\xA8\x06\x01",
                               19));
}

TEST(ParameterProtobuf, ConvertsToFloat) {
  const auto read = parse_parameter_protobuf(
      format_parameter_protobuf({{"z", at::full({1, 2}, -3, at::kChar), false}}), "a");
  expect_equal(read, {{"z", at::full({1, 2}, -3.0f), false}});
}

TEST(ParameterProtobuf, NamesTheFileAndWhatIsWrong) {
  EXPECT_EQ(error_of([] { parse_parameter_protobuf("\xff\xff nonsense", "a.protobuf"); }),
            "[a.protobuf] is not a protobuf file of parameters");
  const std::string bytes = format_parameter_protobuf({{"w", at::ones({3, 2}), false}});
  std::string wrong = bytes;
  wrong[wrong.find("\x03\x02")] = '\x04';
  EXPECT_EQ(error_of([&] { parse_parameter_protobuf(wrong, "a.protobuf"); }),
            "[a.protobuf] parameter 'w' has shape (4, 2), but 6 values");
}

TEST(ParameterProtobuf, SurvivesDamage) {
  const std::string bytes = format_parameter_protobuf(sample());
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {1, 0x10, 0x80}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      try {
        parse_parameter_protobuf(damaged, "a");
      } catch (const FileError&) {
      }
    }
    EXPECT_NO_FATAL_FAILURE(
        try { parse_parameter_protobuf(bytes.substr(0, i), "a"); } catch (const FileError&){});
  }
}

TEST(ParameterHdf5, ReadsWhatItWrote) {
  expect_equal(parse_parameter_hdf5(format_parameter_hdf5(sample()), "a"), sample());
  EXPECT_TRUE(parse_parameter_hdf5(format_parameter_hdf5({}), "a").empty());
}

TEST(ParameterHdf5, KeepsTheOrderOfManyParameters) {
  std::vector<StoredParameter> many;
  for (int i = 0; i < 150; ++i) {
    many.push_back({fmt::format("g{}/p{}", i % 7, 200 - i), at::full({2}, float(i)), i % 2 == 0});
  }
  expect_equal(parse_parameter_hdf5(format_parameter_hdf5(many), "a"), many);
}

TEST(ParameterHdf5, KeepsTypes) {
  std::vector<StoredParameter> typed;
  for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kChar, at::kByte, at::kShort,
                                    at::kInt, at::kLong, at::kBool}) {
    typed.push_back({c10::toString(type), at::arange(4).remainder(2).to(type), false});
  }
  expect_equal(parse_parameter_hdf5(format_parameter_hdf5(typed), "a"), typed);
  const auto half = parse_parameter_hdf5(
      format_parameter_hdf5({{"h", at::full({2}, 0.5, at::kHalf), false}}), "a");
  expect_equal(half, {{"h", at::full({2}, 0.5f), false}});
}

TEST(ParameterHdf5, SameParametersGiveSameBytesInTheOldLayout) {
  const std::string bytes = format_parameter_hdf5(sample());
  EXPECT_TRUE(format_parameter_hdf5(sample()) == bytes);
  EXPECT_EQ(bytes.substr(0, 9), std::string("\x89HDF\r\n\x1a\n\0", 9));  // superblock version 0
  for (const char* old : {"TREE", "HEAP", "SNOD"}) EXPECT_NE(bytes.find(old), std::string::npos);
}

TEST(ParameterHdf5, RefusesNamesThatHdf5CannotHold) {
  const auto message = [](const std::string& name) {
    return error_of<Error>([&] { format_parameter_hdf5({{name, at::ones({1}), false}}); });
  };
  for (const char* name : {"", "/a", "a/", "a//b", "./a", "a/./b"}) {
    EXPECT_EQ(message(name),
              fmt::format("[parameter.h5] HDF5 cannot hold a parameter named '{}': a part between "
                          "slashes is empty or '.'",
                          name));
  }
  const auto pair = [](const std::string& first, const std::string& second) {
    return error_of<Error>([&] {
      format_parameter_hdf5({{first, at::ones({1}), false}, {second, at::ones({1}), false}});
    });
  };
  EXPECT_EQ(pair("a", "a/b"),
            "[parameter.h5] parameter 'a/b' has the same name as another one or stands inside "
            "another one");
  EXPECT_THAT(pair("a/b", "a"), HasSubstr("parameter 'a' has the same name"));
  EXPECT_THAT(pair("a", "a"), HasSubstr("parameter 'a' has the same name"));
}

TEST(ParameterHdf5, RefusesTypesThatCannotBeStored) {
  EXPECT_EQ(error_of<Error>([] {
              format_parameter_hdf5({{"c", at::ones({1}, at::kComplexFloat), false}});
            }),
            "[parameter.h5] parameter 'c' has type ComplexFloat, which cannot be stored");
}

TEST(ParameterHdf5, RefusesWhatIsNoHdf5) {
  const std::string message = "[a.h5] is not a whole HDF5 file";
  EXPECT_EQ(error_of([] { parse_parameter_hdf5("", "a.h5"); }), message);
  EXPECT_EQ(error_of([] { parse_parameter_hdf5("nonsense", "a.h5"); }), message);
}

TEST(ParameterHdf5, RefusesATruncatedFile) {
  const std::string bytes = format_parameter_hdf5(sample());
  for (size_t size = 0; size < bytes.size(); size += 7) {
    EXPECT_THAT(error_of([&] { parse_parameter_hdf5(bytes.substr(0, size), "a.h5"); }),
                ::testing::AnyOf(HasSubstr("[a.h5] is not a whole HDF5 file"),
                                 HasSubstr("[a.h5] the HDF5 file is damaged: it refers to")));
  }
}

TEST(ParameterHdf5, RefusesAShapeThatTheFileCannotHold) {
  std::string bytes = format_parameter_hdf5({{"w", at::ones({0x234, 3}), false}});
  const std::string dims("\x34\x02\0\0\0\0\0\0\x03", 9);
  for (size_t at = bytes.find(dims); at != std::string::npos; at = bytes.find(dims, at + 1)) {
    bytes[at + 1] = '\x1f';
  }
  EXPECT_EQ(error_of([&] { parse_parameter_hdf5(bytes, "a.h5"); }),
            fmt::format("[a.h5] parameter 'w' has shape (7988, 3), more than the {} bytes of the "
                        "file can hold",
                        bytes.size()));
}

TEST(ParameterHdf5, SurvivesDamage) {
  const std::string bytes = format_parameter_hdf5(
      {{"a/w", at::ones({2, 2}), true}, {"z", at::zeros({1}, at::kChar), false}});
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80, 0xff}) {
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      try {
        parse_parameter_hdf5(damaged, "a");
      } catch (const FileError&) {
      }
    }
  }
}

TEST(ParameterFiles, BothFormatsOfTheReferenceAgree) {
  OCTET_SKIP_WITHOUT_REFERENCE();
  const auto folder = reference_folder() / "qat/net_small";
  const auto hdf5 = parse_parameter_hdf5(read_file((folder / "init.h5").string()), "init.h5");
  const auto protobuf =
      parse_parameter_protobuf(read_file((folder / "init.protobuf").string()), "init.protobuf");
  EXPECT_GT(hdf5.size(), 10u);
  expect_equal(hdf5, protobuf);
}

TEST(ParameterFiles, WriteTheReferenceBack) {
  OCTET_SKIP_WITHOUT_REFERENCE();
  const auto folder = reference_folder() / "qat/net_small";
  const std::string protobuf = read_file((folder / "init.protobuf").string());
  EXPECT_TRUE(format_parameter_protobuf(parse_parameter_protobuf(protobuf, "a")) == protobuf);
  const std::string hdf5 = read_file((folder / "init.h5").string());
  EXPECT_EQ(format_parameter_hdf5(parse_parameter_hdf5(hdf5, "a")).size(), hdf5.size());
}

TEST(ParameterFiles, EveryReferenceModelHasReadableParameters) {
  OCTET_SKIP_WITHOUT_REFERENCE();
  int count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(reference_folder())) {
    if (entry.path().extension() != ".nnp") continue;
    for (const ArchiveMember& member : read_zip(entry.path().string())) {
      if (!member.name.ends_with(".h5")) continue;
      EXPECT_NO_THROW(parse_parameter_hdf5(member.bytes, entry.path().string())) << entry.path();
      ++count;
    }
  }
  EXPECT_GT(count, 50);
}

}  // namespace
}  // namespace octet
