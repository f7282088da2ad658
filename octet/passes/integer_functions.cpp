#include "octet/passes/integer_functions.h"

#include <fmt/format.h>

#include <unordered_set>

namespace octet {
namespace {

using Types = std::unordered_set<std::string_view>;

const Types& integer_types() {
  static const Types types{"QuantizedConvolution",    "QuantizedDepthwiseConvolution",
                           "QuantizedDeconvolution",  "QuantizedDepthwiseDeconvolution",
                           "QuantizedAffine",         "QuantizedBatchMatmul",
                           "QuantizedAdd2",           "QuantizedSub2",
                           "QuantizedMul2",           "QuantizedConcatenate",
                           "QuantizedAveragePooling", "QuantizedGlobalAveragePooling",
                           "QuantizedLookup",         "Requantize"};
  return types;
}

// Besides those of integer_types() without their prefix.
const Types& elementwise_types() {
  static const Types types{
      "LeakyReLU",  "ELU",        "SELU",        "GELU",          "Mish",         "Sigmoid",
      "Tanh",       "Swish",      "HardSigmoid", "HardSwish",     "HardTanh",     "LogSigmoid",
      "SoftPlus",   "SoftSign",   "TanhShrink",  "Sinc",          "Clip",         "Abs",
      "Neg",        "Exp",        "Log",         "Sqrt",          "Reciprocal",   "Erf",
      "Sin",        "Cos",        "Tan",         "Sinh",          "Cosh",         "ASin",
      "ACos",       "ATan",       "ASinh",       "ACosh",         "ATanh",        "Sign",
      "Round",      "Ceil",       "Floor",       "AddScalar",     "MulScalar",    "PowScalar",
      "RSubScalar", "RDivScalar", "RPowScalar",  "MinimumScalar", "MaximumScalar"};
  return types;
}

const Types& moving_types() {
  static const Types types{"Identity", "Reshape", "Transpose", "Slice",     "Flip",
                           "Split",    "Pad",     "Tile",      "Broadcast", "Unpooling"};
  return types;
}

}  // namespace

bool is_integer_function(const Attributes& attributes) {
  return integer_types().contains(type_name(attributes));
}

bool has_integer_function(const Attributes& attributes) {
  const std::string_view type = type_name(attributes);
  return is_elementwise(attributes) || moves_values(attributes) ||
         !fusable_activation(attributes).empty() || type == "BcAdd2" || type == "AddN" ||
         type == "Stack" || type == "PReLU" ||
         integer_types().contains(fmt::format("Quantized{}", type));
}

bool moves_values(const Attributes& attributes) {
  if (const auto* pool = std::get_if<MaxPooling>(&attributes)) return !pool->with_index;
  if (const auto* resize = std::get_if<Interpolate>(&attributes)) return resize->mode == "nearest";
  if (const auto* resize = std::get_if<Resize>(&attributes)) {
    return resize->mode == "nearest" &&
           resize->coordinate_transformation_mode != "tf_crop_and_resize";
  }
  return moving_types().contains(type_name(attributes));
}

bool is_elementwise(const Attributes& attributes) {
  return elementwise_types().contains(type_name(attributes));
}

std::string_view fusable_activation(const Attributes& attributes) {
  if (std::holds_alternative<ReLU>(attributes)) return "RELU";
  return std::holds_alternative<ReLU6>(attributes) ? "RELU6" : "";
}

}  // namespace octet
