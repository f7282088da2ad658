#include "octet/targets/explain_integers.h"

#include <algorithm>
#include <array>
#include <vector>

#include "octet/base/error.h"
#include "octet/passes/integer_functions.h"

namespace octet {
namespace {

// As formats/onnx writes them; what is not here is written out in simpler operators.
struct OnnxForm {
  std::string_view type;
  std::string_view operators;
};
constexpr std::array kOnnxForms{
    OnnxForm{"QuantizedConvolution", "QLinearConv"},
    OnnxForm{"QuantizedDepthwiseConvolution", "QLinearConv"},
    OnnxForm{"QuantizedDeconvolution", "ConvTranspose of integers in float"},
    OnnxForm{"QuantizedDepthwiseDeconvolution", "ConvTranspose of integers in float"},
    OnnxForm{"QuantizedAffine", "MatMulInteger"},
    OnnxForm{"QuantizedBatchMatmul", "MatMulInteger"},
    OnnxForm{"QuantizedLookup", "Gather"},
};

bool holds_integers(const Graph& graph, VariableId id) {
  return graph.variable(id).type.dtype != DType::kFloat32;
}

// As an activation or a narrow range is on integers.
bool clamps(const Attributes& attributes) {
  return std::holds_alternative<Clip>(attributes) || std::holds_alternative<Maximum2>(attributes) ||
         std::holds_alternative<Minimum2>(attributes);
}

}  // namespace

bool runs_on_stored_integers(const Graph& graph, FunctionId id) {
  const Function& function = graph.function(id);
  if (is_integer_function(function.attributes)) return true;
  const bool keeps_integers = moves_values(function.attributes) || clamps(function.attributes);
  if (!keeps_integers || function.inputs.empty()) return false;
  const DType dtype = graph.variable(function.inputs[0]).type.dtype;
  return dtype == DType::kInt8 || dtype == DType::kUInt8;
}

std::string integers_text(const Graph& graph, FunctionId id) {
  const Function& function = graph.function(id);
  const auto role = [&](size_t i) { return input_spec(function.attributes, i).name; };
  std::vector<std::string> texts;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    if (!holds_integers(graph, function.inputs[i]) || role(i).ends_with("_zero_point")) continue;
    std::string text =
        fmt::format("{} {}", role(i), to_string(graph.variable(function.inputs[i]).type.dtype));
    // x, x_scale; weight, w_scale
    const bool has_scale = i + 1 < function.inputs.size() && role(i + 1).ends_with("_scale") &&
                           role(i + 1).front() == role(i).front();
    if (has_scale && graph.variable(function.inputs[i + 1]).type.shape.num_elements() > 1) {
      text += " per channel";
    }
    texts.push_back(std::move(text));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string_view integer_outcome(const Graph& graph, FunctionId id, const TargetRules& rules) {
  const Attributes& attributes = graph.function(id).attributes;
  if (clamps(attributes)) return "a clamp of integers";
  if (!is_integer_function(attributes)) return "moves integers";
  if (!rules.integer_functions) return "refused: integer-function";
  if (rules.target != Target::ONNXRUNTIME) return "integer arithmetic";
  const auto* form = std::ranges::find(kOnnxForms, type_name(attributes), &OnnxForm::type);
  return form == kOnnxForms.end() ? "its definition in simpler operators" : form->operators;
}

}  // namespace octet
