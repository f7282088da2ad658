#include "octet/ops/unary_math.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/run_operation.h"

namespace octet {
namespace {

struct Row {
  Attributes op;
  double (*function)(double);
  std::vector<double> points;
};

const std::vector<Row>& smooth_functions() {
  static const std::vector<double> all{-1.7, -0.3, 0.6, 2.1};
  static const std::vector<double> positive{0.2, 1.0, 3.7};
  static const std::vector<double> inside{-0.8, 0.1, 0.7};
  static const std::vector<Row> rows{{Exp{}, std::exp, all},
                                     {Log{}, std::log, positive},
                                     {Sqrt{}, std::sqrt, positive},
                                     {Erf{}, std::erf, all},
                                     {Sin{}, std::sin, all},
                                     {Cos{}, std::cos, all},
                                     {Tan{}, std::tan, inside},
                                     {Sinh{}, std::sinh, all},
                                     {Cosh{}, std::cosh, all},
                                     {ASin{}, std::asin, inside},
                                     {ACos{}, std::acos, inside},
                                     {ATan{}, std::atan, all},
                                     {ASinh{}, std::asinh, all},
                                     {ACosh{}, std::acosh, {1.2, 3.0}},
                                     {ATanh{}, std::atanh, inside},
                                     {Abs{}, std::fabs, all},
                                     {Neg{}, [](double x) { return -x; }, all},
                                     {Identity{}, [](double x) { return x; }, all},
                                     {Reciprocal{}, [](double x) { return 1 / x; }, all}};
  return rows;
}

TEST(UnaryMath, AgreesWithTheStandardLibrary) {
  for (const Row& row : smooth_functions()) {
    const at::Tensor y = run_one(row.op, {doubles(row.points)});
    for (size_t i = 0; i < row.points.size(); ++i) {
      EXPECT_NEAR(y[static_cast<int64_t>(i)].item<double>(), row.function(row.points[i]), 1e-12)
          << type_name(row.op) << " of " << row.points[i];
    }
  }
}

TEST(UnaryMath, GradientsAreSlopes) {
  for (const Row& row : smooth_functions()) {
    EXPECT_LT(gradient_error(row.op, {doubles(row.points)}), 1e-7) << type_name(row.op);
  }
}

struct Step {
  Attributes op;
  std::vector<double> y;  // of kStepPoints
};

const std::vector<double> kStepPoints{-2.5, -1.2, -0.5, 0, 0.49999999999999994, 0.5, 1.5, 2.5};

TEST(UnaryMath, StepFunctionsPassTheGradientStraightThrough) {
  const std::vector<Step> steps{{Floor{}, {-3, -2, -1, 0, 0, 0, 1, 2}},
                                {Ceil{}, {-2, -1, 0, 0, 1, 1, 2, 3}},
                                {Round{}, {-3, -1, -1, 0, 0, 1, 2, 3}},
                                {Round{.round_mode = "HALF_TO_EVEN"}, {-2, -1, 0, 0, 0, 0, 2, 2}},
                                {Sign{}, {-1, -1, -1, 1, 1, 1, 1, 1}},
                                {Sign{.alpha = 0.25F}, {-1, -1, -1, 0.25, 1, 1, 1, 1}}};
  const at::Tensor x = doubles(kStepPoints);
  const at::Tensor dy = at::arange(8, at::kDouble);
  for (const Step& step : steps) {
    EXPECT_TRUE(at::equal(run_one(step.op, {x}), doubles(step.y))) << type_name(step.op) << "\n"
                                                                   << run_one(step.op, {x});
    EXPECT_TRUE(at::equal(input_gradients(step.op, {x}, dy)[0], dy)) << type_name(step.op);
  }
}

TEST(UnaryMath, GradientOfAbsIsZeroAtZero) {
  EXPECT_TRUE(at::equal(input_gradients(Abs{}, {doubles({-2, 0, 2})})[0], doubles({-1, 0, 1})));
}

TEST(UnaryMath, KeepsOrConvertsTheElementType) {
  const at::Tensor integers = at::tensor({-1, 4}, at::kInt);
  EXPECT_TRUE(at::equal(run_one(Abs{}, {integers}), at::tensor({1, 4}, at::kInt)));
  EXPECT_TRUE(at::equal(run_one(Neg{}, {integers}), at::tensor({1, -4}, at::kInt)));
  EXPECT_TRUE(at::equal(run_one(Identity{}, {integers}), integers));
  EXPECT_TRUE(at::equal(run_one(Floor{}, {integers}), at::tensor({-1.0F, 4.0F})));
  EXPECT_EQ(run_one(Exp{}, {integers}).scalar_type(), at::kFloat);
}

TEST(UnaryMath, PassesAFreeBatchThrough) {
  const VariableType x{DType::kFloat32, {kFreeDim, 3}, QParams{}};
  EXPECT_EQ(infer_types(Exp{}, {&x, 1})[0], (VariableType{DType::kFloat32, {kFreeDim, 3}, {}}));
  EXPECT_EQ(infer_types(Identity{}, {&x, 1})[0], x);
}

}  // namespace
}  // namespace octet
