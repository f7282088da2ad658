#include "octet/ops/activations.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/run_operation.h"

namespace octet {
namespace {

struct Row {
  Attributes op;
  std::vector<double> x, y, dx;  // dx: the gradient for an incoming gradient of 1
};

void expect_row(const Row& row) {
  const at::Tensor y = run_one(row.op, {doubles(row.x)});
  EXPECT_TRUE(at::allclose(y, doubles(row.y), 0, 1e-12)) << type_name(row.op) << "\n" << y;
  const at::Tensor dx = input_gradients(row.op, {doubles(row.x)})[0];
  EXPECT_TRUE(at::allclose(dx, doubles(row.dx), 0, 1e-12)) << type_name(row.op) << "\n" << dx;
}

TEST(Activations, PiecewiseLinearOnesWithTheirKinks) {
  expect_row({ReLU6{}, {-1, 0, 3, 6, 7}, {0, 0, 3, 6, 6}, {0, 0, 1, 0, 0}});
  expect_row({LeakyReLU{.alpha = 0.25F}, {-4, 0, 2}, {-1, 0, 2}, {0.25, 0.25, 1}});
  expect_row({HardTanh{}, {-2, -1, 0.5, 1, 2}, {-1, -1, 0.5, 1, 1}, {0, 1, 1, 1, 0}});
  expect_row({HardSigmoid{}, {-3, -2.5, 0, 1, 3}, {0, 0, 0.5, 0.7, 1}, {0, 0.2, 0.2, 0.2, 0}});
  expect_row({Clip{-1, 2}, {-2, -1, 0, 2, 3}, {-1, -1, 0, 2, 2}, {0, 1, 1, 1, 0}});
  expect_row({Clip{}, {-1e300, 1e300}, {-1e300, 1e300}, {1, 1}});
  expect_row({HardSwish{}, {-4, 0, 3, 4, 1}, {0, 0, 3, 4, 2.0 / 3}, {0, 0.5, 1.5, 1, 5.0 / 6}});
}

TEST(Activations, SmoothOnes) {
  const double e = std::exp(1.0);
  const double s = 1 / (1 + e);  // sigmoid(-1)
  expect_row({Sigmoid{}, {0, -1}, {0.5, s}, {0.25, s * (1 - s)}});
  expect_row({Swish{}, {0, -1}, {0, -s}, {0.5, s - s * (1 - s)}});
  expect_row({LogSigmoid{}, {0, -1000}, {-std::log(2.0), -1000}, {0.5, 1}});
  expect_row({SoftPlus{}, {0, 1000}, {std::log(2.0), 1000}, {0.5, 1}});
  expect_row({SoftPlus{.beta = 2}, {0, 0.5}, {std::log(2.0) / 2, std::log1p(e) / 2}, {0.5, 1 - s}});
  expect_row({SoftSign{}, {-3, 0, 1}, {-0.75, 0, 0.5}, {1.0 / 16, 1, 0.25}});
  expect_row({ELU{.alpha = 2}, {-1, 3}, {2 / e - 2, 3}, {2 / e, 1}});
  expect_row({SELU{.scale = 3, .alpha = 2}, {-1, 3}, {6 / e - 6, 9}, {6 / e, 3}});
  expect_row({Sinc{}, {0, 2}, {1, std::sin(2) / 2}, {0, std::cos(2) / 2 - std::sin(2) / 4}});
  const double t = std::tanh(0.5);
  expect_row({Tanh{}, {0.5}, {t}, {1 - t * t}});
  expect_row({TanhShrink{}, {0.5}, {0.5 - t}, {t * t}});
}

TEST(Activations, GeluIsTheOneWithTanh) {
  const double x = 1.5;
  const double inner = std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x);
  const double y = x / 2 * (1 + std::tanh(inner));
  EXPECT_NEAR(run_one(GELU{}, {doubles({x})}).item<double>(), y, 1e-12);
  EXPECT_NEAR(run_one(Mish{}, {doubles({x})}).item<double>(),
              x * std::tanh(std::log1p(std::exp(x))), 1e-12);
}

TEST(Activations, GradientsAreSlopes) {
  const at::Tensor x = doubles({-2.3, -0.7, 0.4, 1.9});
  for (const Attributes& op :
       {Attributes(GELU{}), Attributes(Mish{}), Attributes(Sigmoid{}), Attributes(Tanh{}),
        Attributes(Swish{}), Attributes(HardSwish{}), Attributes(LogSigmoid{}),
        Attributes(SoftSign{}), Attributes(TanhShrink{}), Attributes(Sinc{}),
        Attributes(ELU{.alpha = 0.7}), Attributes(SELU{}), Attributes(SoftPlus{.beta = 1.5}),
        Attributes(CReLU{.axis = 0}), Attributes(CELU{.alpha = 0.7, .axis = 0})}) {
    EXPECT_LT(gradient_error(op, {x}), 1e-8) << type_name(op);
  }
}

TEST(Activations, ConcatenatedOnesDoubleTheirAxis) {
  const at::Tensor x = doubles({1, -2}).reshape({1, 2});
  EXPECT_TRUE(at::equal(run_one(CReLU{.axis = 1}, {x}), doubles({1, 0, 0, 2}).reshape({1, 4})));
  EXPECT_TRUE(at::equal(run_one(CReLU{.axis = -2}, {x}), doubles({1, 0, 0, 2}).reshape({2, 2})));
  const double a = 3 * std::expm1(-2.0);
  const double b = 3 * std::expm1(-1.0);
  EXPECT_TRUE(at::allclose(run_one(CELU{.alpha = 3, .axis = 1}, {x}),
                           doubles({1, a, b, 2}).reshape({1, 4}), 0, 1e-12));
  const VariableType batch{DType::kFloat32, {kFreeDim, 3, 2}, {}};
  EXPECT_EQ(infer_types(CReLU{.axis = 1}, {&batch, 1})[0].shape, Shape({kFreeDim, 6, 2}));
  EXPECT_EQ(infer_types(CELU{.axis = 0}, {&batch, 1})[0].shape, Shape({kFreeDim, 3, 2}));
  EXPECT_EQ(infer_error(CReLU{.axis = 2}, {{2, 3}}),
            "[CReLU] axis 2 is outside of a tensor of 2 dimensions");
  EXPECT_EQ(infer_error(CELU{.axis = 2}, {{2, 3}}),
            "[CELU] axis 2 is outside of a tensor of 2 dimensions");
}

TEST(Activations, ComputeIntegersAsFloat32) {
  EXPECT_TRUE(
      at::equal(run_one(ReLU6{}, {at::tensor({-1, 9}, at::kInt)}), at::tensor({0.0F, 6.0F})));
}

TEST(Activations, RefuseBadAttributes) {
  EXPECT_EQ(infer_error(SoftPlus{.beta = 0}, {{2}}), "[SoftPlus] beta 0 is not above zero");
  EXPECT_EQ(infer_error(Clip{3, 1}, {{2}}), "[Clip] min 3 is above max 1");
}

}  // namespace
}  // namespace octet
