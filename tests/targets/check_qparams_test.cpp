#include "octet/targets/check_qparams.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "octet/formats/nnp/nnp.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/graph/text.h"
#include "tests/quant/test_support.h"
#include "tests/support/temporary_folder.h"

namespace octet {
namespace {

constexpr std::string_view kPairs = R"(graph net {
  input x: float32 (-1, 3)
  parameter s: float32 (1, 1)
  parameter z: float32 (1, 1)
  parameter W: float32 (3, 4)
  parameter sw: float32 (1, 4)
  parameter zw: float32 (1, 4)
  parameter b: float32 (4)
  parameter sb: float32 (4)
  parameter zb: float32 (4)
  parameter t: float32 (1, 1)
  q = QuantizeLinear(x, s, z)
  d = DequantizeLinear(q, s, z)
  qw = QuantizeLinear(W, sw, zw)
  dw = DequantizeLinear(qw, sw, zw)
  qb = QuantizeLinear(b, sb, zb) {dtype=5, bits=32}
  db = DequantizeLinear(qb, sb, zb)
  h = Affine[fc](d, dw, db)
  p = QuantizeLinear(h, s, z)
  e = DequantizeLinear(p, s, z)
  r = QuantizeLinear(h, t, z)
  f = DequantizeLinear(r, t, z)
  y = Add2[sum](e, f)
  output y
})";

constexpr std::string_view kIntegers = R"(graph net {
  input x: float32 (-1, 3)
  parameter s: float32 (1, 1)
  parameter z: float32 (1, 1)
  parameter W: int8 (3, 4)
  parameter sw: float32 (1, 4)
  parameter t: float32 (1, 1)
  parameter u: float32 (1, 1)
  q = QuantizeLinear(x, s, z)
  a = QuantizedAffine[fc](q, s, z, W, sw, t, z)
  c = QuantizedAffine[fc2](q, s, z, W, sw, u, z)
  m = QuantizedAdd2[sum](a, t, z, c, u, z, t, z)
  y = DequantizeLinear(m, t, z)
  output y
})";

class CheckQParams : public ::testing::Test {
 protected:
  CheckQParams() {
    set("s", at::full({1, 1}, 0.5));
    set("t", at::full({1, 1}, 0.5));
    set("u", at::full({1, 1}, 0.5));
    set("z", at::zeros({1, 1}));
    set("W", at::ones({3, 4}));
    set("sw", at::full({1, 4}, 0.25));
    set("zw", at::zeros({1, 4}));
    set("b", at::ones({4}));
    set("sb", at::full({4}, 0.125));
    set("zb", at::zeros({4}));
  }
  void set(const std::string& name, const at::Tensor& value) {
    parameters_.set(name, value, /*need_grad=*/false);
  }
  // The error or what is logged.
  std::string found(std::string_view text, bool converted_here = true) {
    const LogCapture log;
    const Graph graph = parse_graph(text);
    const std::string error =
        message_of([&] { check_qparams(graph, parameters_, "net.nnp", converted_here); });
    return error == "no error" ? log.text() : error;
  }

  ParameterStore parameters_;
};

TEST_F(CheckQParams, AWholeNetworkPasses) {
  EXPECT_EQ(found(kPairs), "");
  EXPECT_EQ(found(kIntegers), "");
}

TEST_F(CheckQParams, AScaleIsAPositiveNumber) {
  for (const double bad : {0.0, -1.0, static_cast<double>(std::nan("")), HUGE_VAL}) {
    set("t", at::full({1, 1}, bad));
    const std::string message =
        fmt::format("[net.nnp] the scale 't' of 'r' is {}, not a positive number", bad);
    EXPECT_EQ(found(kPairs), message);
    EXPECT_EQ(found(kIntegers), std::string(message).replace(message.find("'r'"), 3, "'a'"));
  }
  set("t", at::full({1, 1}, 0.5));
  at::Tensor scales = at::full({1, 4}, 0.25);
  scales[0][2] = 0;
  set("sw", scales);
  EXPECT_EQ(found(kPairs), "[net.nnp] the scale 'sw' of 'qw' is 0, not a positive number");
  EXPECT_EQ(found(kIntegers), "[net.nnp] the scale 'sw' of 'W' is 0, not a positive number");
}

TEST_F(CheckQParams, AZeroPointIsAnIntegerOfTheType) {
  for (const double bad : {128.0, -129.0, 0.5}) {
    set("z", at::full({1, 1}, bad));
    EXPECT_EQ(found(kPairs),
              fmt::format("[net.nnp] the zero point 'z' of 'q' is {}, no integer of int8 (-128 to "
                          "127)",
                          bad));
  }
  set("z", at::full({1, 1}, -128));
  EXPECT_EQ(found(kPairs), "");
}

TEST_F(CheckQParams, WarnsOfIntegersThatAreReadOtherwise) {
  std::string text(kPairs);
  text.replace(text.find("e = DequantizeLinear(p, s"), 25, "e = DequantizeLinear(p, t");
  EXPECT_EQ(found(text), "");  // the same number by another name
  set("t", at::full({1, 1}, 0.75));
  EXPECT_EQ(
      found(text),
      "warning: [net.nnp] 'p' is made with scale 0.5 and zero point 0 and read by e with scale "
      "0.75 and zero point 0: their numbers differ\n");
  text = kIntegers;
  text.replace(text.find("(a, t, z, c, u"), 14, "(a, s, z, c, s");
  EXPECT_EQ(found(text),
            "warning: [net.nnp] 'a' is made with scale 0.75 and zero point 0 and read by sum with "
            "scale 0.5 and zero point 0: their numbers differ\n");
}

TEST_F(CheckQParams, WarnsOfABiasOnAnotherScale) {
  set("sb", at::full({4}, 0.2));
  EXPECT_EQ(found(kPairs),
            "warning: [net.nnp] the bias of fc has the scale 0.2, and its input and weight have "
            "0.125 together: integer arithmetic would add it as it is\n");
}

TEST_F(CheckQParams, WarnsOfOperandsThatDoNotShareAScale) {
  set("t", at::full({1, 1}, 0.75));
  EXPECT_EQ(found(kPairs),
            "warning: [net.nnp] the operands of sum have the scales 0.5 and 0.75, where conversion "
            "gives them one\n");
  EXPECT_EQ(found(kIntegers),
            "warning: [net.nnp] the operands of sum have the scales 0.75 and 0.5, where conversion "
            "gives them one\n");
  EXPECT_EQ(found(kPairs, /*converted_here=*/false), "");
}

TEST_F(CheckQParams, ManyOfAKindAreOneLine) {
  set("t", at::full({1, 1}, 0.75));
  std::string text(kPairs);
  text.replace(text.find("  output y"), 10, "  k = Add2[sum2](e, f)\n  v = Add2(y, k)\n  output v");
  EXPECT_EQ(found(text),
            "warning: [net.nnp] the operands of sum have the scales 0.5 and 0.75, where conversion "
            "gives them one (and 1 more like it)\n");
}

// A file is looked at when it is read.
TEST_F(CheckQParams, FilesAreChecked) {
  const TemporaryFolder folder;
  const std::string nnp = folder.file("net.nnp");
  const std::string onnx = folder.file("net.onnx");
  const Graph graph = parse_graph(kPairs);
  set("s", at::zeros({1, 1}));
  write_nnp(nnp, graph, parameters_);
  EXPECT_EQ(message_of([&] { read_nnp(nnp); }),
            fmt::format("[{}] the scale 's' of 'q' is 0, not a positive number", nnp));
  EXPECT_THROW(read_nnp(nnp), FileError);
  write_onnx(onnx, graph, parameters_, {.check = false});
  EXPECT_EQ(message_of([&] { read_onnx(onnx); }).substr(0, onnx.size() + 13),
            fmt::format("[{}] the scale ", onnx));
}

TEST(CheckQParamsCount, OfScalesIsThatOfTheChannels) {
  const auto error = [](const std::string& shape) {
    return message_of([&] {
      parse_graph("graph g {\n  input x: float32 (-1, 4, 2, 2)\n  parameter s: float32 " + shape +
                  "\n  parameter z: float32 (1, 1, 1, 1)\n  q = QuantizeLinear(x, s, z)\n"
                  "  d = DequantizeLinear(q, s, z)\n  output d\n}");
    });
  };
  EXPECT_EQ(error("(1, 4, 1, 1)"), "no error");
  EXPECT_NE(error("(1, 3, 1, 1)").find("(1, 3, 1, 1)"), std::string::npos);
  EXPECT_NE(error("(1, 3, 1, 1)"), "no error");
}

}  // namespace
}  // namespace octet
