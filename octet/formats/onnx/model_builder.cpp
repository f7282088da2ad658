#include "octet/formats/onnx/model_builder.h"

#include <array>

#include "octet/base/error.h"
#include "octet/formats/onnx/tensor_proto.h"

namespace octet {
namespace {

// The format version that came with the first release of each version of the operators, from 13 on
// (the table in ONNX's "Versioning").
constexpr std::array kIrVersions{7, 7, 8, 8, 8, 8, 9, 9, 10};
static_assert(kIrVersions.size() == kNewestWrittenOpset - kOldestWrittenOpset + 1);

// How many bytes the UTF-8 character at `text[i]` has; 0 for bytes that are none.
size_t utf8_length(const std::string& text, size_t i) {
  const auto lead = static_cast<unsigned char>(text[i]);
  if (lead < 0x80) return 1;
  const size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || i + length > text.size()) return 0;
  for (size_t k = 1; k < length; ++k) {
    if ((static_cast<unsigned char>(text[i + k]) & 0xC0U) != 0x80) return 0;
  }
  return length;
}

std::string valid_name(const std::string& wanted) {
  std::string name;
  for (size_t i = 0; i < wanted.size();) {
    const size_t length = utf8_length(wanted, i);
    name += length == 0 ? "_" : wanted.substr(i, length);
    i += std::max<size_t>(length, 1);
  }
  return name.empty() ? "unnamed" : name;
}

class AttributeSetter {
 public:
  explicit AttributeSetter(onnx::AttributeProto& proto) : proto_(proto) {}

  void operator()(int64_t value) {
    proto_.set_type(onnx::AttributeProto::INT);
    proto_.set_i(value);
  }
  void operator()(float value) {
    proto_.set_type(onnx::AttributeProto::FLOAT);
    proto_.set_f(value);
  }
  void operator()(const std::string& value) {
    proto_.set_type(onnx::AttributeProto::STRING);
    proto_.set_s(value);
  }
  void operator()(const IntList& value) {
    proto_.set_type(onnx::AttributeProto::INTS);
    for (const int64_t i : value) proto_.add_ints(i);
  }
  void operator()(const std::vector<std::string>& value) {
    proto_.set_type(onnx::AttributeProto::STRINGS);
    for (const std::string& text : value) proto_.add_strings(text);
  }
  void operator()(const at::Tensor& value) {
    proto_.set_type(onnx::AttributeProto::TENSOR);
    *proto_.mutable_t() = proto_from_tensor(value);
  }

 private:
  onnx::AttributeProto& proto_;
};

}  // namespace

ModelBuilder::ModelBuilder(const std::string& graph_name, int64_t opset) : opset_(opset) {
  OCTET_CHECK(opset >= kOldestWrittenOpset && opset <= kNewestWrittenOpset, "onnx",
              "opset {} cannot be written; the opsets are {} to {}", opset, kOldestWrittenOpset,
              kNewestWrittenOpset);
  model_.set_ir_version(kIrVersions[static_cast<size_t>(opset - kOldestWrittenOpset)]);
  model_.set_producer_name("octet");
  model_.set_producer_version(OCTET_VERSION);
  onnx::OperatorSetIdProto& import = *model_.add_opset_import();
  import.set_domain("");
  import.set_version(opset);
  graph().set_name(valid_name(graph_name));
}

std::string ModelBuilder::take(UniqueNames& names, const std::string& wanted) {
  return names.take(valid_name(wanted));
}

onnx::NodeProto& ModelBuilder::add_node(std::string_view type,
                                        const std::vector<std::string>& inputs,
                                        const std::vector<NodeAttribute>& attributes) {
  onnx::NodeProto& node = *graph().add_node();
  node.set_op_type(std::string(type));
  for (const std::string& input : inputs) node.add_input(input);
  for (const NodeAttribute& attribute : attributes) {
    onnx::AttributeProto& proto = *node.add_attribute();
    proto.set_name(attribute.name);
    std::visit(AttributeSetter(proto), attribute.value);
  }
  return node;
}

void ModelBuilder::add_initializer(const at::Tensor& value, const std::string& name) {
  *graph().add_initializer() = proto_from_tensor(value, name);
}

}  // namespace octet
