#include "octet/targets/integer_values.h"

#include <gtest/gtest.h>

#include "octet/graph/text.h"

namespace octet {
namespace {

// "value scale zero_point" of each, in the order of the graph.
std::vector<std::string> listed(std::string_view text) {
  const Graph graph = parse_graph(text);
  std::vector<std::string> lines;
  for (const auto& [value, qparams] : integer_values(graph)) {
    lines.push_back(graph.variable(value).name + " " + graph.variable(qparams.scale).name + " " +
                    graph.variable(qparams.zero_point).name);
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(IntegerValues, OfPairsAndStoredWeights) {
  EXPECT_EQ(listed(R"(graph net {
  input x: float32 (-1, 3)
  parameter s: float32 (1, 1)
  parameter z: float32 (1, 1)
  parameter w: int8 (3, 4)
  parameter sw: float32 (1, 4)
  parameter zw: float32 (1, 4)
  q = QuantizeLinear(x, s, z)
  d = DequantizeLinear(q, s, z)
  dw = DequantizeLinear(w, sw, zw)
  y = Affine(d, dw)
  output y
})"),
            (Lines{"w sw zw", "q s z"}));
}

TEST(IntegerValues, OfIntegerFunctionsAndWhatMovesThem) {
  EXPECT_EQ(listed(R"(graph net {
  input x: uint8 (-1, 2, 4, 4)
  parameter sx: float32 (1, 1, 1, 1)
  parameter zx: float32 (1, 1, 1, 1)
  parameter w: int8 (3, 2, 3, 3)
  parameter sw: float32 (3, 1, 1, 1)
  parameter sy: float32 (1, 1, 1, 1)
  parameter zy: float32 (1, 1, 1, 1)
  parameter table: int8 (256)
  parameter st: float32 (1, 1, 1, 1)
  parameter zt: float32 (1, 1, 1, 1)
  m = MaxPooling(x) {kernel=(2, 2), stride=(1, 1), pad=(1, 1)}
  c = QuantizedConvolution(m, sx, zx, w, sw, sy, zy) {pad=(1, 1)}
  p = MaxPooling(c) {kernel=(2, 2), stride=(1, 1), pad=(0, 0)}
  t = QuantizedLookup(p, table)
  j = QuantizedConcatenate(sy, zy, t, st, zt, p, sy, zy)
  output j
})"),
            (Lines{"x sx zx", "m sx zx", "c sy zy", "p sy zy", "t st zt", "j sy zy"}));
}

TEST(IntegerValues, NoneInAFloatNetwork) {
  EXPECT_TRUE(listed("graph g {\n input x: float32 (-1, 3)\n y = ReLU(x)\n output y\n}").empty());
}

}  // namespace
}  // namespace octet
