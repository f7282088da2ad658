#include "tests/support/random_graph.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

#include "octet/graph/interpreter.h"
#include "octet/graph/text.h"

namespace octet {
namespace {

constexpr uint64_t kSeeds = 40;

TEST(RandomGraph, IsValidAndRunsToFiniteValues) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    ParameterStore parameters;
    const Graph graph = random_graph(seed, parameters, {.batch = kFreeDim});
    verify(graph);
    RandomState random(seed);
    const Values inputs{{graph.find_variable("x"), at::ones({3, 3, 8, 8})}};
    const Values values = run(graph, parameters, inputs, graph.outputs(), random);
    for (const VariableId output : graph.outputs()) {
      EXPECT_EQ(values.at(output).size(0), 3);
      EXPECT_TRUE(values.at(output).isfinite().all().item<bool>());
    }
  }
}

TEST(RandomGraph, IsTheSameForTheSameSeed) {
  ParameterStore first;
  ParameterStore second;
  EXPECT_EQ(print(random_graph(3, first)), print(random_graph(3, second)));
  ASSERT_EQ(first.names(), second.names());
  for (const std::string& name : first.names()) {
    EXPECT_TRUE(at::equal(first.at(name).value, second.at(name).value)) << name;
  }
  EXPECT_NE(print(random_graph(4, first)), print(random_graph(3, second)));
}

TEST(RandomGraph, HasEveryKindOfLayerAmongTheFirstSeeds) {
  std::set<std::string_view> types;
  bool shared_weights = false;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    ParameterStore parameters;
    const Graph graph = random_graph(seed, parameters);
    const Uses uses(graph);
    for (FunctionId id = 0; id < graph.num_function_slots(); ++id) {
      types.insert(type_name(graph.function(id).attributes));
    }
    for (VariableId id = 0; id < graph.num_variable_slots(); ++id) {
      shared_weights = shared_weights || (graph.variable(id).kind == VariableKind::kParameter &&
                                          uses.of(id).size() > 1);
    }
  }
  for (const char* type :
       {"Convolution", "DepthwiseConvolution", "Deconvolution", "Affine", "BatchNormalization",
        "FusedBatchNormalization", "Add2", "Mul2", "Concatenate", "MaxPooling", "AveragePooling",
        "GlobalAveragePooling", "Split", "Stack", "ReLU", "PReLU"}) {
    EXPECT_TRUE(types.contains(type)) << type;
  }
  EXPECT_TRUE(shared_weights);
}

}  // namespace
}  // namespace octet
