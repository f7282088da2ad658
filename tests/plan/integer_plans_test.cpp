// Networks of integers by plans: to the bit what the reference interpreter gives.

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "octet/graph/functions.h"
#include "octet/graph/parametric_functions.h"
#include "octet/models/mobilenet_v1.h"
#include "octet/models/resnet.h"
#include "tests/support/plan_networks.h"
#include "tests/support/plan_runs.h"
#include "tests/support/quantized_job.h"

namespace octet {
namespace {

using plan::PlanEngine;

struct Case {
  const char* name;
  Model model;
  bool channel_wise;
  bool zero_point;
};

class PlanOfIntegers : public testing::TestWithParam<Case> {};

// What ATen computes in the last plan, but for the loss.
std::vector<std::string> aten_steps(PlanEngine& engine) {
  std::vector<std::string> found;
  for (const auto& step : engine.last_plan()->steps()) {
    if (step->kernel().starts_with("aten:") && step->kernel() != "aten:Mean" &&
        step->kernel() != "aten:QuantizeLinear") {
      found.push_back(step->name() + " " + step->kernel());
    }
  }
  return found;
}

TEST_P(PlanOfIntegers, AllIntegersEqualTheReference) {
  QATConfig config;
  config.precision_mode = PrecisionMode::QNN;
  config.channel_wise = GetParam().channel_wise;
  config.zero_point = GetParam().zero_point;
  QuantizedJob job(GetParam().model, config);
  const std::vector<VariableId> keep = job.integer_values();
  const RunResult expected =
      run_once(job.graph(), job.parameters(), job.loss.id(), job.inputs(), keep, nullptr);
  const auto engine = poisoned_engine();
  const RunResult given =
      run_once(job.graph(), job.parameters(), job.loss.id(), job.inputs(), keep, engine);
  EXPECT_THAT(aten_steps(*engine), testing::IsEmpty());
  ASSERT_GE(keep.size(), 8U);
  for (const VariableId id : keep) {
    const at::Tensor& a = expected.values.at(id);
    const at::Tensor& b = given.values.at(id);
    EXPECT_TRUE(at::equal(a, b)) << job.graph().variable(id).name << ": "
                                 << a.ne(b).sum().item<int64_t>() << " of " << a.numel();
  }
  ASSERT_EQ(expected.gradients.size(), given.gradients.size());
  for (const auto& [name, gradient] : expected.gradients) {
    // The same masks and integers: what differs is the order of float32 sums, and the rounding of
    // one scale against two.
    EXPECT_LT(relative_difference(gradient, given.gradients.at(name)), 1e-4) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Networks, PlanOfIntegers,
                         testing::Values(Case{"MobileNetV1", models::mobilenet_v1, false, false},
                                         Case{"MobileNetV1PerChannel", models::mobilenet_v1, true,
                                              false},
                                         Case{"ResNet18", models::resnet18, false, false},
                                         Case{"ResNet18Asymmetric", models::resnet18, true, true},
                                         Case{"Gated", gated_network, false, false},
                                         Case{"GatedAsymmetric", gated_network, true, true},
                                         Case{"Joined", joined_network, false, false},
                                         Case{"JoinedAsymmetric", joined_network, true, true},
                                         Case{"Tiled", tiled_network, false, false},
                                         Case{"TiledAsymmetric", tiled_network, true, true},
                                         Case{"Moving", moving_network, false, false},
                                         Case{"MovingAsymmetric", moving_network, true, true}),
                         [](const auto& info) { return std::string(info.param.name); });

// A layer whose weight the network computes: the integers of an activation.
VariableRef computed_weight_network(const VariableRef& image, const models::ModelOptions& options) {
  const VariableRef small = F::relu(PF::convolution(image, "small", 4, {3, 3}, {.stride = {8, 8}}));
  const VariableRef rows = F::reshape(small, {.shape = {16, 16}});
  const VariableRef weight = F::transpose(rows, {.axes = {1, 0}});
  const VariableRef product = F::affine(rows, weight);
  return PF::affine(F::reshape(product, {.shape = {4, 64}}), "head", options.num_classes);
}

TEST(IntegerPlans, ComputedWeightsAreReadAsWhatTheyAre) {
  QATConfig config;
  config.precision_mode = PrecisionMode::MIXED_QNN;
  QuantizedJob job(computed_weight_network, config);
  const std::vector<VariableId> keep = job.integer_values();
  const RunResult expected =
      run_once(job.graph(), job.parameters(), job.loss.id(), job.inputs(), keep, nullptr);
  const RunResult given =
      run_once(job.graph(), job.parameters(), job.loss.id(), job.inputs(), keep, poisoned_engine());
  for (const VariableId id : keep) {
    EXPECT_TRUE(at::equal(expected.values.at(id), given.values.at(id)))
        << job.graph().variable(id).name;
  }
  ASSERT_EQ(expected.gradients.size(), given.gradients.size());
  for (const auto& [name, gradient] : expected.gradients) {
    EXPECT_LT(relative_difference(gradient, given.gradients.at(name)), 1e-4) << name;
  }
}

// Scales get no gradient from integer functions, trained or not.
TEST(IntegerPlans, ScalesThatAreTrainedGetWhatTheReferenceGivesThem) {
  QATConfig config;
  config.precision_mode = PrecisionMode::QNN;
  QuantizedJob job(joined_network, config);
  for (const std::string& name : job.parameters().names()) {
    if (name.find("scale") == std::string::npos) continue;
    const at::Tensor value = job.parameters().at(name).value.detach();
    job.parameters().set(name, value, /*need_grad=*/true);
  }
  const RunResult expected =
      run_once(job.graph(), job.parameters(), job.loss.id(), job.inputs(), {}, nullptr);
  const RunResult given =
      run_once(job.graph(), job.parameters(), job.loss.id(), job.inputs(), {}, poisoned_engine());
  for (const auto& [name, gradient] : given.gradients) {
    const auto found = expected.gradients.find(name);
    if (found == expected.gradients.end()) {
      EXPECT_TRUE(gradient.eq(0).all().item<bool>()) << name;
    } else {
      EXPECT_LT(relative_difference(found->second, gradient), 1e-4) << name;
    }
  }
}

TEST(IntegerPlans, AProductWithATableOfItselfIsOneTable) {
  QATConfig config;
  config.precision_mode = PrecisionMode::QNN;
  QuantizedJob job(gated_network, config);
  PlanEngine engine;
  RandomState random(3);
  std::map<std::string, int> kernels;
  engine.forward(job.graph(), job.parameters(), job.inputs(), job.loss.id(), random, {});
  for (const auto& step : engine.last_plan()->steps()) ++kernels[step->kernel()];
  // Of the gate, of hard_sigmoid, and two with what reads x as well; the tables that only these
  // read are not made.
  EXPECT_EQ(kernels["lookup"], 4);
  EXPECT_EQ(kernels["quantized_mul"], 1);
  EXPECT_EQ(kernels["quantized_sub"], 1);
}

}  // namespace
}  // namespace octet
