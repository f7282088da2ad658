#include "octet/formats/onnx/layer_exporter.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/formats/onnx/tensor_proto.h"
#include "octet/ops/axes.h"

namespace octet {

ExportedValues::ExportedValues(const Graph& graph, const ParameterStore& parameters,
                               ModelBuilder& builder)
    : graph_(graph),
      parameters_(parameters),
      builder_(builder),
      layouts_(parameter_layouts(graph)),
      uses_(graph, graph.topological_order(graph.outputs())) {
  // All names of the graph come first, so that those of nodes in between make way for them.
  for (VariableId id = 0; id < graph.num_variable_slots(); ++id) {
    names_.push_back(builder.value_name(graph.variable(id).name));
  }
}

const at::Tensor& ExportedValues::parameter(VariableId id) const {
  const std::string& name = graph_.variable(id).name;
  const Parameter* found = parameters_.find(name);
  OCTET_CHECK(found != nullptr, name, "the network uses this parameter, but it has no value");
  return found->value;
}

LayerExporter::LayerExporter(ExportedValues& values, FunctionId id)
    : values_(values),
      id_(id),
      function_(values.graph().function(id)),
      layer_name_(values.graph().display_name(id)),
      first_node_(values.builder().num_nodes()),
      first_initializer_(values.builder().graph().initializer_size()) {}

const VariableType& LayerExporter::type(size_t index) const {
  return values_.graph().variable(function_.inputs[index]).type;
}

const VariableType& LayerExporter::output_type(size_t index) const {
  return values_.graph().variable(function_.outputs[index]).type;
}

Name LayerExporter::input(size_t index) {
  const VariableId id = function_.inputs[index];
  if (values_.graph().variable(id).kind != VariableKind::kParameter) return values_.name_of(id);
  return values_.initializer(
      id, "value", [&] { return laid_out(values_.parameter(id), values_.layout_of(id)); });
}

Names LayerExporter::inputs() {
  Names names;
  for (size_t i = 0; i < num_inputs(); ++i) names.push_back(input(i));
  return names;
}

Name LayerExporter::real(size_t index) {
  return is_floating(type(index).dtype) ? input(index) : cast(input(index), DType::kFloat32);
}

Name LayerExporter::weight(size_t index) {
  const ParameterLayout wanted = wanted_layout(values_.graph(), function_, index);
  if (values_.layout_of(function_.inputs[index]) == wanted) return input(index);
  switch (wanted) {
    case ParameterLayout::kDepthwise:
      return unsqueeze(input(index), {1});
    case ParameterLayout::kFlat:
      return reshape(input(index), {-1});
    default: {
      IntList permutation{0, rank(index) - 1};
      for (int64_t i = 1; i + 1 < rank(index); ++i) permutation.push_back(i);
      return transpose(input(index), permutation);
    }
  }
}

Name LayerExporter::constant(const at::Tensor& value, const std::string& what) {
  const Name name = values_.builder().value_name(layer_name_ + "/" + what);
  values_.builder().add_initializer(value, name);
  return name;
}

Name LayerExporter::integers(const IntList& values, const std::string& what) {
  return constant(at::tensor(values, at::kLong), what);
}

at::ScalarType LayerExporter::real_type() const {
  return num_inputs() > 0 && type(0).dtype == DType::kFloat64 ? at::kDouble : at::kFloat;
}

Name LayerExporter::number(double value) {
  return constant(at::full({}, value, real_type()), "constant");
}

Name LayerExporter::node(std::string_view type, Names inputs,
                         const std::vector<NodeAttribute>& attributes) {
  return node_with_outputs(type, std::move(inputs), 1, attributes)[0];
}

Names LayerExporter::node_with_outputs(std::string_view type, Names inputs, size_t num_outputs,
                                       const std::vector<NodeAttribute>& attributes) {
  while (!inputs.empty() && inputs.back().empty()) inputs.pop_back();
  Names outputs;
  const Name stem = fmt::format("{}/{}", layer_name_, type);
  for (size_t i = 0; i < num_outputs; ++i) outputs.push_back(values_.builder().value_name(stem));
  onnx::NodeProto& proto = values_.builder().add_node(type, inputs, attributes);
  for (const Name& output : outputs) proto.add_output(output);
  return outputs;
}

Name LayerExporter::cast(const Name& x, DType dtype) {
  return node("Cast", {x}, {{"to", int64_t{onnx_data_type(dtype)}}});
}

Name LayerExporter::reshape(const Name& x, const Shape& target) {
  if (std::count(target.begin(), target.end(), kFreeDim) > 1) {
    fail(
        "would need the shape {}, with more than one dimension that is not known; fix all but one "
        "of the network's input",
        to_string(target));
  }
  return node("Reshape", {x, integers(target, "shape")});
}

Name LayerExporter::transpose(const Name& x, const IntList& permutation) {
  if (std::is_sorted(permutation.begin(), permutation.end())) return x;
  return node("Transpose", {x}, {{"perm", permutation}});
}

Name LayerExporter::unsqueeze(const Name& x, const IntList& axes) {
  return axes.empty() ? x : node("Unsqueeze", {x, integers(axes, "axes")});
}

Name LayerExporter::squeeze(const Name& x, const IntList& axes) {
  return axes.empty() ? x : node("Squeeze", {x, integers(axes, "axes")});
}

Name LayerExporter::reduce(std::string_view type, const Name& x, const IntList& axes,
                           bool keep_dims) {
  // An empty list means all axes to ONNX.
  if (axes.empty()) return x;
  const NodeAttribute keep{"keepdims", int64_t{keep_dims ? 1 : 0}};
  // The axes became an input in version 13 (ReduceSum) and 18 (all others).
  if (type == "ReduceSum" || opset() >= 18) return node(type, {x, integers(axes, "axes")}, {keep});
  return node(type, {x}, {{"axes", axes}, keep});
}

Name LayerExporter::slice(const Name& x, const IntList& starts, const IntList& ends,
                          const IntList& axes, const IntList& steps) {
  return node("Slice", {x, integers(starts, "starts"), integers(ends, "ends"),
                        integers(axes, "axes"), integers(steps, "steps")});
}

void LayerExporter::fail_with(const std::string& message) const {
  throw_error(layer_name_, "{} {}", type_name(function_.attributes), message);
}

// Renames what this layer made; a value from elsewhere passes through an Identity.
Name LayerExporter::bind(const Name& result, size_t index) {
  const Name& wanted = values_.name_of(function_.outputs[index]);
  ModelBuilder& builder = values_.builder();
  for (int i = builder.num_nodes() - 1; i >= first_node_; --i) {
    for (std::string& output : *builder.node(i).mutable_output()) {
      if (output != result) continue;
      output = wanted;
      for (int k = i + 1; k < builder.num_nodes(); ++k) {
        for (std::string& input : *builder.node(k).mutable_input()) {
          if (input == result) input = wanted;
        }
      }
      if (index == 0) builder.node(i).set_name(builder.node_name(layer_name_));
      return wanted;
    }
  }
  for (int i = builder.graph().initializer_size() - 1; i >= first_initializer_; --i) {
    onnx::TensorProto& initializer = *builder.graph().mutable_initializer(i);
    if (initializer.name() != result) continue;
    initializer.set_name(wanted);
    return wanted;
  }
  node("Identity", {result});
  onnx::NodeProto& identity = builder.node(builder.num_nodes() - 1);
  identity.set_output(0, wanted);
  if (index == 0) identity.set_name(builder.node_name(layer_name_));
  return wanted;
}

void LayerExporter::finish(const Names& results) {
  OCTET_INTERNAL_CHECK(results.size() == function_.outputs.size());
  for (size_t i = 0; i < results.size(); ++i) bind(results[i], i);
  ModelBuilder& builder = values_.builder();
  for (int i = first_node_; i < builder.num_nodes(); ++i) {
    onnx::NodeProto& proto = builder.node(i);
    if (proto.name().empty()) {
      proto.set_name(builder.node_name(fmt::format("{}/{}", layer_name_, proto.op_type())));
    }
  }
}

}  // namespace octet
