#include "octet/graph/interpreter.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "octet/graph/text.h"

namespace octet {
namespace {

// Inputs of any batch size are let in, so a Reshape that names one meets what does not fit.
TEST(Interpreter, NamesTheLayerThatFails) {
  const Graph graph = parse_graph(R"(graph net {
  input x: float32 (1, 4)
  y = Reshape[flatten](x) {shape=(1, 4)}
  output y
})");
  ParameterStore parameters;
  RandomState random(0);
  try {
    run(graph, parameters, {{graph.find_variable("x"), at::zeros({2, 4})}}, graph.outputs(),
        random);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "[flatten] Reshape: shape '[1, 4]' is invalid for input of size 8");
  }
}

}  // namespace
}  // namespace octet
