// Exact sums of products as layers of integers: a part of recover_integers().
#include <ATen/ATen.h>

#include "octet/formats/onnx/exact_sums.h"

namespace octet {
namespace {

// The same with the numbers of one group, where all groups have the same; else undefined.
at::Tensor of_one_group(const at::Tensor& values, const Channels& channels) {
  if (values.numel() == 1 || channels.repeats == 1) return values;
  const at::Tensor groups = values.reshape({channels.repeats, -1});
  return groups.eq(groups[0]).all().item<bool>() ? groups[0].contiguous() : at::Tensor();
}

class SumRecovery {
 public:
  SumRecovery(RecoveredGraph& graph, FunctionId cast)
      : recovered_(graph), graph_(graph.graph), cast_(cast) {}

  void run() {
    const auto sums = exact_sums(recovered_, cast_);
    if (!sums || !gives_floats(sums->value)) return;
    const bool lowered = sums->weight.defined() ? give_integers(*sums) : give_product(*sums);
    if (!lowered) give_accumulators(*sums);
  }

 private:
  const IntegerPatterns& patterns() const { return recovered_.patterns; }

  // Accumulators are held in floats, which keep not every int32.
  bool gives_floats(VariableId value) const {
    const std::vector<Use> readers = recovered_.readers(value);
    return !readers.empty() && !recovered_.is_output(value) &&
           std::ranges::all_of(readers, [&](const Use& use) { return makes_floats(use, value); });
  }
  bool makes_floats(const Use& use, VariableId value) const {
    const Function& reader = graph_.function(use.function);
    if (std::holds_alternative<DequantizeLinear>(reader.attributes)) {
      const auto zero = patterns().constant(reader.inputs[2]);
      return use.input_index == 0 && zero.defined() && zero.eq(0).all().item<bool>();
    }
    return patterns().cast_of(reader.outputs[0], DType::kFloat32) == value;
  }

  // ---- what becomes of them ------------------------------------------------------------------

  // Cast, Mul by a constant, QuantizeLinear by 1 to int8 or uint8.
  struct Tail {
    at::Tensor multiplier;
    FunctionId quantizer;
  };
  std::optional<Tail> tail_of(const ExactSums& sums) const {
    const FunctionId cast = recovered_.only_reader(sums.value);
    if (cast == kNoId || !std::holds_alternative<Cast>(graph_.function(cast).attributes)) {
      return std::nullopt;
    }
    const FunctionId scaling = recovered_.only_reader(graph_.output_of(cast));
    const auto steps =
        scaling == kNoId ? std::nullopt : patterns().scaled(graph_.output_of(scaling));
    const FunctionId id =
        steps ? recovered_.only_reader(graph_.output_of(scaling)) : FunctionId{kNoId};
    if (id == kNoId || !std::holds_alternative<QuantizeLinear>(graph_.function(id).attributes)) {
      return std::nullopt;
    }
    const Function& quantizer = graph_.function(id);
    const DType dtype = graph_.variable(quantizer.outputs[0]).type.dtype;
    const bool small = dtype == DType::kInt8 || dtype == DType::kUInt8;
    if (!small || patterns().number(quantizer.inputs[1]) != 1.0F ||
        !patterns().number(quantizer.inputs[2])) {
      return std::nullopt;
    }
    return Tail{steps->factor, id};
  }

  bool give_integers(const ExactSums& sums) {
    const auto tail = tail_of(sums);
    const at::Tensor each = tail ? per_channel(tail->multiplier, sums.channels) : at::Tensor();
    const at::Tensor m = each.defined() ? of_one_group(each, sums.channels) : at::Tensor();
    if (!m.defined()) return false;
    const Function quantizer = graph_.function(tail->quantizer);
    const VariableId y = quantizer.outputs[0];
    const VariableId x_scale = recovered_.scales.scale_of(sums.x.q);
    const float y_scale = recovered_.scales.told(y).value_or(1.0F);
    const at::Tensor w_scale = weight_scale(*patterns().number(x_scale), m, y_scale);
    if (!w_scale.defined()) return false;
    const VariableId scale = recovered_.scales.add_parameter(
        graph_.variable(y).name + "/scale", recovered_.scales.in_rank_of(y, y_scale));
    const auto& op = std::get<QuantizeLinear>(quantizer.attributes);
    recovered_.replace(tail->quantizer, layer_attributes(sums, op),
                       layer_inputs(sums, w_scale, scale, quantizer.inputs[2]));
    return true;
  }

  bool give_product(const ExactSums& sums) {
    const auto tail = tail_of(sums);
    if (!tail || tail->multiplier.numel() != 1) return false;
    const Function quantizer = graph_.function(tail->quantizer);
    const VariableId y = quantizer.outputs[0];
    const float both = *patterns().number(recovered_.scales.scale_of(sums.x.q)) *
                       *patterns().number(recovered_.scales.scale_of(sums.other.q));
    const auto m = tail->multiplier.item<float>();
    std::optional<float> y_scale = recovered_.scales.told(y);
    if (!y_scale || both / *y_scale != m) y_scale = output_scale(both, m);
    if (!y_scale) return false;
    const VariableId scale = recovered_.scales.add_parameter(
        graph_.variable(y).name + "/scale", recovered_.scales.in_rank_of(y, *y_scale));
    recovered_.replace(tail->quantizer,
                       product_attributes(sums, std::get<QuantizeLinear>(quantizer.attributes)),
                       product_inputs(sums, scale, quantizer.inputs[2]));
    return true;
  }

  // int32 with the scale that their readers multiply them by, or one near it: the layer's own
  // multiplier must be 1.
  void give_accumulators(const ExactSums& sums) {
    const QuantizeLinear int32 =
        quantize_linear_for(full_format(DType::kInt32), RoundMode::HALF_TO_EVEN, Ste::CLIPPED);
    const auto x_scale = *patterns().number(recovered_.scales.scale_of(sums.x.q));
    at::Tensor w_scale = at::ones({1}, at::kFloat);
    if (!sums.weight.defined()) {
      w_scale = at::full({1}, *patterns().number(recovered_.scales.scale_of(sums.other.q)));
    } else if (const at::Tensor scale = scale_of_sums(sums); scale.defined()) {
      w_scale = weight_scale(x_scale, scale, 1);
      if (!w_scale.defined()) w_scale = scale / x_scale;
    }
    const at::Tensor y_scale = x_scale * w_scale.repeat({sums.channels.repeats});
    const VariableId y = sums.value;
    const VariableId scale = recovered_.scales.add_parameter(graph_.variable(y).name + "/scale",
                                                             along_channels(y, y_scale, sums));
    const VariableId zero = recovered_.scales.add_parameter(graph_.variable(y).name + "/zero_point",
                                                            recovered_.scales.in_rank_of(y, 0));
    recovered_.replace(
        graph_.variable(y).producer,
        sums.weight.defined() ? layer_attributes(sums, int32) : product_attributes(sums, int32),
        sums.weight.defined() ? layer_inputs(sums, w_scale, scale, zero)
                              : product_inputs(sums, scale, zero));
    for (const Use& use : recovered_.readers(y)) dequantize_behind(use.function, y, zero);
  }

  // That of the first reader that has one for the channels.
  at::Tensor scale_of_sums(const ExactSums& sums) const {
    for (const Use& use : recovered_.readers(sums.value)) {
      const Function& reader = graph_.function(use.function);
      at::Tensor scale;
      if (std::holds_alternative<DequantizeLinear>(reader.attributes)) {
        scale = patterns().constant(reader.inputs[1]);
      } else if (const FunctionId next = recovered_.only_reader(reader.outputs[0]); next != kNoId) {
        const auto product = patterns().scaled(graph_.output_of(next));
        if (product) scale = product->factor;
      }
      scale = per_channel(scale, sums.channels);
      if (scale.defined()) scale = of_one_group(scale, sums.channels);
      if (scale.defined() && scale.gt(0).all().item<bool>()) return scale.to(at::kFloat);
    }
    return {};
  }

  // A Cast of the sums whose value is multiplied by a constant dequantizes them.
  void dequantize_behind(FunctionId cast, VariableId y, VariableId zero) {
    if (!std::holds_alternative<Cast>(graph_.function(cast).attributes)) return;
    for (const Use& use : recovered_.readers(graph_.output_of(cast))) {
      const VariableId real = graph_.output_of(use.function);
      const auto product = patterns().scaled(real);
      if (!product || !product->factor.gt(0).all().item<bool>()) continue;
      const at::Tensor scale = product->factor.numel() == 1
                                   ? recovered_.scales.in_rank_of(y, product->factor.item<float>())
                                   : product->factor;
      if (Shape(scale.sizes().vec()).rank() > graph_.variable(y).type.shape.rank()) continue;
      recovered_.replace(use.function, DequantizeLinear{},
                         {y,
                          recovered_.scales.add_parameter(graph_.variable(y).name + "/scale",
                                                          in_full_rank(y, scale)),
                          zero});
    }
  }

  // DequantizeLinear wants as many dimensions as the value has.
  at::Tensor in_full_rank(VariableId value, const at::Tensor& scale) const {
    Shape shape(graph_.variable(value).type.shape.size(), 1);
    std::copy(scale.sizes().begin(), scale.sizes().end(), shape.end() - scale.dim());
    return scale.reshape(shape);
  }

  at::Tensor along_channels(VariableId y, const at::Tensor& scale, const ExactSums& sums) const {
    if (scale.numel() == 1) return scale.reshape(recovered_.scales.in_rank_of(y, 1).sizes());
    Shape shape(graph_.variable(y).type.shape.size(), 1);
    shape[static_cast<int64_t>(shape.size()) - 1 - sums.channels.behind] = scale.numel();
    return scale.reshape(shape);
  }

  // ---- the integer functions -----------------------------------------------------------------

  Attributes layer_attributes(const ExactSums& sums, const QuantizeLinear& output) const {
    const auto made = [&](auto quantized, const auto& op) -> Attributes {
      static_cast<std::decay_t<decltype(op)>&>(quantized) = op;
      set_output(quantized, output, "NONE");
      return quantized;
    };
    const Attributes& attributes = graph_.function(sums.product).attributes;
    if (const auto* op = std::get_if<Convolution>(&attributes)) {
      return made(QuantizedConvolution{}, *op);
    }
    if (const auto* op = std::get_if<Deconvolution>(&attributes)) {
      return made(QuantizedDeconvolution{}, *op);
    }
    Affine affine;
    affine.base_axis = graph_.variable(sums.x.q).type.shape.rank() - 1;
    return made(QuantizedAffine{}, affine);
  }
  Attributes product_attributes(const ExactSums& sums, const QuantizeLinear& output) const {
    QuantizedBatchMatmul quantized;
    static_cast<BatchMatmul&>(quantized) =
        std::get<BatchMatmul>(graph_.function(sums.product).attributes);
    set_output(quantized, output, "NONE");
    return quantized;
  }

  std::vector<VariableId> operand(const CentredIntegers& x) {
    return {x.q, recovered_.scales.scale_of(x.q),
            recovered_.scales.zero_point_of(x.q, x.zero_point)};
  }

  std::vector<VariableId> layer_inputs(const ExactSums& sums, const at::Tensor& w_scale,
                                       VariableId y_scale, VariableId y_zero_point) {
    std::vector<VariableId> inputs = operand(sums.x);
    if (const FunctionId pad = padding_of(recovered_, sums); pad != kNoId) {
      auto around = std::get<Pad>(graph_.function(pad).attributes);
      around.constant_value = sums.x.zero_point;
      inputs[0] = graph_.output_of(graph_.add_function(
          around, {sums.x.q}, "", {graph_.variable(sums.x.q).name + "_padded"}));
    }
    const std::string scale_name = graph_.variable(sums.stored).name + "/scale";
    const bool is_integer = graph_.variable(sums.stored).type.dtype == DType::kInt8;
    const VariableId w = is_integer ? sums.stored : recovered_.restored(sums.stored, sums.weight);
    Shape shape(static_cast<size_t>(sums.weight.dim()), 1);
    if (w_scale.numel() > 1) shape[sums.channels.weight_axis] = w_scale.numel();
    inputs.insert(inputs.end(),
                  {w, recovered_.scales.add_parameter(scale_name, w_scale.reshape(shape)), y_scale,
                   y_zero_point});
    if (sums.bias == kNoId) return inputs;
    const bool flat = graph_.variable(sums.bias).type.shape.rank() == 1;
    inputs.push_back(flat ? sums.bias : recovered_.restored(sums.bias, sums.bias_values));
    return inputs;
  }
  std::vector<VariableId> product_inputs(const ExactSums& sums, VariableId y_scale,
                                         VariableId y_zero_point) {
    std::vector<VariableId> inputs = operand(sums.x);
    const std::vector<VariableId> other = operand(sums.other);
    inputs.insert(inputs.end(), other.begin(), other.end());
    inputs.insert(inputs.end(), {y_scale, y_zero_point});
    return inputs;
  }

  RecoveredGraph& recovered_;
  Graph& graph_;
  FunctionId cast_;
};

}  // namespace

void recover_sums(RecoveredGraph& graph, FunctionId cast) {
  SumRecovery(graph, cast).run();
}

}  // namespace octet
