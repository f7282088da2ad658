// Element by element: arithmetic, comparisons, logic, choice, functions of one tensor.
#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <map>

#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/importers.h"
#include "octet/formats/onnx/onnx_headers.h"
#include "octet/ops/axes.h"

namespace octet {
namespace {

// Before version 7, the second operand's dimensions stand at `axis` of the first one's, or at its
// end, if `broadcast` is set.
OnnxValues operands(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue a = node.input(0);
  OnnxValue b = node.input(1);
  if (node.opset() < 7) {
    node.ignore("consumed_inputs");
    const bool broadcast = node.flag("broadcast", false);
    const int64_t rank = graph.rank_of(a);
    const int64_t axis = node.integer("axis", rank - graph.rank_of(b));
    if (broadcast && graph.rank_of(b) > 0 && axis + graph.rank_of(b) < rank) {
      Shape shape = graph.shape_of(b);
      shape.resize(static_cast<size_t>(rank - axis), 1);
      b = reshape_to(graph, b, shape);
    }
  }
  return {a, b};
}

// A number that a scalar operation can take: known, and no more than an element of the other one.
bool is_number(const OnnxGraphBuilder& graph, const OnnxValue& value, const OnnxValue& other) {
  return is_known(value) && is_constant(value) && !is_known(other) &&
         value->known[0].numel() == 1 && value->known[0].dim() <= graph.rank_of(other) &&
         is_floating(graph.dtype_of_value(other));
}

double number_of(const OnnxValue& value) {
  return value->known[0].to(at::kDouble).item<double>();
}

bool are_integers(const OnnxGraphBuilder& graph, const OnnxValue& value) {
  return !is_floating(graph.dtype_of_value(value));
}

// The Octet operation of an ONNX operator without attributes.
Attributes operation(const OnnxNode& node, const std::map<std::string, std::string>& names) {
  const std::optional<Attributes> found = default_attributes(names.at(node.type()));
  OCTET_INTERNAL_CHECK(found.has_value());
  return *found;
}

}  // namespace

OnnxValues import_unary(OnnxNode& node, OnnxGraphBuilder& graph) {
  static const std::map<std::string, std::string> kNames{{"Abs", "Abs"},
                                                         {"Neg", "Neg"},
                                                         {"Exp", "Exp"},
                                                         {"Log", "Log"},
                                                         {"Sqrt", "Sqrt"},
                                                         {"Erf", "Erf"},
                                                         {"Sin", "Sin"},
                                                         {"Cos", "Cos"},
                                                         {"Tan", "Tan"},
                                                         {"Sinh", "Sinh"},
                                                         {"Cosh", "Cosh"},
                                                         {"Asin", "ASin"},
                                                         {"Acos", "ACos"},
                                                         {"Atan", "ATan"},
                                                         {"Asinh", "ASinh"},
                                                         {"Acosh", "ACosh"},
                                                         {"Atanh", "ATanh"},
                                                         {"Ceil", "Ceil"},
                                                         {"Floor", "Floor"},
                                                         {"Reciprocal", "Reciprocal"},
                                                         {"Relu", "ReLU"},
                                                         {"Tanh", "Tanh"},
                                                         {"Mish", "Mish"},
                                                         {"Sigmoid", "Sigmoid"},
                                                         {"Det", "BatchDet"},
                                                         {"Softsign", "SoftSign"},
                                                         {"HardSwish", "HardSwish"}};
  node.ignore("consumed_inputs");
  const OnnxValue& x = node.input(0);
  const OnnxValue y = graph.emit(operation(node, kNames), {x});
  return {cast(graph, y, graph.dtype_of_value(x))};
}

OnnxValues import_sign(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  return {cast(graph, graph.emit(Sign{.alpha = 0.0F}, {x}), graph.dtype_of_value(x))};
}

OnnxValues import_round(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {graph.emit(Round{.round_mode = "HALF_TO_EVEN"}, {node.input(0)})};
}

OnnxValues import_identity(OnnxNode& node, OnnxGraphBuilder&) {
  return {node.input(0)};
}

OnnxValues import_add(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValues x = operands(node, graph);
  for (size_t i = 0; i < 2; ++i) {
    if (is_number(graph, x[i], x[1 - i])) {
      return {graph.emit(AddScalar{.val = number_of(x[i])}, {x[1 - i]})};
    }
  }
  if (graph.shape_of(x[0]) == graph.shape_of(x[1])) return {graph.emit(Add2{}, x)};
  return {graph.emit(BcAdd2{}, x)};
}

OnnxValues import_sub(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValues x = operands(node, graph);
  if (is_number(graph, x[1], x[0])) {
    return {graph.emit(AddScalar{.val = -number_of(x[1])}, {x[0]})};
  }
  if (is_number(graph, x[0], x[1])) {
    return {graph.emit(RSubScalar{.val = number_of(x[0])}, {x[1]})};
  }
  return {graph.emit(Sub2{}, x)};
}

OnnxValues import_mul(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValues x = operands(node, graph);
  for (size_t i = 0; i < 2; ++i) {
    if (is_number(graph, x[i], x[1 - i])) {
      return {graph.emit(MulScalar{.val = number_of(x[i])}, {x[1 - i]})};
    }
  }
  return {graph.emit(Mul2{}, x)};
}

OnnxValues import_div(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValues x = operands(node, graph);
  if (are_integers(graph, x[0])) return {graph.emit(Div2{.truncate = true}, x)};
  if (is_number(graph, x[0], x[1])) {
    return {graph.emit(RDivScalar{.val = number_of(x[0])}, {x[1]})};
  }
  return {graph.emit(Div2{}, x)};
}

// The base's type counts; integers go through float64, which holds their powers up to 2^53.
OnnxValues import_pow(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValues x = operands(node, graph);
  if (is_number(graph, x[1], x[0])) {
    return {graph.emit(PowScalar{.val = number_of(x[1])}, {x[0]})};
  }
  const DType type = graph.dtype_of_value(x[0]);
  if (!are_integers(graph, x[0])) return {graph.emit(Power2{}, {x[0], cast(graph, x[1], type)})};
  const OnnxValue y = graph.emit(
      Power2{}, {cast(graph, x[0], DType::kFloat64), cast(graph, x[1], DType::kFloat64)});
  return {cast(graph, y, type)};
}

OnnxValues import_mod(OnnxNode& node, OnnxGraphBuilder& graph) {
  const bool fmod = node.flag("fmod", false);
  node.check(fmod || are_integers(graph, node.input(0)), "has fmod = 0 for floats");
  return {graph.emit(Mod2{.fmod = fmod}, {node.input(0), node.input(1)})};
}

namespace {

// Of the unsigned number that the file has in a value. int64 holds two of them, and how many bits
// there are matters where they are moved out of the number.
int64_t bits_of(const OnnxNode& node, const OnnxGraphBuilder& graph, const OnnxValue& x,
                bool left) {
  const DType type = graph.dtype_of_value(x);
  if (type == DType::kUInt8) return 8;
  if (type == DType::kInt32) return 16;
  if (x->data_type == onnx::TensorProto::UINT32) return 32;
  node.check(!left || x->data_type == onnx::TensorProto::UINT64,
             "moves bits to the left in a value that is computed, of 32 or 64 bits; supported are "
             "inputs, constants and numbers of 8 and 16 bits");
  return 64;
}

}  // namespace

OnnxValues import_bit_shift(OnnxNode& node, OnnxGraphBuilder& graph) {
  const std::string direction = node.word("direction", "");
  node.check(direction == "LEFT" || direction == "RIGHT", "has the direction '{}'", direction);
  const OnnxValue& x = node.input(0);
  const BitShift op{.direction = direction, .bits = bits_of(node, graph, x, direction == "LEFT")};
  return {graph.emit(op, {x, node.input(1)})};
}

// Sum, Mean, Max, Min of any number of inputs.
OnnxValues import_variadic(OnnxNode& node, OnnxGraphBuilder& graph) {
  node.ignore("consumed_inputs");
  OnnxValue y = node.input(0);
  for (size_t i = 1; i < node.num_inputs(); ++i) {
    const OnnxValues pair{y, node.input(i)};
    if (node.type() == "Max") {
      y = graph.emit(Maximum2{}, pair);
    } else if (node.type() == "Min") {
      y = graph.emit(Minimum2{}, pair);
    } else {
      y = graph.emit(BcAdd2{}, pair);
    }
  }
  if (node.type() != "Mean") return {y};
  return {graph.emit(MulScalar{.val = 1.0 / static_cast<double>(node.num_inputs())}, {y})};
}

OnnxValues import_comparison(OnnxNode& node, OnnxGraphBuilder& graph) {
  static const std::map<std::string, std::string> kNames{{"Equal", "Equal"},
                                                         {"Greater", "Greater"},
                                                         {"GreaterOrEqual", "GreaterEqual"},
                                                         {"Less", "Less"},
                                                         {"LessOrEqual", "LessEqual"}};
  const OnnxValues x = operands(node, graph);
  return {cast(graph, graph.emit(operation(node, kNames), x), DType::kBool)};
}

OnnxValues import_logic(OnnxNode& node, OnnxGraphBuilder& graph) {
  static const std::map<std::string, std::string> kNames{
      {"And", "LogicalAnd"}, {"Or", "LogicalOr"}, {"Xor", "LogicalXor"}, {"Not", "LogicalNot"}};
  const OnnxValues x = node.type() == "Not" ? OnnxValues{node.input(0)} : operands(node, graph);
  return {cast(graph, graph.emit(operation(node, kNames), x), DType::kBool)};
}

OnnxValues import_is_nan(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {cast(graph, graph.emit(IsNaN{}, {node.input(0)}), DType::kBool)};
}

OnnxValues import_is_inf(OnnxNode& node, OnnxGraphBuilder& graph) {
  const bool positive = node.flag("detect_positive", true);
  const bool negative = node.flag("detect_negative", true);
  node.check(positive || negative, "detects neither positive nor negative infinity");
  const double sign = positive ? 1.0 : -1.0;
  const OnnxValue y =
      positive && negative
          ? graph.emit(IsInf{}, {node.input(0)})
          : graph.emit(EqualScalar{.val = sign * std::numeric_limits<double>::infinity()},
                       {node.input(0)});
  return {cast(graph, y, DType::kBool)};
}

OnnxValues import_where(OnnxNode& node, OnnxGraphBuilder& graph) {
  return {graph.emit(Where{.broadcast = true}, {node.input(0), node.input(1), node.input(2)})};
}

OnnxValues import_clip(OnnxNode& node, OnnxGraphBuilder& graph) {
  node.ignore("consumed_inputs");
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const OnnxValue& x = node.input(0);
  if (node.opset() < 11) {
    return {graph.emit(
        Clip{.min = node.number("min", -kInfinity), .max = node.number("max", kInfinity)}, {x})};
  }
  const OnnxValue low = node.optional_input(1);
  const OnnxValue high = node.optional_input(2);
  if (low == nullptr && high == nullptr) return {x};
  const bool numbers = (low == nullptr || is_number(graph, low, x)) &&
                       (high == nullptr || is_number(graph, high, x));
  if (numbers) {
    Clip clip;
    if (low != nullptr) clip.min = number_of(low);
    if (high != nullptr) clip.max = number_of(high);
    return {graph.emit(clip, {x})};
  }
  OnnxValue y = x;
  if (low != nullptr) y = graph.emit(Maximum2{}, {y, low});
  if (high != nullptr) y = graph.emit(Minimum2{}, {y, high});
  return {y};
}

}  // namespace octet
