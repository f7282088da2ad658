#include "octet/formats/onnx/exact_sums.h"

#include <ATen/ATen.h>

#include "octet/ops/exact_product.h"

namespace octet {
namespace {

// Whole numbers below it are exact in float32.
constexpr double kExact = 0x1p24;

bool find_channels(const RecoveredGraph& graph, const at::Tensor& w, ExactSums& sums) {
  const Shape& y = graph.graph.variable(sums.value).type.shape;
  const Attributes& attributes = graph.graph.function(sums.product).attributes;
  if (const auto* op = std::get_if<Convolution>(&attributes)) {
    sums.channels = {0, w.dim() - 2, w.size(0), 1};
    return op->base_axis == 1 && !op->channel_last && y.rank() == w.dim();
  }
  if (const auto* op = std::get_if<Deconvolution>(&attributes)) {
    sums.channels = {1, w.dim() - 2, w.size(1) * op->group, op->group};
    return op->base_axis == 1 && !op->channel_last && y.rank() == w.dim();
  }
  const auto* op = std::get_if<BatchMatmul>(&attributes);
  if (op == nullptr || op->transpose_a || op->transpose_b || w.dim() != 2) return false;
  sums.channels = {1, 0, w.size(1), 1};
  return graph.graph.variable(graph.graph.function(sums.product).inputs[0]).type.shape.rank() >= 2;
}

// The second operand: a weight, known as floats or behind a Cast, or a value of its own.
bool find_weight(const RecoveredGraph& graph, DType type, ExactSums& sums) {
  sums.stored = graph.graph.function(sums.product).inputs[1];
  const VariableId q = graph.patterns.cast_of(sums.stored, type);
  if (q != kNoId && graph.patterns.constant(q).defined()) sums.stored = q;
  const at::Tensor w = graph.patterns.constant(sums.stored);
  if (!w.defined()) {
    if (!std::holds_alternative<BatchMatmul>(graph.graph.function(sums.product).attributes))
      return false;
    const auto other = graph.patterns.centred(sums.stored, type);
    if (other) sums.other = *other;
    return other.has_value();
  }
  const QuantFormat format = full_format(DType::kInt8);
  const at::Tensor fits =
      at::logical_and(w.eq(w.round()), at::logical_and(w >= format.qmin(), w <= format.qmax()));
  if (!fits.all().item<bool>() || !find_channels(graph, w, sums)) return false;
  sums.weight = w.to(at::kChar);
  return true;
}

// Whether float32 holds all sums that there can be.
bool is_exact(const RecoveredGraph& graph, const ExactSums& sums) {
  if (!sums.weight.defined()) return false;
  const QuantFormat format = full_format(graph.graph.variable(sums.x.q).type.dtype);
  const double largest = std::max(static_cast<double>(format.qmax()) - sums.x.zero_point,
                                  sums.x.zero_point - static_cast<double>(format.qmin()));
  std::vector<int64_t> summed;
  for (int64_t i = 0; i < sums.weight.dim(); ++i) {
    if (i != sums.channels.weight_axis) summed.push_back(i);
  }
  return largest * largest_weight_sum(sums.weight, summed) < kExact;
}

std::optional<ExactSums> sums_of(const RecoveredGraph& graph, FunctionId cast) {
  ExactSums sums;
  sums.value = graph.graph.output_of(cast);
  const VariableId product = graph.patterns.cast_of(sums.value, DType::kInt32);
  const FunctionId id = product == kNoId ? kNoId : graph.graph.variable(product).producer;
  if (id == kNoId || graph.only_reader(product) != cast) return std::nullopt;
  sums.product = id;
  const std::vector<VariableId>& inputs = graph.graph.function(id).inputs;
  if (inputs.size() != 2) return std::nullopt;
  const DType type = graph.graph.variable(product).type.dtype;
  VariableId x = inputs[0];
  const FunctionId pad = padding_of(graph, sums);
  if (pad != kNoId) x = graph.graph.function(pad).inputs[0];
  const auto centred = graph.patterns.centred(x, type);
  if (!centred || !find_weight(graph, type, sums)) return std::nullopt;
  sums.x = *centred;
  const bool exact = type == DType::kFloat64 || is_exact(graph, sums);
  return exact ? std::optional(sums) : std::nullopt;
}

// An Add of one int32 for each channel, if nothing else reads the sums.
void take_bias_in(const RecoveredGraph& graph, ExactSums& sums) {
  const FunctionId id = graph.only_reader(sums.value);
  if (id == kNoId || !sums.weight.defined()) return;
  const Function& add = graph.graph.function(id);
  if (!std::holds_alternative<Add2>(add.attributes) &&
      !std::holds_alternative<BcAdd2>(add.attributes)) {
    return;
  }
  const VariableId other = add.inputs[add.inputs[0] == sums.value ? 1 : 0];
  const at::Tensor bias = graph.patterns.constant(other);
  if (!bias.defined() || bias.scalar_type() != at::kInt) return;
  const at::Tensor flat = per_channel(bias, sums.channels);
  const bool fits = flat.defined() && flat.numel() == sums.channels.count &&
                    graph.patterns.same_shape(add.outputs[0], sums.value);
  if (!fits) return;
  sums.bias = other;
  sums.bias_values = flat;
  sums.value = add.outputs[0];
}

}  // namespace

std::optional<ExactSums> exact_sums(const RecoveredGraph& graph, FunctionId cast) {
  auto sums = sums_of(graph, cast);
  if (sums) take_bias_in(graph, *sums);
  return sums;
}

FunctionId padding_of(const RecoveredGraph& graph, const ExactSums& sums) {
  if (!std::holds_alternative<Convolution>(graph.graph.function(sums.product).attributes))
    return kNoId;
  const FunctionId id = graph.patterns.made_by<Pad>(graph.graph.function(sums.product).inputs[0]);
  if (id == kNoId) return kNoId;
  const auto& pad = std::get<Pad>(graph.graph.function(id).attributes);
  return pad.mode == "constant" && pad.constant_value == 0 ? id : kNoId;
}

at::Tensor per_channel(const at::Tensor& values, const Channels& channels) {
  if (!values.defined() || values.numel() == 1) {
    return values.defined() ? values.flatten() : values;
  }
  const int64_t axis = values.dim() - 1 - channels.behind;
  const bool fits =
      axis >= 0 && values.size(axis) == channels.count && values.numel() == channels.count;
  return fits ? values.flatten() : at::Tensor();
}

}  // namespace octet
