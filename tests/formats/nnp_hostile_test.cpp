// Files that nobody should meet: each is an error in one line, at once, without much memory.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <ctime>

#include "octet/formats/archive.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/nnp/parameter_hdf5.h"
#include "octet/formats/nnp/parameter_protobuf.h"
#include "tests/formats/format_test_support.h"
#include "tests/formats/zip_builder.h"

namespace octet {
namespace {

using ::testing::HasSubstr;

// Seconds of the processor, so that a busy machine does not count, and megabytes on top of what the
// process had at its most.
constexpr double kSeconds = 1;
constexpr double kMegabytes = 300;

double peak_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// The one line that reading the bytes gives, at little cost.
std::string refusal(std::string_view bytes, const std::string& name = "a.nnp") {
  const double megabytes = peak_megabytes();
  const std::clock_t begin = std::clock();
  const std::string message = error_of([&] { parse_nnp(bytes, name); });
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, kSeconds) << message;
  EXPECT_LT(peak_megabytes() - megabytes, kMegabytes) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  EXPECT_LT(message.size(), 400u) << message;
  return message;
}

std::string network(const std::string& variables, const std::string& functions) {
  return fmt::format("network {{ name: 'net' {} {} }}", variables, functions);
}

// y = ReLU(Affine(x, w)).
std::string affine(const std::string& shape_of_w) {
  return network(
      "variable { name: 'x' type: 'Buffer' shape { dim: -1 dim: 4 } } "
      "variable { name: 'h' type: 'Buffer' } variable { name: 'y' type: 'Buffer' } "
      "variable { name: 'w' type: 'Parameter' " +
          shape_of_w + " }",
      "function { name: 'f' type: 'Affine' input: 'x' input: 'w' output: 'h' affine_param { "
      "base_axis: 1 } } function { name: 'r' type: 'ReLU' input: 'h' output: 'y' relu_param { } }");
}

TEST(NnpHostile, NoArchiveAndCutArchives) {
  EXPECT_THAT(refusal("garbage"), HasSubstr("[a.nnp] is not a ZIP archive"));
  EXPECT_THAT(refusal(""), HasSubstr("[a.nnp] is not a ZIP archive"));
  const std::string whole =
      format_zip({{"network.nntxt", affine("")},
                  {"p.protobuf", format_parameter_protobuf({{"w", at::ones({4, 2}), true}})}});
  EXPECT_NO_THROW(parse_nnp(whole, "a.nnp"));
  for (size_t size = 0; size < whole.size(); size += 7) refusal(whole.substr(0, size));
}

TEST(NnpHostile, Bombs) {
  ZipBuilder zip;
  zip.add_deflated("network.nntxt", std::string(size_t{64} << 20, ' '), 1000);
  EXPECT_THAT(refusal(zip.finish()), HasSubstr("network.nntxt"));
}

TEST(NnpHostile, LyingShapes) {
  const std::string huge = "shape { dim: 1000000 dim: 1000000 } ";
  EXPECT_THAT(refusal(affine(huge), "a.nntxt"), HasSubstr("'w' has no data in the file"));
  EXPECT_THAT(refusal(affine(huge + "initializer { type: 'Constant' multiplier: 1 }"), "a.nntxt"),
              HasSubstr("its shape (1000000, 1000000) does not do for the initializer"));
  EXPECT_THAT(
      refusal(affine("") + "parameter { variable_name: 'w' " + huge + " data: 1 }", "a.nntxt"),
      HasSubstr("parameter 'w' has shape (1000000, 1000000), but 1 values"));
  std::string protobuf = format_parameter_protobuf({{"w", at::ones({4, 2}), true}});
  const size_t dims = protobuf.find("\x04\x02");
  ASSERT_NE(dims, std::string::npos);
  protobuf[dims] = '\x7f';
  EXPECT_THAT(refusal(format_zip({{"n.nntxt", affine("")}, {"p.protobuf", protobuf}})),
              HasSubstr("p.protobuf"));
  EXPECT_THAT(refusal(affine("shape { dim: 4 dim: -7 } initializer { type: 'Normal' }"), "a.nntxt"),
              HasSubstr("its shape (4, -7) does not do for the initializer"));
}

TEST(NnpHostile, DeepNesting) {
  std::string text;
  for (int i = 0; i < 10000; ++i) text += "network { ";
  EXPECT_THAT(refusal(text, "a.nntxt"), HasSubstr("nested"));
  for (int i = 0; i < 10000; ++i) text += "} ";
  EXPECT_THAT(refusal(format_zip({{"n.nntxt", text}})), HasSubstr("nested"));
}

TEST(NnpHostile, ADeepNetworkIsNoProblem) {
  std::string variables = "variable { name: 'v0' type: 'Buffer' shape { dim: 2 } } ";
  std::string functions;
  for (int i = 0; i < 10000; ++i) {
    variables += fmt::format("variable {{ name: 'v{}' type: 'Buffer' }} ", i + 1);
    functions += fmt::format(
        "function {{ name: 'f{0}' type: 'ReLU' input: 'v{0}' output: 'v{1}' }} ", i, i + 1);
  }
  const NnpModel model = parse_nnp(network(variables, functions), "a.nntxt");
  EXPECT_EQ(model.graph.topological_order().size(), 10000u);
}

TEST(NnpHostile, WhatIsMissing) {
  EXPECT_THAT(refusal(affine(""), "a.nntxt"),
              HasSubstr("parameter 'w' has no data in the file and no initializer"));
  EXPECT_THAT(refusal(format_zip({{"readme.txt", "hello"}})), HasSubstr("[a.nnp] has no network"));
  EXPECT_THAT(refusal(network("", "function { name: 'f' type: 'Gizmo' }"), "a.nntxt"),
              HasSubstr("function 'f' has the type 'Gizmo', which is not supported (octet inspect "
                        "--functions lists those that are)"));
}

}  // namespace
}  // namespace octet
