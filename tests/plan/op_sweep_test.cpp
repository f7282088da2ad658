// Every operation in a plan gives what it gives in the reference interpreter, values and gradients:
// by its kernel, or by its ATen forward with a tape of its own.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "octet/ops/scalar_types.h"
#include "octet/plan/plan_engine.h"
#include "tests/support/op_samples.h"

namespace octet {
namespace {

// A graph of the sample alone: inputs with a gradient are parameters, the others inputs.
struct SampleGraph {
  Graph graph;
  ParameterStore parameters;
  Values inputs;
  VariableId output = kNoId;

  explicit SampleGraph(const OpSample& sample) {
    std::vector<VariableId> ids;
    for (size_t i = 0; i < sample.inputs.size(); ++i) {
      const at::Tensor& value = sample.inputs[i];
      const VariableType type{dtype_of(value.scalar_type()), Shape(value.sizes().vec()), {}};
      const std::string name = fmt::format("input{}", i);
      const bool has_gradient = std::ranges::count(sample.gradients, i) > 0;
      if (has_gradient || input_spec(sample.attributes, i).parameter) {
        parameters.set(name, value, has_gradient);
        ids.push_back(graph.add_parameter(name, type));
      } else {
        ids.push_back(graph.add_input(name, type));
        inputs[ids.back()] = value.clone();
      }
    }
    output = graph.output_of(graph.add_function(sample.attributes, ids, "layer"));
  }
};

TEST(PlanOfOneOperation, GivesWhatTheReferenceGives) {
  int64_t compiled = 0, with_gradients = 0;
  for (const OpSample& sample : op_samples()) {
    SCOPED_TRACE(describe(sample));
    SampleGraph expected(sample), given(sample);
    RandomState random(5), same_random(5);
    const Values reference =
        run(expected.graph, expected.parameters, expected.inputs, {expected.output}, random, {});
    PlanEngine engine({.poisoned = true, .gradients = GradientArithmetic::kFloat32});
    const Values values =
        engine.forward(given.graph, given.parameters, given.inputs, given.output, same_random, {});
    if (engine.last_plan() != nullptr) ++compiled;
    const at::Tensor& a = reference.at(expected.output);
    const at::Tensor& b = values.at(given.output);
    ASSERT_EQ(a.sizes(), b.sizes());
    // Kernels add up in another order; samples are of size 1.
    EXPECT_TRUE(at::allclose(a.to(at::kDouble), b.to(at::kDouble), 1e-5, 1e-5, true));
    if (!a.requires_grad()) continue;
    a.sum().backward();
    engine.backward(given.graph, given.parameters, given.output);
    ++with_gradients;
    for (const std::string& name : expected.parameters.names()) {
      const at::Tensor wanted = expected.parameters.at(name).value.grad();
      const at::Tensor gradient = given.parameters.at(name).value.grad();
      if (!wanted.defined()) continue;
      ASSERT_TRUE(gradient.defined()) << name;
      EXPECT_TRUE(at::allclose(wanted, gradient, 1e-4, 1e-4, true)) << name;
    }
  }
  EXPECT_GT(compiled, 250);
  EXPECT_GT(with_gradients, 150);
}

}  // namespace
}  // namespace octet
