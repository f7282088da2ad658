#include "octet/formats/onnx/node.h"

#include <ATen/ATen.h>

#include "octet/formats/onnx/onnx_headers.h"
#include "octet/formats/onnx/tensor_proto.h"

namespace octet {
namespace {

std::string name_of(const onnx::NodeProto& proto) {
  if (!proto.name().empty()) return proto.name();
  for (const std::string& output : proto.output()) {
    if (!output.empty()) return output;
  }
  return proto.op_type();
}

const onnx::AttributeProto* find_attribute(const onnx::NodeProto& proto, const std::string& name) {
  for (const onnx::AttributeProto& attribute : proto.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

}  // namespace

OnnxNode::OnnxNode(const onnx::NodeProto& proto, OnnxValues inputs, int64_t opset,
                   const std::string& model_path)
    : proto_(proto),
      inputs_(std::move(inputs)),
      opset_(opset),
      model_path_(model_path),
      type_(proto.op_type()),
      name_(name_of(proto)),
      where_(fmt::format("{}: node '{}' ({})", model_path, name_, type_)) {}

const OnnxValue& OnnxNode::input(size_t index) const {
  check(has_input(index), "has no input {}", index);
  return inputs_[index];
}

OnnxValue OnnxNode::optional_input(size_t index) const {
  return has_input(index) ? inputs_[index] : nullptr;
}

size_t OnnxNode::num_outputs() const {
  return static_cast<size_t>(proto_.output_size());
}

bool OnnxNode::wants_output(size_t index) const {
  return index < num_outputs() && !proto_.output(static_cast<int>(index)).empty();
}

at::Tensor OnnxNode::known_tensor(size_t index) const {
  const OnnxValue& value = input(index);
  const std::string shown = proto_.input(static_cast<int>(index));
  check(is_known(value), "needs the value of input {} ('{}') before the network runs", index,
        shown);
  check(is_constant(value),
        "cannot use the open dimension in input {} ('{}'); give it an extent when the file is read",
        index, shown);
  return value->known[0];
}

IntList OnnxNode::known_integers(size_t index) const {
  const at::Tensor values = known_tensor(index).to(at::kLong).contiguous();
  return {values.data_ptr<int64_t>(), values.data_ptr<int64_t>() + values.numel()};
}

std::vector<float> OnnxNode::known_floats(size_t index) const {
  const at::Tensor values = known_tensor(index).to(at::kFloat).contiguous();
  return {values.data_ptr<float>(), values.data_ptr<float>() + values.numel()};
}

int64_t OnnxNode::known_integer(size_t index) const {
  const IntList values = known_integers(index);
  check(values.size() == 1, "has {} values in input {}, not 1", values.size(), index);
  return values[0];
}

double OnnxNode::known_number(size_t index) const {
  const at::Tensor value = known_tensor(index);
  check(value.numel() == 1, "has {} values in input {}, not 1", value.numel(), index);
  return value.to(at::kDouble).item<double>();
}

bool OnnxNode::has(const std::string& name) const {
  return find_attribute(proto_, name) != nullptr;
}

const onnx::AttributeProto* OnnxNode::find(const std::string& name, int type,
                                           const char* type_name) {
  read_.insert(name);
  const onnx::AttributeProto* attribute = find_attribute(proto_, name);
  if (attribute == nullptr) return nullptr;
  check(attribute->type() == type, "has an attribute '{}' that is not {}", name, type_name);
  return attribute;
}

int64_t OnnxNode::integer(const std::string& name, int64_t missing) {
  const onnx::AttributeProto* found = find(name, onnx::AttributeProto::INT, "an integer");
  return found == nullptr ? missing : found->i();
}

float OnnxNode::number(const std::string& name, float missing) {
  const onnx::AttributeProto* found = find(name, onnx::AttributeProto::FLOAT, "a number");
  return found == nullptr ? missing : found->f();
}

std::string OnnxNode::word(const std::string& name, const std::string& missing) {
  const onnx::AttributeProto* found = find(name, onnx::AttributeProto::STRING, "a string");
  return found == nullptr ? missing : found->s();
}

IntList OnnxNode::integers(const std::string& name, const IntList& missing) {
  const onnx::AttributeProto* found = find(name, onnx::AttributeProto::INTS, "a list of integers");
  return found == nullptr ? missing : IntList(found->ints().begin(), found->ints().end());
}

std::vector<float> OnnxNode::numbers(const std::string& name) {
  const onnx::AttributeProto* found = find(name, onnx::AttributeProto::FLOATS, "a list of numbers");
  if (found == nullptr) return {};
  return {found->floats().begin(), found->floats().end()};
}

std::vector<std::string> OnnxNode::words(const std::string& name) {
  const onnx::AttributeProto* found =
      find(name, onnx::AttributeProto::STRINGS, "a list of strings");
  if (found == nullptr) return {};
  return {found->strings().begin(), found->strings().end()};
}

at::Tensor OnnxNode::tensor(const std::string& name) {
  const onnx::AttributeProto* found = find(name, onnx::AttributeProto::TENSOR, "a tensor");
  return found == nullptr ? at::Tensor() : tensor_from_proto(found->t(), model_path_);
}

void OnnxNode::check_all_read() const {
  for (const onnx::AttributeProto& attribute : proto_.attribute()) {
    check(read_.contains(attribute.name()), "has the attribute '{}', which is not supported",
          attribute.name());
  }
}

}  // namespace octet
