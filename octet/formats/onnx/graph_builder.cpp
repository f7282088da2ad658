#include "octet/formats/onnx/graph_builder.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "octet/base/error.h"
#include "octet/ops/scalar_types.h"

namespace octet {
namespace {

// Larger results of constants (a scalar expanded to a feature map) are computed in each run.
constexpr double kMaxFoldedElements = 1 << 22;

bool only_moves_elements(const Attributes& attributes) {
  return std::holds_alternative<Transpose>(attributes) ||
         std::holds_alternative<Reshape>(attributes);
}

// The integers of a network are not turned back into floats: they are what is deployed.
bool is_quantization(const Attributes& attributes) {
  return std::holds_alternative<QuantizeLinear>(attributes) ||
         std::holds_alternative<DequantizeLinear>(attributes);
}

std::vector<VariableType> types_of_sample(const OnnxValues& inputs, size_t sample) {
  std::vector<VariableType> types;
  for (const OnnxValue& input : inputs) {
    const at::Tensor& tensor = is_constant(input) ? input->known[0] : input->known[sample];
    types.push_back({dtype_of(tensor.scalar_type()), Shape(tensor.sizes().vec()), {}});
  }
  return types;
}

bool equal_in_all_samples(const std::vector<at::Tensor>& values) {
  for (size_t i = 1; i < values.size(); ++i) {
    if (!at::equal(values[0], values[i])) return false;
  }
  return true;
}

}  // namespace

void OnnxGraphBuilder::set_node(const std::string& where, const std::string& name) {
  where_ = where;
  node_ = name;
  part_.clear();
  functions_of_node_ = 0;
}

OnnxValue OnnxGraphBuilder::input(const std::string& name, const VariableType& type,
                                  const SampledShape& samples) {
  auto value = std::make_shared<ImportedValue>();
  value->name = name;
  value->id = graph_.add_input(name, type);
  if (type.shape.has_free_dim()) {
    samples_[value->id] = samples;
    open_inputs_.push_back(value);
  }
  return value;
}

OnnxValue OnnxGraphBuilder::constant(const at::Tensor& value, const std::string& name) {
  auto result = std::make_shared<ImportedValue>();
  result->name = name;
  const bool is_short = value.scalar_type() == at::kHalf || value.scalar_type() == at::kBFloat16;
  result->known = {is_short ? value.to(at::kFloat) : value};
  return result;
}

OnnxValue OnnxGraphBuilder::weight(const at::Tensor& value, const std::string& name,
                                   int64_t readers) {
  OnnxValue result = constant(value, name);
  result->weight = value.is_floating_point() && value.numel() > 1;
  result->readers = readers;
  return result;
}

OnnxValue OnnxGraphBuilder::number(double value, DType dtype) {
  return constant(at::full({}, value, scalar_type_of(dtype)));
}

OnnxValue OnnxGraphBuilder::integers(const IntList& values) {
  return constant(at::tensor(at::IntArrayRef(values), at::kLong));
}

OnnxValue OnnxGraphBuilder::emit(const Attributes& attributes, const OnnxValues& inputs) {
  return emit_all(attributes, inputs).at(0);
}

OnnxValues OnnxGraphBuilder::emit_all(const Attributes& attributes, const OnnxValues& inputs) {
  for (const OnnxValue& input : inputs) {
    OCTET_CHECK_FILE(input != nullptr, where_, "leaves out an input that it needs");
  }
  if (!can_fold(attributes, inputs)) return add(attributes, inputs);
  part_.clear();
  return fold(attributes, inputs);
}

bool OnnxGraphBuilder::can_fold(const Attributes& attributes, const OnnxValues& inputs) const {
  if (is_quantization(attributes)) return false;
  for (const OnnxValue& input : inputs) {
    // A weight with one reader may be laid out anew; one with several stays tied.
    const bool movable =
        input->readers <= 1 && input->id == kNoId && only_moves_elements(attributes);
    if (!is_known(input) || (input->weight && !movable)) return false;
  }
  if (only_moves_elements(attributes)) return true;
  for (const VariableType& type : infer_types(attributes, types_of_sample(inputs, 0))) {
    double elements = 1;  // does not overflow
    for (const int64_t extent : type.shape) elements *= static_cast<double>(extent);
    if (elements > kMaxFoldedElements) return false;
  }
  return true;
}

OnnxValues OnnxGraphBuilder::fold(const Attributes& attributes, const OnnxValues& inputs) {
  const at::AutoGradMode no_gradients(false);
  RandomState random(0);
  ForwardContext context;
  context.random = &random;
  context.where = node_;
  size_t runs = 1;
  for (const OnnxValue& input : inputs) runs = std::max(runs, input->known.size());
  OnnxValues outputs;
  for (size_t run = 0; run < runs; ++run) {
    std::vector<at::Tensor> tensors;
    for (const OnnxValue& input : inputs) {
      tensors.push_back(is_constant(input) ? input->known[0] : input->known[run]);
    }
    const OutputTypes types = infer_types(attributes, types_of_sample(inputs, run));
    const OutputTensors results = run_forward(attributes, tensors, context);
    outputs.resize(results.size());
    for (size_t i = 0; i < results.size(); ++i) {
      if (outputs[i] == nullptr) outputs[i] = std::make_shared<ImportedValue>();
      outputs[i]->known.push_back(results[i].to(scalar_type_of(types[i].dtype)));
    }
  }
  for (const OnnxValue& output : outputs) {
    if (equal_in_all_samples(output->known)) output->known.resize(1);
  }
  if (!inputs.empty() && inputs[0]->weight) {  // laid out anew, it is still the same weight
    outputs[0]->name = inputs[0]->name;
    outputs[0]->weight = true;
    outputs[0]->readers = 1;
  }
  return outputs;
}

OnnxValues OnnxGraphBuilder::add(const Attributes& attributes, const OnnxValues& inputs) {
  std::vector<VariableId> ids;
  for (size_t i = 0; i < inputs.size(); ++i) {
    ids.push_back(variable(inputs[i], inputs[i]->weight || input_spec(attributes, i).parameter));
  }
  const FunctionId function = graph_.add_function(attributes, ids, next_function_name());
  OnnxValues outputs;
  for (const VariableId id : graph_.function(function).outputs) {
    outputs.push_back(std::make_shared<ImportedValue>());
    outputs.back()->id = id;
  }
  sample_outputs(attributes, ids, graph_.function(function).outputs);
  return outputs;
}

SampledShape OnnxGraphBuilder::samples_of(VariableId id) const {
  const auto found = samples_.find(id);
  if (found != samples_.end()) return found->second;
  SampledShape same;
  same.fill(graph_.variable(id).type.shape);
  return same;
}

// A shape rule that refuses an imagined extent (an odd height, say) only means that the shape is
// not followed further; real extents may fit.
void OnnxGraphBuilder::sample_outputs(const Attributes& attributes,
                                      const std::vector<VariableId>& inputs,
                                      const std::vector<VariableId>& outputs) {
  bool open = false;
  for (const VariableId id : inputs) open = open || samples_.contains(id);
  if (!open) return;
  std::vector<SampledShape> shapes(outputs.size());
  for (size_t run = 0; run < kSamples; ++run) {
    std::vector<VariableType> types;
    for (const VariableId id : inputs) {
      types.push_back({graph_.variable(id).type.dtype, samples_of(id)[run], {}});
      if (types.back().shape.has_free_dim()) return;
    }
    try {
      const OutputTypes results = infer_types(attributes, types);
      for (size_t i = 0; i < outputs.size(); ++i) shapes[i][run] = results[i].shape;
    } catch (const Error&) {
      return;
    }
  }
  for (size_t i = 0; i < outputs.size(); ++i) samples_[outputs[i]] = shapes[i];
}

std::optional<SampledShape> OnnxGraphBuilder::samples_of(const OnnxValue& value) const {
  SampledShape shapes;
  if (value->id != kNoId) {
    shapes = samples_of(value->id);
  } else {
    for (size_t run = 0; run < kSamples; ++run) {
      const at::Tensor& tensor = is_constant(value) ? value->known[0] : value->known[run];
      shapes[run] = Shape(tensor.sizes().vec());
    }
  }
  if (shapes[0].has_free_dim()) return std::nullopt;
  return shapes;
}

OnnxValue OnnxGraphBuilder::shape_tensor(const OnnxValue& value) {
  const std::optional<SampledShape> shapes = samples_of(value);
  OCTET_CHECK_FILE(shapes.has_value(), where_,
                   "needs the shape of '{}', {}, before the network runs; give its open dimensions "
                   "an extent",
                   graph_.variable(value->id).name, to_string(shape_of(value)));
  auto result = std::make_shared<ImportedValue>();
  for (const Shape& shape : *shapes) {
    result->known.push_back(at::tensor(at::IntArrayRef(shape), at::kLong));
  }
  if (equal_in_all_samples(result->known)) result->known.resize(1);
  return result;
}

VariableType OnnxGraphBuilder::type_of(const OnnxValue& value) const {
  if (value->id != kNoId) return graph_.variable(value->id).type;
  const at::Tensor& tensor = value->known[0];
  Shape shape(tensor.sizes().vec());
  for (const at::Tensor& other : value->known) {
    for (int64_t i = 0; i < shape.rank(); ++i) {
      if (other.size(i) != shape[i]) shape[i] = kFreeDim;
    }
  }
  return {dtype_of(tensor.scalar_type()), shape, {}};
}

VariableId OnnxGraphBuilder::variable(const OnnxValue& value, bool need_grad) {
  if (value->id != kNoId) return value->id;
  OCTET_CHECK_FILE(
      is_constant(value), where_,
      "computes with the size of an open dimension; give it an extent (the batch size, "
      "for the first)");
  const at::Tensor& tensor = value->known[0];
  const std::string name = unused_parameter_name(value);
  parameters_.set(name, tensor.contiguous(), need_grad && tensor.is_floating_point());
  value->id = graph_.add_parameter(name, type_of(value));
  return value->id;
}

OnnxValue OnnxGraphBuilder::buffer(const OnnxValue& value) {
  variable(value, false);
  return value;
}

OnnxValue OnnxGraphBuilder::in_shape(const OnnxValue& value, const Shape& shape) {
  if (shape_of(value) == shape) return value;
  if (!is_constant(value)) return emit(Reshape{.shape = shape}, {value});
  const auto [entry, inserted] =
      shaped_.try_emplace({value, std::vector<int64_t>(shape.begin(), shape.end())});
  if (inserted) entry->second = constant(value->known[0].reshape(shape), value->name);
  return entry->second;
}

bool OnnxGraphBuilder::is_weight(const OnnxValue& value) const {
  if (value->weight || value->id == kNoId) return value->weight;
  bool dequantized = false;
  VariableId id = value->id;
  while (graph_.variable(id).producer != kNoId) {
    const Function& function = graph_.function(graph_.variable(id).producer);
    const bool is_narrow = std::holds_alternative<Maximum2>(function.attributes);
    if (!is_quantization(function.attributes) && !only_moves_elements(function.attributes) &&
        !(dequantized && is_narrow)) {
      return false;
    }
    dequantized |= std::holds_alternative<DequantizeLinear>(function.attributes);
    id = function.inputs[0];
  }
  return dequantized && graph_.variable(id).kind == VariableKind::kParameter;
}

std::string OnnxGraphBuilder::next_function_name() {
  if (!part_.empty()) return fmt::format("{}/{}", node_, std::exchange(part_, {}));
  const int number = functions_of_node_++;
  return number == 0 ? node_ : fmt::format("{}_{}", node_, number);
}

std::string OnnxGraphBuilder::unused_parameter_name(const OnnxValue& value) const {
  const std::string wanted = value->name.empty() ? node_ + "/constant" : value->name;
  std::string name = wanted;
  for (int suffix = 1; graph_.find_variable(name) != kNoId; ++suffix) {
    name = fmt::format("{}_{}", wanted, suffix);
  }
  return name;
}

}  // namespace octet
