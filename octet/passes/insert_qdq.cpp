#include "octet/passes/insert_qdq.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/passes/constant_values.h"
#include "octet/passes/folded_parameters.h"
#include "octet/passes/layer_traits.h"
#include "octet/quant/fake_quantize.h"
#include "octet/quant/recorder.h"
#include "octet/quant/scale.h"

namespace octet {
namespace {

// "Convolution-0/x0" and "scale" -> "Convolution-0/scale-x0".
std::string qparam_name(const std::string& recorder_name, std::string_view what) {
  const std::string scope = scope_of(recorder_name);
  return fmt::format("{}{}-{}", scope, what, recorder_name.substr(scope.size()));
}

VariableId parameter_variable(Graph& graph, const std::string& name, const PassContext& ctx) {
  const at::Tensor& value = ctx.parameters->at(name).value;
  return graph.add_parameter(name, {DType::kFloat32, Shape(value.sizes().vec()), {}});
}

class QdqInserter {
 public:
  QdqInserter(Graph& graph, PassContext& ctx)
      : graph_(graph), ctx_(ctx), constants_(graph, graph.topological_order(ctx.outputs)) {
    for (const FunctionId id : graph.topological_order(ctx.outputs)) {
      const auto* recorder = std::get_if<Recorder>(&graph.function(id).attributes);
      if (recorder == nullptr) continue;
      recorders_.push_back(id);
      if (recorder->group != -1) groups_[recorder->group].push_back(id);
    }
  }

  void insert() {
    // Two rounds: a group is known by its recorders, so none may go before all have their scale.
    for (const FunctionId id : recorders_) quantizer_of_.emplace(id, quantizer_for(id));
    for (const FunctionId id : recorders_) replace(id);
    warnings_.report("insert_qdq");
  }

 private:
  struct Quantizer {
    VariableId scale;
    VariableId zero_point;
  };

  bool is_weight(FunctionId id) const { return constants_.contains(graph_.function(id).inputs[0]); }
  QuantFormat format_of(FunctionId id) const {
    return is_weight(id) ? ctx_.config.weight_format() : ctx_.config.activation_format();
  }
  bool is_symmetric(FunctionId id) const { return is_weight(id) || !ctx_.config.zero_point; }

  // A learned scale rounds its exponent itself, in each step.
  Pow2 pow2_of(FunctionId id) const {
    const bool learned = is_learned(spec_of(std::get<Recorder>(graph_.function(id).attributes)));
    return learned ? Pow2::NOTROUND : ctx_.config.pow2;
  }

  std::vector<FunctionId> members(FunctionId id) const {
    const int64_t group = std::get<Recorder>(graph_.function(id).attributes).group;
    return group == -1 ? std::vector<FunctionId>{id} : groups_.at(group);
  }

  Range range_of_recorder(FunctionId id) const {
    const Function& function = graph_.function(id);
    std::vector<at::Tensor> state;
    for (size_t i = 1; i < function.inputs.size(); ++i) {
      state.push_back(ctx_.parameters->at(graph_.variable(function.inputs[i]).name).value);
    }
    return range_of(spec_of(std::get<Recorder>(function.attributes)), state, format_of(id),
                    is_symmetric(id), function.name, pow2_of(id));
  }

  // Scale and zero point of the recorder's group, made by the first network that needs them.
  Quantizer quantizer_for(FunctionId id) {
    const FunctionId first = members(id).front();
    const std::string name = graph_.function(first).name;
    const auto [entry, inserted] = quantizers_.try_emplace(name, Quantizer{kNoId, kNoId});
    if (!inserted) return entry->second;
    const Function function = graph_.function(first);
    const Recorder recorder = std::get<Recorder>(function.attributes);
    const bool learned = is_learned(spec_of(recorder));
    const std::string scale_name = qparam_name(name, learned ? "log2-scale" : "scale");
    const std::string zero_point_name = qparam_name(name, "zeropoint");
    if (ctx_.memory->created.insert(scale_name).second) {
      OCTET_CHECK(ctx_.training, "QATScheduler",
                  "validation network {} has a scale for {}, and its training network has none",
                  graph_.name(), name);
      const int64_t rank = graph_.variable(function.inputs[0]).type.shape.rank();
      std::optional<ScaleZeroPoint> chosen;
      const auto numbers = [&]() -> const ScaleZeroPoint& {
        if (!chosen) chosen = choose(first, name);
        return *chosen;
      };
      define_parameter(scale_name, learned, ctx_, [&] {
        const at::Tensor scale = align_to_axis(numbers().scale, recorder.axis, rank);
        return learned ? at::log2(scale) : scale;
      });
      ctx_.parameters->at(scale_name).decays = !learned;
      define_parameter(zero_point_name, /*need_grad=*/false, ctx_,
                       [&] { return align_to_axis(numbers().zero_point, recorder.axis, rank); });
    }
    const VariableId stored = parameter_variable(graph_, scale_name, ctx_);
    entry->second.scale = learned ? learned_variable(first, stored) : stored;
    entry->second.zero_point = parameter_variable(graph_, zero_point_name, ctx_);
    return entry->second;
  }

  ScaleZeroPoint choose(FunctionId first, const std::string& name) {
    std::vector<Range> ranges;
    for (const FunctionId member : members(first)) ranges.push_back(range_of_recorder(member));
    return choose_scale(union_of(ranges), format_of(first), is_symmetric(first), pow2_of(first),
                        name, &warnings_);
  }

  VariableId learned_variable(FunctionId recorder, VariableId log2_scale) {
    const Shape shape = graph_.variable(graph_.function(recorder).inputs[0]).type.shape;
    const Shape scales = graph_.variable(log2_scale).type.shape;
    // LSQ counts the elements of a weight, but those of one sample of an activation.
    const int64_t values =
        is_weight(recorder) ? shape.num_elements() : shape.num_elements(1, shape.rank());
    LearnedScale op;
    op.pow2 = to_string(ctx_.config.pow2);
    op.gradient_scale = lsq_gradient_scale(std::max<int64_t>(1, values / scales.num_elements()),
                                           format_of(recorder));
    return graph_.output_of(
        graph_.add_function(op, {log2_scale}, "", {graph_.variable(log2_scale).name + "_out"}));
  }

  void replace(FunctionId id) {
    const Function recorder = graph_.function(id);
    const Quantizer& quantizer = quantizer_of_.at(id);
    const QuantizeLinear quantize =
        quantize_linear_for(format_of(id), ctx_.config.round_mode, ctx_.config.ste);
    const FunctionId q =
        graph_.add_function(quantize, {recorder.inputs[0], quantizer.scale, quantizer.zero_point},
                            "", {graph_.variable(recorder.inputs[0]).name + "_quantized"});
    graph_.erase_function(id);
    graph_.add_function_for(DequantizeLinear{},
                            {graph_.output_of(q), quantizer.scale, quantizer.zero_point},
                            recorder.outputs);
  }

  Graph& graph_;
  PassContext& ctx_;
  ConstantValues constants_;
  std::vector<FunctionId> recorders_;
  std::map<int64_t, std::vector<FunctionId>> groups_;
  std::map<std::string, Quantizer> quantizers_;
  std::map<FunctionId, Quantizer> quantizer_of_;
  ScaleWarnings warnings_;
};

}  // namespace

Graph insert_qdq(Graph graph, PassContext& ctx) {
  QdqInserter(graph, ctx).insert();
  return graph;
}

}  // namespace octet
