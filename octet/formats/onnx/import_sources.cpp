// Constants and element types.
#include <ATen/ATen.h>

#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/importers.h"
#include "octet/formats/onnx/tensor_proto.h"
#include "octet/ops/scalar_types.h"

namespace octet {
namespace {

// What a few bytes of a file may ask for.
constexpr double kMostElements = 1 << 24;

}  // namespace

OnnxValues import_constant(OnnxNode& node, OnnxGraphBuilder& graph) {
  if (node.has("value_float")) {
    return {graph.constant(at::scalar_tensor(node.number("value_float", 0), at::kFloat))};
  }
  if (node.has("value_int")) {
    return {graph.constant(at::scalar_tensor(node.integer("value_int", 0), at::kLong))};
  }
  if (node.has("value_floats")) {
    return {graph.constant(at::tensor(at::ArrayRef<float>(node.numbers("value_floats"))))};
  }
  if (node.has("value_ints")) return {graph.integers(node.integers("value_ints"))};
  const at::Tensor value = node.tensor("value");
  node.check(value.defined(), "has no value of a supported kind");
  return {graph.constant(value)};
}

OnnxValues import_range(OnnxNode& node, OnnxGraphBuilder& graph) {
  const DType type = graph.dtype_of_value(node.input(0));
  const double start = node.known_number(0);
  const double limit = node.known_number(1);
  const double delta = node.known_number(2);
  const double count = (limit - start) / delta;
  node.check(delta != 0 && count <= kMostElements,
             "from {} to {} in steps of {} gives no list of numbers", start, limit, delta);
  if (count <= 0) return {graph.constant(at::empty({0}, scalar_type_of(type)))};
  return {graph.constant(at::arange(start, limit, delta, at::kDouble).to(scalar_type_of(type)))};
}

OnnxValues import_eye_like(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  const Shape shape = graph.shape_of(x);
  node.check(shape.rank() == 2 && !shape.has_free_dim() &&
                 static_cast<double>(shape[0]) * static_cast<double>(shape[1]) <= kMostElements,
             "has an input {}", to_string(shape));
  const DType type =
      node.has("dtype")
          ? dtype_of_onnx(static_cast<int32_t>(node.integer("dtype", 1)), node.where())
          : graph.dtype_of_value(x);
  const int64_t k = node.integer("k", 0);
  const at::Tensor columns = at::arange(shape[1], at::kLong);
  const at::Tensor rows = at::arange(shape[0], at::kLong).unsqueeze(1);
  return {graph.constant(columns.sub(rows).eq(k).to(scalar_type_of(type)))};
}

OnnxValues import_cast(OnnxNode& node, OnnxGraphBuilder& graph) {
  node.ignore("saturate");  // of 8-bit floats, which are not supported
  DType to = DType::kFloat32;
  if (node.opset() < 6) {  // the type's name
    const std::string name = node.word("to", "");
    onnx::TensorProto::DataType type = onnx::TensorProto::UNDEFINED;
    node.check(onnx::TensorProto::DataType_Parse(name, &type), "has the type '{}'", name);
    to = dtype_of_onnx(type, node.where());
  } else {
    node.check(node.has("to"), "does not say to which type");
    to = dtype_of_onnx(static_cast<int32_t>(node.integer("to", 1)), node.where());
  }
  return {cast(graph, node.input(0), to)};
}

OnnxValues import_cast_like(OnnxNode& node, OnnxGraphBuilder& graph) {
  node.ignore("saturate");
  return {cast(graph, node.input(0), graph.dtype_of_value(node.input(1)))};
}

}  // namespace octet
