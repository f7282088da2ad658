#include "tests/support/pass_fixture.h"

#include <ATen/ATen.h>

namespace octet {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

PassTest::PassTest() {
  ctx_.parameters = &parameters_;
  ctx_.memory = &memory_;
}

Graph PassTest::load(std::string_view text) {
  Graph graph = parse_graph(text);
  ctx_.outputs = graph.outputs();
  for (const VariableId id : graph.leaves(graph.outputs())) {
    const Variable& variable = graph.variable(id);
    if (variable.kind != VariableKind::kParameter) continue;
    const bool positive = variable.name.ends_with("var");
    parameters_.get_or_create(
        variable.name, variable.type.shape,
        positive ? uniform_initializer(0.5F, 2.0F) : normal_initializer(0.5F));
  }
  return graph;
}

std::string PassTest::after(Pass pass, const Graph& graph) {
  const Graph result = pass(graph, ctx_);
  verify(result);
  return print(compact(result));
}

std::vector<at::Tensor> PassTest::values(const Graph& graph, uint64_t seed) {
  RandomState random(seed);
  Values inputs;
  for (const VariableId id : graph.leaves(graph.outputs())) {
    const Variable& variable = graph.variable(id);
    if (variable.kind != VariableKind::kInput) continue;
    Shape shape = variable.type.shape;
    for (int64_t& dim : shape) dim = dim == kFreeDim ? 2 : dim;
    inputs[id] = at::randn(shape, random.generator(at::kCPU), at::kFloat);
  }
  Values results = run(graph, parameters_, inputs, graph.outputs(), random,
                       {.gradients = false, .keep = {}, .observer = {}});
  std::vector<at::Tensor> outputs;
  for (const VariableId id : graph.outputs()) outputs.push_back(results.at(id));
  return outputs;
}

double PassTest::difference(const Graph& a, const Graph& b, uint64_t seed) {
  const std::vector<at::Tensor> x = values(a, seed);
  const std::vector<at::Tensor> y = values(b, seed);
  double largest = x.size() == y.size() ? 0.0 : 1e30;
  for (size_t i = 0; i < x.size() && i < y.size(); ++i) {
    largest = std::max(largest, (x[i] - y[i]).abs().max().item<double>());
  }
  return largest;
}

}  // namespace octet
