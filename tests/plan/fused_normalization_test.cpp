// A batch normalization that the layer in front of it computes, with the ReLU and the quantization
// behind it: the same values, statistics, gradients and errors.
#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "octet/base/error.h"
#include "octet/kernels/onednn/convolution_gradients.h"
#include "tests/support/plan_job.h"

namespace octet {
namespace {

using testing::Contains;
using testing::EndsWith;
using testing::Not;

// A layer of floats, and one of integers.
const std::string kFloat = "  c = Convolution(x, w) {pad=(1, 1)}\n";
const std::string kQuantized = R"(  xq = QuantizeLinear(x, sx, z)
  xd = DequantizeLinear(xq, sx, z)
  wq = QuantizeLinear(w, sw, z)
  wd = DequantizeLinear(wq, sw, z)
  c = Convolution(xd, wd) {pad=(1, 1)}
)";
const std::string kNormalized = "  n = BatchNormalization(c, beta, gamma, mean, var)\n";
const std::string kFrozen =
    "  n = BatchNormalization(c, beta, gamma, mean, var) {batch_stat=false}\n";

// The output is a value times signs, since the sum of what is normalized has no gradient.
std::string end_with(const std::string& value) {
  return "  o = Mul2(" + value + ", signs)\n  output o\n";
}

const std::string kQuantize =
    "  q = QuantizeLinear(r, s, z)\n  y = DequantizeLinear(q, s, z)\n" + end_with("y");

struct Job : PlanJob {
  explicit Job(const std::string& statements)
      : PlanJob(R"(graph net {
  input x: float32 (4, 8, 9, 9)
  parameter w: float32 (16, 8, 3, 3)
  parameter sx: float32 (1, 1, 1, 1)
  parameter sw: float32 (1, 1, 1, 1)
  parameter s: float32 (1, 1, 1, 1)
  parameter z: float32 (1, 1, 1, 1)
  parameter beta: float32 (1, 16, 1, 1)
  parameter gamma: float32 (1, 16, 1, 1)
  parameter mean: float32 (1, 16, 1, 1)
  parameter var: float32 (1, 16, 1, 1)
  parameter signs: float32 (4, 16, 9, 9)
)" + statements +
                "}\n") {
    RandomState random(2);
    at::Generator generator = random.generator(at::kCPU);
    inputs[graph.find_variable("x")] = at::randn({4, 8, 9, 9}, generator, at::kFloat);
    const auto set = [&](const std::string& name, const at::Tensor& value, bool trains) {
      parameters.set(name, value, trains);
    };
    set("w", at::randn({16, 8, 3, 3}, generator, at::kFloat), true);
    set("beta", at::randn({1, 16, 1, 1}, generator, at::kFloat), true);
    set("gamma", at::randn({1, 16, 1, 1}, generator, at::kFloat), true);
    set("mean", at::randn({1, 16, 1, 1}, generator, at::kFloat), false);
    set("var", at::rand({1, 16, 1, 1}, generator, at::kFloat) * 50 + 30, false);
    set("sx", at::full({1, 1, 1, 1}, 0.03), false);
    set("sw", at::full({1, 1, 1, 1}, 0.04), false);
    set("s", at::full({1, 1, 1, 1}, 0.02), false);
    set("z", at::full({1, 1, 1, 1}, 0.0), false);
    set("signs", at::randn({4, 16, 9, 9}, generator, at::kFloat).sign(), false);
  }

  at::Tensor value(const std::string& name) { return parameters.at(name).value; }
};

Job copy_of(const Job& job) {
  Job copy = job;
  copy.parameters = job.parameters.clone();
  return copy;
}

// Values of size 1 that were summed in another order: some eps; quantized, the neighbouring integer
// where they lie on the border between two.
void expect_near(const at::Tensor& expected, const at::Tensor& given, double step) {
  EXPECT_LE((expected - given).abs().max().item<double>(), 1.01 * step + 2e-5);
  EXPECT_LE((expected - given).abs().gt(2e-5).sum().item<int64_t>(), expected.numel() / 500);
}

// Against the reference, with everything that training does.
void expect_the_same(const std::string& statements, const std::string& kernel, double step) {
  SCOPED_TRACE(statements);
  Job expected(statements), given = copy_of(expected);
  PlanEngine engine({.poisoned = true, .gradients = GradientArithmetic::kFloat32});
  const at::Tensor reference = by_reference(expected, {});
  expect_near(reference.detach(), by_plan(given, engine, {}), step);
  EXPECT_THAT(kernels_of(engine), Contains(EndsWith(kernel)));
  for (const std::string name : {"mean", "var"}) {
    EXPECT_TRUE(at::allclose(expected.value(name), given.value(name), 1e-5, 1e-5)) << name;
  }
  reference.sum().backward();
  engine.backward(given.graph, given.parameters, given.output());
  for (const std::string name : {"w", "beta", "gamma"}) {
    const at::Tensor exact = expected.value(name).grad(), made = given.value(name).grad();
    // Where a value became its neighbour at a border of the range, its gradient came or went: one
    // of hundreds.
    const double bound = step > 0 ? 0.02 : 1e-4;
    EXPECT_LE((exact - made).norm().item<double>(), bound * exact.norm().item<double>()) << name;
    EXPECT_GT(exact.norm().item<double>(), 0) << name;
  }
}

TEST(FusedNormalization, OfAFloatLayer) {
  for (const std::string& normalized : {kNormalized, kFrozen}) {
    expect_the_same(kFloat + normalized + end_with("n"), "normalize", 0);
    for (const std::string relu : {"ReLU", "ReLU6"}) {
      const std::string activated = kFloat + normalized + "  r = " + relu + "(n)\n";
      expect_the_same(activated + end_with("r"), "normalize+relu", 0);
      expect_the_same(activated + kQuantize, "normalize+relu+quantize", 0.02);
    }
    expect_the_same(kFloat + normalized + "  r = Identity(n)\n" + kQuantize, "quantize", 0.02);
  }
}

TEST(FusedNormalization, OfALayerOfIntegers) {
  for (const std::string& normalized : {kNormalized, kFrozen}) {
    expect_the_same(kQuantized + normalized + end_with("n"), "+normalize", 0);
    for (const std::string relu : {"ReLU", "ReLU6"}) {
      const std::string activated = kQuantized + normalized + "  r = " + relu + "(n)\n";
      expect_the_same(activated + end_with("r"), "+normalize+relu", 0);
      expect_the_same(activated + kQuantize, "+normalize+relu+quantize", 0.02);
    }
  }
}

TEST(FusedNormalization, WithoutParametersAndStatistics) {
  expect_the_same(kQuantized + "  m = BatchNormalization(c) {no_scale=true, no_bias=true}\n" +
                      "  n = BatchNormalization(m, beta, gamma, mean, var)\n" + end_with("n"),
                  "+normalize", 0);
}

TEST(FusedNormalization, InInference) {
  Job job(kQuantized + kFrozen + "  r = ReLU(n)\n" + kQuantize);
  PlanEngine engine({.poisoned = true});
  const RunOptions inference{.gradients = false, .keep = {}, .observer = {}};
  expect_near(by_reference(job, inference), by_plan(job, engine, inference), 0.02);
  EXPECT_THAT(kernels_of(engine), Contains(EndsWith("+normalize+relu+quantize")));
}

TEST(FusedNormalization, LeavesWhatOthersReadToo) {
  Job job(kQuantized + kNormalized + "  r = ReLU(n)\n  d = Add2(n, r)\n  e = Add2(d, c)\n" +
          end_with("e"));
  PlanEngine engine({.poisoned = true});
  Job expected = copy_of(job);
  expect_near(by_reference(expected, {}).detach(), by_plan(job, engine, {}), 0);
  EXPECT_THAT(kernels_of(engine), Contains("normalize"));
  EXPECT_THAT(kernels_of(engine), Not(Contains(EndsWith("+relu"))));
  EXPECT_THAT(kernels_of(engine), Not(Contains(EndsWith("+normalize"))));
  Job kept(kQuantized + kNormalized + "  r = ReLU(n)\n" + end_with("r"));
  by_plan(kept, engine,
          {.gradients = true, .keep = {kept.graph.find_variable("n")}, .observer = {}});
  EXPECT_THAT(kernels_of(engine), Contains(EndsWith("+normalize")));
}

// The layer's gradients are rounded to eight bits behind the normalization.
TEST(FusedNormalization, GradientsInBFloat16) {
  if (!kernels::has_bfloat16()) GTEST_SKIP() << "no instructions for bfloat16";
  Job expected(kQuantized + kNormalized + "  r = ReLU(n)\n" + kQuantize), given = copy_of(expected);
  for (Job* job : {&expected, &given}) {
    PlanEngine engine({.poisoned = true,
                       .gradients = job == &given ? GradientArithmetic::kBFloat16
                                                  : GradientArithmetic::kFloat32});
    by_plan(*job, engine, {});
    engine.backward(job->graph, job->parameters, job->output());
  }
  for (const std::string name : {"w", "beta", "gamma"}) {
    const at::Tensor exact = expected.value(name).grad(), made = given.value(name).grad();
    EXPECT_LE((exact - made).norm().item<double>(), exact.norm().item<double>() / 128) << name;
  }
}

std::string message_of(const std::function<void()>& compute) {
  try {
    compute();
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(FusedNormalization, WhatIsNotFiniteIsTheErrorThatItWas) {
  for (const std::string& layer : {kFloat, kQuantized}) {
    Job job(layer + kNormalized + "  r = ReLU(n)\n" + kQuantize);
    job.value("gamma").detach()[0][3] = std::numeric_limits<float>::quiet_NaN();
    PlanEngine engine({.poisoned = true});
    const std::string message = message_of([&] { by_plan(job, engine, {}); });
    EXPECT_THAT(message, testing::HasSubstr("324 of 5184 values are NaN or infinite"));
    EXPECT_EQ(message, message_of([&] { by_reference(job, {}); }));
  }
}

}  // namespace
}  // namespace octet
