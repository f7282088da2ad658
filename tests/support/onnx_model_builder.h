// Small ONNX models for tests.
//
//   OnnxModelBuilder model;
//   model.input("x", {-1, 3, 8, 8}).weight("w", at::ones({4, 3, 3, 3}));
//   model.node("Conv", {"x", "w"}, {"y"}, {ints("pads", {1, 1, 1, 1})}).output("y");
//   read_onnx(folder.write("m.onnx", model.bytes()));
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "octet/base/shape.h"
#include "octet/formats/onnx/tensor_proto.h"

namespace octet {

inline onnx::AttributeProto ints(const std::string& name, const IntList& values) {
  onnx::AttributeProto attribute;
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute.add_ints(value);
  return attribute;
}

inline onnx::AttributeProto int_of(const std::string& name, int64_t value) {
  onnx::AttributeProto attribute;
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
  return attribute;
}

inline onnx::AttributeProto float_of(const std::string& name, float value) {
  onnx::AttributeProto attribute;
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::FLOAT);
  attribute.set_f(value);
  return attribute;
}

class OnnxModelBuilder {
 public:
  explicit OnnxModelBuilder(int64_t opset = 17) {
    model_.set_ir_version(8);
    model_.mutable_graph()->set_name("net");
    model_.add_opset_import()->set_version(opset);
  }

  // An extent of -1 has no name and no value; see name_dimension().
  OnnxModelBuilder& input(const std::string& name, const Shape& shape,
                          int32_t type = onnx::TensorProto::FLOAT) {
    fill(*model_.mutable_graph()->add_input(), name, shape, type);
    return *this;
  }
  // Of the input that was added last.
  OnnxModelBuilder& name_dimension(int axis, const std::string& name) {
    onnx::GraphProto& graph = *model_.mutable_graph();
    graph.mutable_input(graph.input_size() - 1)
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(axis)
        ->set_dim_param(name);
    return *this;
  }
  OnnxModelBuilder& output(const std::string& name) {
    model_.mutable_graph()->add_output()->set_name(name);
    return *this;
  }
  OnnxModelBuilder& weight(const std::string& name, const at::Tensor& value) {
    *model_.mutable_graph()->add_initializer() = proto_from_tensor(value, name);
    return *this;
  }
  // The node is named after its first output.
  OnnxModelBuilder& node(const std::string& type, const std::vector<std::string>& inputs,
                         const std::vector<std::string>& outputs,
                         const std::vector<onnx::AttributeProto>& attributes = {}) {
    onnx::NodeProto& node = *model_.mutable_graph()->add_node();
    node.set_op_type(type);
    node.set_name("the " + outputs.at(0));
    for (const std::string& input : inputs) node.add_input(input);
    for (const std::string& output : outputs) node.add_output(output);
    for (const onnx::AttributeProto& attribute : attributes) *node.add_attribute() = attribute;
    return *this;
  }

  onnx::ModelProto& proto() { return model_; }
  std::string bytes() const { return model_.SerializeAsString(); }

 private:
  static void fill(onnx::ValueInfoProto& info, const std::string& name, const Shape& shape,
                   int32_t type) {
    info.set_name(name);
    onnx::TypeProto::Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    tensor.mutable_shape();
    for (const int64_t extent : shape) {
      onnx::TensorShapeProto::Dimension* dim = tensor.mutable_shape()->add_dim();
      if (extent >= 0) dim->set_dim_value(extent);
    }
  }

  onnx::ModelProto model_;
};

}  // namespace octet
