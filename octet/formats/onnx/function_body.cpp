#include "octet/formats/onnx/function_body.h"

#include <onnx/defs/schema.h>

#include "octet/formats/onnx/runtime_function.h"
#include "octet/formats/onnx/tensor_proto.h"

namespace octet {
namespace {

const onnx::FunctionProto* find_model_function(const OnnxFile& file, const onnx::NodeProto& call) {
  const auto found =
      file.functions.find(std::pair(normalized_domain(call.domain()), call.op_type()));
  return found == file.functions.end() ? nullptr : &file.model.functions(found->second);
}

onnx::TypeProto type_proto(const OnnxValue& value, const OnnxGraphBuilder& graph) {
  onnx::TypeProto type;
  if (value == nullptr) return type;
  const VariableType known = graph.type_of(value);
  onnx::TypeProto::Tensor* tensor = type.mutable_tensor_type();
  tensor->set_elem_type(onnx_data_type(known.dtype));
  for (const int64_t extent : known.shape) {
    onnx::TensorShapeProto::Dimension* dim = tensor->mutable_shape()->add_dim();
    if (extent != kFreeDim) dim->set_dim_value(extent);
  }
  return type;
}

// The body that ONNX's schema has for the operator, if any.
bool build_schema_body(const onnx::OpSchema& schema, const onnx::NodeProto& call,
                       const OnnxValues& inputs, const OnnxGraphBuilder& graph,
                       onnx::FunctionProto& body) {
  if (schema.HasFunction()) {
    body = *schema.GetFunction();
    return true;
  }
  if (!schema.HasContextDependentFunction()) return false;
  std::vector<onnx::TypeProto> types;
  for (const OnnxValue& input : inputs) types.push_back(type_proto(input, graph));
  const onnx::FunctionBodyBuildContextImpl context(call, types);
  return schema.BuildContextDependentFunction(context, body);
}

// What the body calls the attribute `name`: that of the call, else the schema's default.
const onnx::AttributeProto* find_actual(const onnx::NodeProto& call, const onnx::OpSchema* schema,
                                        const std::string& name) {
  for (const onnx::AttributeProto& attribute : call.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  if (schema == nullptr) return nullptr;
  const auto found = schema->attributes().find(name);
  if (found == schema->attributes().end() || !found->second.default_value.has_name()) {
    return nullptr;
  }
  return &found->second.default_value;
}

// Attributes that stand for one of the call's become it; without a value they are left out.
void put_in_attributes(const onnx::NodeProto& call, const onnx::OpSchema* schema,
                       onnx::FunctionProto& body) {
  for (onnx::NodeProto& node : *body.mutable_node()) {
    google::protobuf::RepeatedPtrField<onnx::AttributeProto> given;
    for (const onnx::AttributeProto& attribute : node.attribute()) {
      if (attribute.ref_attr_name().empty()) {
        *given.Add() = attribute;
        continue;
      }
      const onnx::AttributeProto* actual = find_actual(call, schema, attribute.ref_attr_name());
      if (actual == nullptr) continue;
      onnx::AttributeProto* copy = given.Add();
      *copy = *actual;
      copy->set_name(attribute.name());
    }
    node.mutable_attribute()->Swap(&given);
  }
}

}  // namespace

bool is_model_function(const OnnxFile& file, const onnx::NodeProto& call) {
  return find_model_function(file, call) != nullptr;
}

std::optional<OnnxFunctionBody> find_function_body(const OnnxFile& file,
                                                   const std::map<std::string, int64_t>& opsets,
                                                   const onnx::NodeProto& call,
                                                   const OnnxValues& inputs,
                                                   const OnnxGraphBuilder& graph) {
  OnnxFunctionBody result;
  const onnx::OpSchema* schema = nullptr;
  if (const onnx::FunctionProto* own = find_model_function(file, call)) {
    result.function = *own;
  } else if (build_runtime_function(call, result.function)) {
    // Its attributes are the call's.
  } else {
    const std::string domain = normalized_domain(call.domain());
    const auto opset = opsets.find(domain);
    if (opset == opsets.end()) return std::nullopt;
    schema =
        onnx::OpSchemaRegistry::Schema(call.op_type(), static_cast<int>(opset->second), domain);
    if (schema == nullptr || !build_schema_body(*schema, call, inputs, graph, result.function)) {
      return std::nullopt;
    }
  }
  result.opsets = opsets;
  for (const onnx::OperatorSetIdProto& opset : result.function.opset_import()) {
    result.opsets[normalized_domain(opset.domain())] = opset.version();
  }
  put_in_attributes(call, schema, result.function);
  return result;
}

}  // namespace octet
