#include "octet/targets/explain_layers.h"

#include <array>
#include <unordered_map>

#include "octet/base/error.h"
#include "octet/base/words.h"
#include "octet/passes/recorded_layers.h"
#include "octet/targets/explain_integers.h"
#include "octet/targets/graph_checks.h"

namespace octet {
namespace {

constexpr std::array kStates{Word<LayerState>{LayerState::QUANTIZED, "quantized"},
                             Word<LayerState>{LayerState::PARTLY, "partly"},
                             Word<LayerState>{LayerState::FLOAT, "float"}};

// What runs a layer whose inputs are all quantized; "" where only a float kernel exists.
struct IntegerKernel {
  std::string_view type;
  std::string_view onnxruntime;  // of its CPU provider
  std::string_view tensorrt;
};
constexpr std::string_view kMoves = "moves integers";
constexpr std::array kKernels{
    IntegerKernel{"Convolution", "QLinearConv", "int8 convolution"},
    IntegerKernel{"DepthwiseConvolution", "QLinearConv", "int8 convolution"},
    IntegerKernel{"Deconvolution", "", "int8 deconvolution"},
    IntegerKernel{"DepthwiseDeconvolution", "", "int8 deconvolution"},
    IntegerKernel{"Affine", "QGemm", "int8 matrix product"},
    IntegerKernel{"BatchMatmul", "QLinearMatMul", "int8 matrix product"},
    IntegerKernel{"Add2", "QLinearAdd", "int8 addition"},
    IntegerKernel{"Mul2", "QLinearMul", "int8 product"},
    IntegerKernel{"AveragePooling", "QLinearAveragePool", "int8 pooling"},
    IntegerKernel{"GlobalAveragePooling", "QLinearGlobalAveragePool", "int8 pooling"},
    IntegerKernel{"Concatenate", "QLinearConcat", kMoves},
    IntegerKernel{"Sigmoid", "QLinearSigmoid", ""},
    IntegerKernel{"LeakyReLU", "QLinearLeakyRelu", "int8 activation"},
    IntegerKernel{"Softmax", "QLinearSoftmax", ""},
    IntegerKernel{"Where", "QLinearWhere", ""},
    IntegerKernel{"ReLU", "a clamp of integers", "int8 activation"},
    IntegerKernel{"MaxPooling", "MaxPool on integers", "int8 pooling"},
    IntegerKernel{"Reshape", kMoves, kMoves},
    IntegerKernel{"Transpose", kMoves, kMoves},
    IntegerKernel{"Slice", kMoves, kMoves},
    IntegerKernel{"Split", kMoves, kMoves},
    IntegerKernel{"Gather", kMoves, kMoves},
    IntegerKernel{"Pad", kMoves, kMoves},
    IntegerKernel{"Interpolate", "Resize on integers", "int8 resize"},
};

std::string_view kernel_of(Target target, std::string_view type) {
  for (const IntegerKernel& kernel : kKernels) {
    if (kernel.type == type) {
      return target == Target::TENSORRT ? kernel.tensorrt : kernel.onnxruntime;
    }
  }
  return "";
}

bool has_integer_kernels(Target target) {
  return target == Target::TENSORRT || target == Target::ONNXRUNTIME;
}

LayerState state_of(const CheckedLayer& layer) {
  if (runs_on_integers(layer)) return LayerState::QUANTIZED;
  for (const auto& input : layer.inputs) {
    if (input) return LayerState::PARTLY;
  }
  return LayerState::FLOAT;
}

// "x int8, W int8 per channel, b int32"
std::string inputs_text(const CheckedLayer& layer) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < layer.inputs.size(); ++i) {
    std::string text(layer.role(i));
    if (layer.inputs[i]) {
      const QuantFormat& format = layer.inputs[i]->format;
      text += fmt::format(" {}", to_string(format.dtype));
      if (format.bits < 8) text += fmt::format(" of {} bits", format.bits);
      if (layer.inputs[i]->axis != -1) text += " per channel";
    } else {
      text += " float";
    }
    texts.push_back(std::move(text));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

// Why a layer without any pair is float, as far as the graph alone tells.
std::string reason_in_graph(const CheckedLayer& layer) {
  const Attributes& attributes = layer.function.attributes;
  if (std::holds_alternative<BatchNormalization>(attributes) ||
      std::holds_alternative<FusedBatchNormalization>(attributes)) {
    return "batch normalization is never quantized; bn_folding folds it away";
  }
  if (is_never_quantized(attributes)) return "this type is never quantized";
  return "no Q/DQ pair on its inputs";
}

class Explainer {
 public:
  Explainer(const CheckedGraph& in, Target target, const std::vector<Finding>& findings,
            const QuantizationConfig* config)
      : in_(in), target_(target) {
    for (const Finding& finding : findings) {
      // What the target refuses says more than what it does slowly.
      const Finding*& worst = worst_[finding.function];
      if (worst == nullptr || (finding.refused && !worst->refused)) worst = &finding;
    }
    if (config != nullptr) {
      skipped_ = skipped_layers(in.graph, ranked_functions(in.graph, in.graph.outputs()), *config);
    }
  }

  LayerReport explain(FunctionId id) const {
    const CheckedLayer layer = checked_layer(in_, id);
    LayerReport report;
    report.function = id;
    report.layer = layer.name();
    report.type = type_name(layer.function.attributes);
    if (runs_on_stored_integers(in_.graph, id)) {
      report.state = LayerState::QUANTIZED;
      report.why = integers_text(in_.graph, id);
      report.outcome = integer_outcome(in_.graph, id, in_.rules);
      return report;
    }
    report.state = state_of(layer);
    report.why = why(layer, report.state);
    report.outcome = outcome(layer, report.state);
    return report;
  }

 private:
  std::string why(const CheckedLayer& layer, LayerState state) const {
    if (state == LayerState::FLOAT) return reason(layer);
    const auto skipped = skipped_.find(layer.id);
    // What another layer quantized can come into one that is skipped.
    if (state == LayerState::QUANTIZED || skipped == skipped_.end()) return inputs_text(layer);
    return fmt::format("{}; {}", skipped->second, inputs_text(layer));
  }

  std::string reason(const CheckedLayer& layer) const {
    const auto skipped = skipped_.find(layer.id);
    if (skipped == skipped_.end() || is_never_quantized(layer.function.attributes)) {
      return reason_in_graph(layer);
    }
    return skipped->second;
  }

  std::string outcome(const CheckedLayer& layer, LayerState state) const {
    const auto worst = worst_.find(layer.id);
    if (worst != worst_.end()) {
      return fmt::format("{}: {}", worst->second->refused ? "refused" : "runs, but see",
                         worst->second->rule);
    }
    if (!has_integer_kernels(target_)) {
      return state == LayerState::FLOAT ? "float" : "float arithmetic on quantized values";
    }
    if (in_.rules.fused_residuals && state == LayerState::PARTLY && is_addition(layer)) {
      return "added within the convolution";
    }
    if (state != LayerState::QUANTIZED) return "float";
    const std::string_view kernel = kernel_of(target_, type_name(layer.function.attributes));
    return kernel.empty() ? "float: there is no integer kernel" : std::string(kernel);
  }

  static bool is_addition(const CheckedLayer& layer) {
    return std::holds_alternative<Add2>(layer.function.attributes);
  }

  const CheckedGraph& in_;
  Target target_;
  std::unordered_map<FunctionId, const Finding*> worst_;
  std::map<FunctionId, std::string> skipped_;
};

}  // namespace

std::string_view to_string(LayerState state) {
  return word_of(kStates, state);
}

std::vector<LayerReport> explain_layers(const Graph& graph, const ParameterStore& parameters,
                                        Target target, const std::vector<Finding>& findings,
                                        const QuantizationConfig* config) {
  const CheckedGraph in(graph, parameters, target);
  const Explainer explainer(in, target, findings, config);
  std::vector<LayerReport> reports;
  for (const FunctionId id : in.order) {
    if (carries_quantization(graph.function(id).attributes)) continue;
    reports.push_back(explainer.explain(id));
  }
  return reports;
}

}  // namespace octet
