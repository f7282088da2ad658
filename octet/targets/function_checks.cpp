// What NNabla can run: its functions, their arguments, and the shapes that a .nnp file can state.
#include <algorithm>
#include <map>

#include "octet/base/error.h"
#include "octet/ops/attribute_text.h"
#include "octet/passes/integer_functions.h"
#include "octet/targets/graph_checks.h"
#include "octet/targets/nnabla_functions.h"

namespace octet {
namespace {

using Findings = std::vector<Finding>;

template <class... Args>
void refuse(const CheckedGraph& in, FunctionId id, std::string_view rule, Findings& findings,
            fmt::format_string<Args...> format, Args&&... args) {
  findings.push_back({id, in.graph.display_name(id), std::string(rule),
                      fmt::format("target {}: {}", in.rules.name,
                                  fmt::format(format, std::forward<Args>(args)...)),
                      true});
}

// Those have rules of their own.
bool is_checked_elsewhere(const Attributes& attributes) {
  return is_integer_function(attributes) || std::holds_alternative<Recorder>(attributes) ||
         std::holds_alternative<LearnedScale>(attributes);
}

using FieldTexts = std::map<std::string_view, std::string>;

FieldTexts field_texts(const Attributes& attributes) {
  FieldTexts texts;
  visit_fields(attributes, [&](std::string_view name, const auto& value) {
    texts[name] = attribute_text(value);
  });
  return texts;
}

// Whether a list in the fields of a pooling says what holds without it, too.
bool is_spelled_out(std::string_view name, const std::string& text, const FieldTexts& texts) {
  if (name == "pad_end") return text == texts.at("pad");
  Shape values;
  return name == "dilation" && parse_attribute(text, values) &&
         std::ranges::count(values, 1) == values.rank();
}

// Fields that only Octet has, and whose value is not the one that NNabla's function stands for.
void check_arguments(const CheckedGraph& in, FunctionId id, const NnablaFunction& known,
                     Findings& findings) {
  const Attributes& attributes = in.graph.function(id).attributes;
  // Of the gradient alone, and of the format, which check_integers() looks at.
  if (std::holds_alternative<QuantizeLinear>(attributes)) return;
  const FieldTexts defaults = field_texts(*default_attributes(type_name(attributes)));
  const FieldTexts texts = field_texts(attributes);
  for (const auto& [name, text] : texts) {
    if (known.find(name) != nullptr || text == defaults.at(name)) continue;
    if (is_spelled_out(name, text, texts)) continue;
    refuse(in, id, "argument", findings, "its {} has no {}, which is {} here",
           type_name(attributes), name, text);
  }
}

// The bounds of other integers are not set in NNabla: it clamps to whatever is in memory.
void check_integers(const CheckedGraph& in, FunctionId id, Findings& findings) {
  const auto* quantize = std::get_if<QuantizeLinear>(&in.graph.function(id).attributes);
  if (quantize == nullptr) return;
  const QuantFormat format = format_of(*quantize);
  if (format.dtype != DType::kInt8 && format.dtype != DType::kUInt8) {
    refuse(in, id, "integer-type", findings,
           "its QuantizeLinear has no {}; take skip_bias = true for biases, or store the integers "
           "(--deploy)",
           to_string(format.dtype));
  } else if (format.bits != full_format(format.dtype).bits) {
    refuse(in, id, "bits", findings,
           "its QuantizeLinear has no {} bits of {}; weights may be stored as integers (--deploy)",
           format.bits, to_string(format.dtype));
  }
}

// Functions of several values, element by element: NNabla stretches extents of one, but adds none.
constexpr std::string_view kElementwise[] = {"Add2",       "Sub2",
                                             "Mul2",       "Div2",
                                             "Pow2",       "Mod2",
                                             "Maximum2",   "Minimum2",
                                             "ATan2",      "BcAdd2",
                                             "BitShift",   "SquaredError",
                                             "HuberLoss",  "EpsilonInsensitiveLoss",
                                             "Equal",      "NotEqual",
                                             "Greater",    "GreaterEqual",
                                             "Less",       "LessEqual",
                                             "LogicalAnd", "LogicalOr",
                                             "LogicalXor", "ClipGradByValue"};

void check_ranks(const CheckedGraph& in, FunctionId id, Findings& findings) {
  const Function& function = in.graph.function(id);
  const std::string_view type = type_name(function.attributes);
  if (std::ranges::find(kElementwise, type) == std::end(kElementwise)) return;
  const Shape& a = in.graph.variable(function.inputs[0]).type.shape;
  for (const VariableId input : function.inputs) {
    const Shape& b = in.graph.variable(input).type.shape;
    if (a.rank() == b.rank()) continue;
    return refuse(in, id, "operand", findings,
                  "its {} takes values of as many dimensions, not {} and {}", type, to_string(a),
                  to_string(b));
  }
}

// What the same functions of NNabla do not take.
void check_operands(const CheckedGraph& in, FunctionId id, Findings& findings) {
  const Function& function = in.graph.function(id);
  if (std::holds_alternative<Split>(function.attributes) && function.outputs.size() < 2) {
    refuse(in, id, "operand", findings, "its Split has two outputs or more, not one");
  }
  visit_fields(function.attributes, [&](std::string_view name, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Shape>) {
      const std::string_view type = type_name(function.attributes);
      if (name != "kernel" || value.rank() != 1 || !type.ends_with("Pooling")) return;
      refuse(in, id, "operand", findings, "its {} has windows of 2 or 3 dimensions, not of {}",
             type, to_string(value));
    }
  });
  if (std::holds_alternative<BatchNormalization>(function.attributes) &&
      function.inputs.size() < 3) {
    refuse(in, id, "operand", findings,
           "its BatchNormalization has the running mean and variance as inputs");
  }
  if (const auto* warp = std::get_if<WarpByGrid>(&function.attributes);
      warp != nullptr && warp->mode == "cubic") {
    refuse(in, id, "operand", findings, "its WarpByGrid has no mode cubic");
  }
  if (const auto* norm = std::get_if<SpectralNorm>(&function.attributes);
      norm != nullptr && norm->output_u) {
    refuse(in, id, "operand", findings, "its SpectralNorm gives another output_u");
  }
  if (const auto* join = std::get_if<Concatenate>(&function.attributes);
      join != nullptr && join->axis == 0 &&
      in.graph.variable(function.outputs[0]).type.shape[0] == kFreeDim) {
    refuse(in, id, "batch", findings,
           "it takes one batch size for all values, those of joined batches too");
  }
  if (!std::holds_alternative<BatchMatmul>(function.attributes)) return;
  for (const VariableId input : function.inputs) {
    const Variable& operand = in.graph.variable(input);
    if (operand.type.shape.rank() >= 3) continue;
    refuse(in, id, "operand", findings, "its BatchMatmul takes matrices in a batch, not '{}' {}",
           operand.name, to_string(operand.type.shape));
  }
}

void check_reshape(const CheckedGraph& in, FunctionId id, Findings& findings) {
  const Function& function = in.graph.function(id);
  if (!std::holds_alternative<Reshape>(function.attributes)) return;
  const Shape& x = in.graph.variable(function.inputs[0]).type.shape;
  const Shape& y = in.graph.variable(function.outputs[0]).type.shape;
  if (y.empty() || y[0] != kFreeDim || keeps_batch(x, y)) return;
  refuse(in, id, "batch", findings,
         "it takes the free first dimension of a reshape from {} to {} for the batch size",
         to_string(x), to_string(y));
}

void check_open_dimensions(const CheckedGraph& in, Findings& findings) {
  for (const VariableId id : in.graph.leaves(in.graph.outputs())) {
    const Variable& variable = in.graph.variable(id);
    const Shape& shape = variable.type.shape;
    if (shape.rank() < 2 || shape.num_elements(1, shape.rank()) != kFreeDim) continue;
    findings.push_back({kNoId, "", "batch",
                        fmt::format("target {}: input '{}' {} leaves more open than the batch "
                                    "size, which it takes for all of them",
                                    in.rules.name, variable.name, to_string(shape)),
                        true});
  }
}

}  // namespace

void check_nnabla_functions(const CheckedGraph& in, std::vector<Finding>& findings) {
  if (!in.rules.nnabla_functions) return;
  check_open_dimensions(in, findings);
  for (const FunctionId id : in.order) {
    const Attributes& attributes = in.graph.function(id).attributes;
    if (is_checked_elsewhere(attributes)) continue;
    const NnablaFunction* known = nnabla_function(type_name(attributes));
    if (known == nullptr) {
      refuse(in, id, "function", findings, "it has no function {}", type_name(attributes));
      continue;
    }
    check_arguments(in, id, *known, findings);
    check_integers(in, id, findings);
    check_operands(in, id, findings);
    check_ranks(in, id, findings);
    check_reshape(in, id, findings);
  }
}

}  // namespace octet
