#include "octet/formats/onnx/check_written.h"

#include "octet/formats/onnx/onnx_headers.h"
// After the macros of onnx_headers.h.
#include <ATen/ATen.h>
#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

#include "octet/base/error.h"
#include "octet/formats/onnx/model_file.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/graph/interpreter.h"
#include "octet/graph/random_inputs.h"

namespace octet {
namespace {

std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at)) {
    text.replace(at, 1, "; ");
  }
  return text;
}

void check_by_libonnx(const OnnxFile& file) {
  if (file.opset() > newest_known_opset()) return;
  onnx::ModelProto model = file.model;
  try {
    onnx::checker::check_model(model);
    const onnx::ShapeInferenceOptions strict(/*check_type_val=*/true, /*strict_mode_val=*/1,
                                             /*data_prop_val=*/true);
    onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), strict);
  } catch (const std::exception& error) {
    throw_error(file.path, "is not written: ONNX's checker says: {}", one_line(error.what()));
  }
}

std::vector<at::Tensor> outputs_of(const Graph& graph, ParameterStore& parameters,
                                   const Values& inputs) {
  RandomState random(0);
  const Values values = run(graph, parameters, inputs, graph.outputs(), random,
                            {.gradients = false, .keep = {}, .observer = {}});
  std::vector<at::Tensor> outputs;
  for (const VariableId id : graph.outputs()) outputs.push_back(values.at(id));
  return outputs;
}

bool is_quantized(const Graph& graph) {
  for (const FunctionId id : graph.topological_order(graph.outputs())) {
    if (std::holds_alternative<QuantizeLinear>(graph.function(id).attributes)) return true;
  }
  return false;
}

// |a - b| / |b|, where both are finite.
double relative_difference(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a.to(at::kDouble).nan_to_num(0, 0, 0);
  const at::Tensor y = b.to(at::kDouble).nan_to_num(0, 0, 0);
  const double norm = y.norm().item<double>();
  const double difference = (x - y).norm().item<double>();
  return norm > 0 ? difference / norm : difference;
}

// Both runs make the same functions of other nodes, so that sums may be rounded otherwise: some eps
// in each layer. A quantized value between two integers may fall to the other side by that, which
// is a step of 1/255 of a range, and later layers carry on. A wrong file is off by its whole size.
constexpr double kFloatTolerance = 1e-4;
constexpr double kQuantizedTolerance = 0.05;

void check_read_back(const std::string& bytes, const OnnxFile& file, const Graph& graph,
                     const ParameterStore& parameters) {
  const OnnxModel read = parse_onnx_model(bytes, file.path);
  Values inputs;
  Values read_inputs;
  const std::vector<VariableId> ids = network_inputs(graph);
  const std::vector<at::Tensor> values = random_inputs(graph);
  for (size_t i = 0; i < ids.size(); ++i) {
    // The file has the inputs in the order of the graph's.
    const std::string& name = file.model.graph().input(static_cast<int>(i)).name();
    inputs[ids[i]] = values[i];
    read_inputs[read.graph.find_variable(name)] = values[i];
  }
  ParameterStore copy = parameters.clone();
  const std::vector<at::Tensor> expected = outputs_of(graph, copy, inputs);
  const std::vector<at::Tensor> actual = outputs_of(read.graph, *read.parameters, read_inputs);
  const double tolerance = is_quantized(graph) ? kQuantizedTolerance : kFloatTolerance;
  for (size_t i = 0; i < expected.size(); ++i) {
    const bool same_shape = actual.at(i).sizes() == expected[i].sizes();
    const double difference = same_shape ? relative_difference(actual[i], expected[i]) : HUGE_VAL;
    OCTET_CHECK(difference <= tolerance, file.path,
                "is not written: read back, its output {} differs from the network's by {:.3g} of "
                "its size, more than {}; check = false (--no-check) writes it nevertheless",
                file.model.graph().output(static_cast<int>(i)).name(), difference, tolerance);
  }
}

}  // namespace

void check_written_onnx(const std::string& bytes, const std::string& path, const Graph& graph,
                        const ParameterStore& parameters) {
  const OnnxFile file = parse_onnx(bytes, path);
  check_by_libonnx(file);
  try {
    check_read_back(bytes, file, graph, parameters);
  } catch (const FileError& error) {
    throw_error(path,
                "is not written: it cannot be read back: {}; check = false (--no-check) "
                "writes it nevertheless",
                error.what());
  }
}

}  // namespace octet
