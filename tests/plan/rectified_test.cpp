#include "octet/plan/steps/rectified.h"

#include <gtest/gtest.h>

#include "octet/graph/text.h"

namespace octet::plan {
namespace {

// Whether `value` is rectified for a reader with the zero point zx.
bool rectified(const std::string& statements, const std::string& value = "q") {
  const Graph graph = parse_graph(R"(graph net {
  input x: float32 (-1, 2, 4, 4)
  parameter s: float32 (1, 1, 1, 1)
  parameter zx: float32 (1, 1, 1, 1)
  parameter other: float32 (1, 1, 1, 1)
  parameter w: int8 (2, 2, 1, 1)
  a = QuantizeLinear(x, s, zx)
)" + statements + "  output " + value +
                                  "\n}");
  return is_rectified(graph, graph.find_variable(value), graph.find_variable("zx"));
}

TEST(Rectified, BehindAnActivation) {
  EXPECT_TRUE(
      rectified("  q = QuantizedConvolution(a, s, zx, w, s, s, zx) {activation=\"RELU\"}\n"));
  EXPECT_TRUE(rectified("  q = Requantize(a, s, zx, s, zx) {activation=\"RELU6\"}\n"));
  EXPECT_TRUE(rectified("  r = ReLU(x)\n  q = QuantizeLinear(r, s, zx)\n"));
}

TEST(Rectified, BehindWhatOnlyMovesIntegers) {
  const std::string add = "  b = QuantizedAdd2(a, s, zx, a, s, zx, s, zx) {activation=\"RELU\"}\n";
  EXPECT_TRUE(rectified(add + "  q = MaxPooling(b) {kernel=(3, 3), stride=(2, 2), pad=(1, 1)}\n"));
  EXPECT_TRUE(rectified(add + "  q = Reshape(b) {shape=(-1, 32)}\n"));
  EXPECT_FALSE(rectified(add + "  q = Pad(b) {pad_width=[0, 1], constant_value=-3.0}\n"));
}

TEST(Rectified, NotWithoutOne) {
  EXPECT_FALSE(rectified("  q = QuantizedConvolution(a, s, zx, w, s, s, zx)\n"));
  EXPECT_FALSE(rectified("", "a"));
  EXPECT_FALSE(rectified("", "w"));
}

TEST(Rectified, NotWithAnotherZeroPoint) {
  EXPECT_FALSE(
      rectified("  q = QuantizedConvolution(a, s, zx, w, s, s, other) {activation=\"RELU\"}\n"));
  EXPECT_FALSE(rectified("  r = ReLU(x)\n  q = QuantizeLinear(r, s, other)\n"));
}

}  // namespace
}  // namespace octet::plan
