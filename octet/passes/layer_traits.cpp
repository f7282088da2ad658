#include "octet/passes/layer_traits.h"

#include <unordered_set>

namespace octet {
namespace {

// Folded away or left float: normalization by batch statistics.
constexpr std::string_view kNormalization[] = {"BatchNormalization", "FusedBatchNormalization"};
// No arithmetic on what flows through, or arithmetic of training alone.
constexpr std::string_view kNotArithmetic[] = {"Dropout",
                                               "Identity",
                                               "Unlink",
                                               "Sink",
                                               "QuantizeLinear",
                                               "DequantizeLinear",
                                               "DynamicQuantizeLinear",
                                               "LearnedScale",
                                               "Recorder",
                                               "Shape",
                                               "Cast"};
// They make a weight, whose reader quantizes it.
constexpr std::string_view kReparametrization[] = {"WeightNormalization", "WeightStandardization",
                                                   "SpectralNorm"};
// A state that comes back to its layer has no one range, nor has a spectrum: sums of a whole signal
// stand beside noise.
constexpr std::string_view kWithoutRange[] = {"Recurrence", "DFT"};
constexpr std::string_view kLosses[] = {"SoftmaxCrossEntropy", "CategoricalCrossEntropy",
                                        "SigmoidCrossEntropy", "BinaryCrossEntropy",
                                        "SquaredError",        "AbsoluteError",
                                        "HuberLoss",           "EpsilonInsensitiveLoss",
                                        "KLMultinomial",       "NegativeLogLikelihood",
                                        "TopNError",           "BinaryError",
                                        "ConfusionMatrix"};
// Their results are counts, indices or truth values.
constexpr std::string_view kDiscrete[] = {"OneHot",
                                          "Equal",
                                          "NotEqual",
                                          "Greater",
                                          "GreaterEqual",
                                          "Less",
                                          "LessEqual",
                                          "LogicalAnd",
                                          "LogicalOr",
                                          "LogicalXor",
                                          "LogicalNot",
                                          "EqualScalar",
                                          "NotEqualScalar",
                                          "GreaterScalar",
                                          "GreaterEqualScalar",
                                          "LessScalar",
                                          "LessEqualScalar",
                                          "LogicalAndScalar",
                                          "LogicalOrScalar",
                                          "LogicalXorScalar",
                                          "IsNaN",
                                          "IsInf"};

const std::unordered_set<std::string_view>& never_quantized_types() {
  static const std::unordered_set<std::string_view> types = [] {
    std::unordered_set<std::string_view> all;
    for (const std::string_view type : kNormalization) all.insert(type);
    for (const std::string_view type : kNotArithmetic) all.insert(type);
    for (const std::string_view type : kReparametrization) all.insert(type);
    for (const std::string_view type : kWithoutRange) all.insert(type);
    for (const std::string_view type : kLosses) all.insert(type);
    for (const std::string_view type : kDiscrete) all.insert(type);
    return all;
  }();
  return types;
}

int64_t output_channel_axis(int64_t base_axis, int64_t spatial, bool channel_last) {
  return channel_last ? base_axis + spatial : base_axis;
}

}  // namespace

bool is_convolution(const Attributes& attributes) {
  return std::holds_alternative<Convolution>(attributes) ||
         std::holds_alternative<DepthwiseConvolution>(attributes) ||
         std::holds_alternative<Deconvolution>(attributes) ||
         std::holds_alternative<DepthwiseDeconvolution>(attributes);
}

std::optional<WeightedLayer> weighted_layer(const Graph& graph, FunctionId id) {
  const Function& function = graph.function(id);
  if (function.inputs.size() < 2) return std::nullopt;
  const int64_t rank = graph.variable(function.inputs[1]).type.shape.rank();
  WeightedLayer layer;
  layer.has_bias = function.inputs.size() > 2;
  if (const auto* conv = std::get_if<Convolution>(&function.attributes)) {
    layer.output_axis = 0;
    layer.input_axis = conv->channel_last ? rank - 1 : 1;
    layer.channel_axis = output_channel_axis(conv->base_axis, rank - 2, conv->channel_last);
  } else if (const auto* depthwise = std::get_if<DepthwiseConvolution>(&function.attributes)) {
    layer.channel_axis = depthwise->base_axis;
  } else if (const auto* deconv = std::get_if<Deconvolution>(&function.attributes)) {
    layer.output_axis = deconv->channel_last ? rank - 1 : 1;
    layer.input_axis = 0;
    layer.channel_axis = output_channel_axis(deconv->base_axis, rank - 2, deconv->channel_last);
    layer.repeats = deconv->group;
  } else if (const auto* deconv = std::get_if<DepthwiseDeconvolution>(&function.attributes)) {
    layer.channel_axis = deconv->base_axis;
  } else if (const auto* affine = std::get_if<Affine>(&function.attributes)) {
    layer.output_axis = 1;
    layer.input_axis = 0;
    layer.channel_axis = affine->base_axis;
  } else {
    return std::nullopt;
  }
  return layer;
}

bool is_never_quantized(const Attributes& attributes) {
  return never_quantized_types().contains(type_name(attributes));
}

bool is_training_only(const Attributes& attributes) {
  return std::holds_alternative<Dropout>(attributes) ||
         std::holds_alternative<Identity>(attributes);
}

bool is_quantizable_input(const Graph& graph, FunctionId id, size_t index) {
  const Function& function = graph.function(id);
  const VariableType& type = graph.variable(function.inputs[index]).type;
  if (type.dtype != DType::kFloat32) return false;
  const InputSpec& input = input_spec(function.attributes, index);
  return !input.exact && input.name != kBias.name;
}

bool is_parameter(const Graph& graph, VariableId id) {
  return graph.variable(id).kind == VariableKind::kParameter;
}

std::string scope_of(const std::string& parameter_name) {
  const size_t slash = parameter_name.rfind('/');
  return slash == std::string::npos ? "" : parameter_name.substr(0, slash + 1);
}

}  // namespace octet
