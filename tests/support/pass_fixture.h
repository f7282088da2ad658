// What pass tests share: a store filled with random parameters for a text graph, the context of a
// pass, and the value of a graph on random inputs.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "octet/graph/interpreter.h"
#include "octet/graph/text.h"
#include "octet/passes/pass.h"

namespace octet {

// The text with `to` in every place of `from`.
std::string replaced(std::string text, const std::string& from, const std::string& to);

class PassTest : public ::testing::Test {
 protected:
  PassTest();

  // The graph of the text; every parameter that the store lacks gets random values (variances are
  // positive). The context's outputs are the graph's.
  Graph load(std::string_view text);
  // Runs the pass, verifies the graph, and prints it without what is no longer used.
  std::string after(Pass pass, const Graph& graph);
  // The graph's outputs on random inputs (the same for the same seed), batch size 2 for free ones.
  std::vector<at::Tensor> values(const Graph& graph, uint64_t seed = 1);
  // The largest absolute difference of all outputs.
  double difference(const Graph& a, const Graph& b, uint64_t seed = 1);

  ParameterStore parameters_{7};
  ConversionMemory memory_;
  PassContext ctx_;
};

}  // namespace octet
