// What QuantizeLinear and DequantizeLinear refuse; their numbers are tested in tests/quant.
#include "octet/ops/quantize_linear.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "octet/graph/interpreter.h"
#include "octet/graph/text.h"
#include "tests/quant/test_support.h"

namespace octet {
namespace {

constexpr std::string_view kPair = R"(graph net {
  input x: float32 (-1, 3)
  parameter s: float32 (1, 1)
  parameter z: float32 (1, 1)
  q = QuantizeLinear(x, s, z)
  d = DequantizeLinear(q, s, z)
  output d
})";

class QuantizeLinearErrors : public ::testing::Test {
 protected:
  std::string error(std::string_view text, double scale, const at::Tensor& x) {
    ParameterStore parameters;
    parameters.set("s", at::full({1, 1}, scale), false);
    parameters.set("z", at::zeros({1, 1}), false);
    const Graph graph = parse_graph(text);
    return message_of([&] {
      RandomState random(0);
      run(graph, parameters, {{graph.find_variable("x"), x}}, graph.outputs(), random);
    });
  }
};

TEST_F(QuantizeLinearErrors, NameTheValueThatIsNotFinite) {
  at::Tensor x = at::ones({2, 3});
  EXPECT_EQ(error(kPair, 0.5, x), "no error");
  x[0][1] = HUGE_VAL;
  EXPECT_EQ(error(kPair, 0.5, x), "[q] 1 of 6 values are NaN or infinite");
  x[1][1] = std::nan("");
  EXPECT_EQ(error(kPair, 0.5, x), "[q] 2 of 6 values are NaN or infinite");
}

TEST_F(QuantizeLinearErrors, NameTheValueWhoseScaleIsNone) {
  const at::Tensor x = at::ones({2, 3});
  EXPECT_EQ(error(kPair, 0, x), "[q] the scale 0 is not a positive number");
  EXPECT_EQ(error(kPair, HUGE_VAL, x), "[q] the scale inf is not a positive number");
  const std::string_view reader =
      "graph g {\n  input x: int8 (-1, 3)\n  parameter s: float32 (1, 1)\n  parameter z: float32 "
      "(1, 1)\n  d = DequantizeLinear(x, s, z)\n  output d\n}";
  EXPECT_EQ(error(reader, -1, x.to(at::kChar)), "[d] the scale -1 is not a positive number");
}

}  // namespace
}  // namespace octet
