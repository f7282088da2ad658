// A ReLU that the step in front of it or behind it computes: the same values, gradients and errors.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "octet/base/error.h"
#include "tests/support/plan_job.h"

namespace octet {
namespace {

using testing::Contains;
using testing::Not;

struct Job : PlanJob {
  explicit Job(const std::string& statements)
      : PlanJob(R"(graph net {
  input x: float32 (2, 8, 5, 5)
  parameter v: float32 (8, 8, 1, 1)
  parameter w: float32 (8, 8, 3, 3)
  parameter s: float32 (1, 1, 1, 1)
  parameter z: float32 (1, 1, 1, 1)
  a = Convolution(x, v)
  b = Convolution(a, w) {pad=(1, 1)}
)" + statements +
                "}\n") {
    RandomState random(2);
    at::Generator generator = random.generator(at::kCPU);
    inputs[graph.find_variable("x")] = at::randn({2, 8, 5, 5}, generator, at::kFloat);
    parameters.set("v", at::randn({8, 8, 1, 1}, generator, at::kFloat), true);
    parameters.set("w", at::randn({8, 8, 3, 3}, generator, at::kFloat), true);
    parameters.set("s", at::full({1, 1, 1, 1}, 0.1), false);
    parameters.set("z", at::full({1, 1, 1, 1}, -5.0), false);
  }

  at::Tensor& image() { return inputs.at(graph.find_variable("x")); }
};

RunOptions inference() {
  return {.gradients = false, .keep = {}, .observer = {}};
}

// oneDNN adds up in another order than ATen: some eps of sums of up to 72 products of size 1.
void expect_near(const at::Tensor& expected, const at::Tensor& given) {
  EXPECT_TRUE(at::allclose(expected, given, 1e-5, 1e-4))
      << "by " << (expected - given).abs().max().item<double>() << " at most of "
      << expected.abs().max().item<double>();
}

TEST(FusedRelu, OfASum) {
  Job job("  c = Add2(a, b)\n  y = ReLU(c)\n  output y\n");
  PlanEngine engine({.poisoned = true});
  expect_near(by_reference(job, inference()), by_plan(job, engine, inference()));
  EXPECT_THAT(kernels_of(engine), Contains("add+relu"));
  EXPECT_THAT(kernels_of(engine), Not(Contains("relu")));
}

TEST(FusedRelu, OfASumWithGradients) {
  Job expected("  c = Add2(a, b)\n  y = ReLU(c)\n  output y\n"), given = expected;
  given.parameters = expected.parameters.clone();
  PlanEngine engine({.poisoned = true});
  const at::Tensor reference = by_reference(expected, {});
  expect_near(reference.detach(), by_plan(given, engine, {}));
  EXPECT_THAT(kernels_of(engine), Contains("add+relu"));
  reference.sum().backward();
  engine.backward(given.graph, given.parameters, given.output());
  for (const std::string name : {"v", "w"}) {
    expect_near(expected.parameters.at(name).value.grad(), given.parameters.at(name).value.grad());
  }
}

TEST(FusedRelu, NotOfASumThatOthersReadToo) {
  Job job("  c = Add2(a, b)\n  d = ReLU(c)\n  y = Add2(c, d)\n  output y\n");
  PlanEngine engine({.poisoned = true});
  expect_near(by_reference(job, inference()), by_plan(job, engine, inference()));
  EXPECT_THAT(kernels_of(engine), Contains("relu"));
  Job kept("  c = Add2(a, b)\n  y = ReLU(c)\n  output y\n");
  by_plan(kept, engine,
          {.gradients = false, .keep = {kept.graph.find_variable("c")}, .observer = {}});
  EXPECT_THAT(kernels_of(engine), Not(Contains("add+relu")));
}

// Whether the ReLU of the last plan writes where it reads.
bool is_in_place(PlanEngine& engine) {
  for (const auto& step : engine.last_plan()->steps()) {
    if (step->kernel() != "relu") continue;
    const std::vector<plan::Value>& values = *step->context.values;
    return values[step->inputs()[0]].data == values[step->outputs()[0]].data;
  }
  return false;
}

TEST(FusedRelu, InPlaceOfWhatNobodyElseReads) {
  Job job("  y = ReLU(b)\n  output y\n");
  PlanEngine engine({.poisoned = true});
  expect_near(by_reference(job, inference()), by_plan(job, engine, inference()));
  EXPECT_TRUE(is_in_place(engine));
  by_plan(job, engine, {});
  EXPECT_FALSE(is_in_place(engine));
}

// The ReLU alone reads `c`, which is `b`.
TEST(FusedRelu, NotInPlaceOfAValueOfTwoNames) {
  Job job("  c = Identity(b)\n  d = ReLU(c)\n  y = Sub2(d, b)\n  output y\n");
  PlanEngine engine({.poisoned = true});
  expect_near(by_reference(job, inference()), by_plan(job, engine, inference()));
  EXPECT_FALSE(is_in_place(engine));
}

const std::string kBehind =
    " = QuantizeLinear(r, s, z)\n  y = DequantizeLinear(q, s, z)\n  output y\n";

TEST(FusedRelu, InFrontOfAQuantization) {
  for (const std::string relu : {"ReLU", "ReLU6"}) {
    Job job("  r = " + relu + "(x)\n  q" + kBehind);
    job.image() = job.image() * 5;
    PlanEngine engine({.poisoned = true});
    const at::Tensor expected = by_reference(job, inference());
    EXPECT_TRUE(at::equal(expected, by_plan(job, engine, inference()))) << relu;
    EXPECT_THAT(kernels_of(engine), Contains("relu+quantize"));
  }
}

// The gradient passes where the activation does not cut and the integer is within its range.
TEST(FusedRelu, InFrontOfAQuantizationThatIsTrainedThrough) {
  for (const std::string relu : {"ReLU", "ReLU6"}) {
    Job expected("  t = MulScalar(w) {val=5.0}\n  r = " + relu + "(t)\n  q" + kBehind),
        given = expected;
    given.parameters = expected.parameters.clone();
    PlanEngine engine({.poisoned = true, .gradients = GradientArithmetic::kFloat32});
    const at::Tensor reference = by_reference(expected, {});
    expect_near(reference.detach(), by_plan(given, engine, {}));
    EXPECT_THAT(kernels_of(engine), Contains("relu+quantize")) << relu;
    reference.sum().backward();
    engine.backward(given.graph, given.parameters, given.output());
    expect_near(expected.parameters.at("w").value.grad(), given.parameters.at("w").value.grad());
    EXPECT_GT(given.parameters.at("w").value.grad().abs().max().item<double>(), 0);
  }
}

TEST(FusedRelu, NotInFrontOfTwoReaders) {
  Job job(
      "  r = ReLU(x)\n  t = Add2(r, x)\n  q = QuantizeLinear(r, s, z)\n"
      "  d = DequantizeLinear(q, s, z)\n  y = Add2(d, t)\n  output y\n");
  PlanEngine engine({.poisoned = true});
  EXPECT_TRUE(at::equal(by_reference(job, inference()), by_plan(job, engine, inference())));
  EXPECT_THAT(kernels_of(engine), Not(Contains("relu+quantize")));
}

// -inf is 0 behind a ReLU, and inf is 6 behind a ReLU6.
TEST(FusedRelu, WhatIsNotFiniteIsTheErrorThatItWas) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const std::string relu : {"ReLU", "ReLU6"}) {
    for (const float value : {std::numeric_limits<float>::quiet_NaN(), kInfinity, -kInfinity}) {
      Job job("  r = " + relu + "(x)\n  q" + kBehind);
      job.image()[1][2][3][4] = value;
      job.image()[0][0][0][0] = -kInfinity;
      PlanEngine engine({.poisoned = true});
      const auto message = [&](const auto& compute) -> std::string {
        try {
          compute();
          return "";
        } catch (const Error& error) {
          return error.what();
        }
      };
      EXPECT_EQ(message([&] { by_reference(job, inference()); }),
                message([&] { by_plan(job, engine, inference()); }))
          << relu << " of " << value;
    }
  }
}

}  // namespace
}  // namespace octet
