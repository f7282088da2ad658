// Element-wise operations against the reference system's outputs and gradients.

#include <gtest/gtest.h>

#include "tests/support/layer_case.h"
#include "tests/support/reference_files.h"

namespace octet {
namespace {

class ElementwiseReference : public testing::TestWithParam<LayerCase> {};

TEST_P(ElementwiseReference, AgreesInOutputsAndGradients) {
  if (!reference_present()) GTEST_SKIP() << "no reference files in " << reference_dir();
  expect_layer_case(GetParam());
}

LayerCase unary(const std::string& name, const Attributes& attributes) {
  return {.name = name, .attributes = attributes, .inputs = {"in_x"}};
}

LayerCase binary(const std::string& name, const Attributes& attributes, double eps) {
  return {.name = name, .attributes = attributes, .inputs = {"in_a", "in_b"}, .eps = eps};
}

// Gradients of a broadcast operand are sums of up to 128 terms in another order: 32 eps.
std::vector<LayerCase> cases() {
  return {unary("act_relu", ReLU{}),
          unary("act_relu6", ReLU6{}),
          unary("act_sigmoid", Sigmoid{}),
          unary("act_tanh", Tanh{}),
          unary("act_elu", ELU{}),
          unary("act_celu", CELU{}),
          unary("act_mish", Mish{}),
          unary("act_hard_sigmoid", HardSigmoid{}),
          unary("act_softsign", SoftSign{}),
          unary("act_leaky_relu", LeakyReLU{.alpha = 0.2F}),
          unary("softmax", Softmax{.axis = 1}),
          unary("log_softmax", LogSoftmax{.axis = 1}),
          unary("unary_abs", Abs{}),
          unary("unary_sign", Sign{}),
          unary("unary_floor", Floor{}),
          unary("unary_cos", Cos{}),
          unary("unary_log", Log{}),
          unary("mul_scalar", MulScalar{.val = -1.3}),
          unary("pow_scalar", PowScalar{.val = 2}),
          unary("r_sub_scalar", RSubScalar{.val = 0.3}),
          binary("add2", Add2{}, 4),
          binary("mul2", Mul2{}, 4),
          binary("div2", Div2{}, 4),
          binary("sub2_bcast", Sub2{}, 32),
          binary("maximum2_bcast", Maximum2{}, 32),
          binary("minimum2_bcast", Minimum2{}, 32),
          {.name = "add_n", .attributes = AddN{}, .inputs = {"in_a", "in_b", "in_c"}}};
}

INSTANTIATE_TEST_SUITE_P(Layers, ElementwiseReference, testing::ValuesIn(cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace octet
