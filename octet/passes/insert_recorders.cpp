#include "octet/passes/insert_recorders.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "octet/passes/folded_parameters.h"
#include "octet/passes/integer_functions.h"
#include "octet/passes/layer_traits.h"
#include "octet/passes/recorded_layers.h"
#include "octet/quant/recorder.h"

namespace octet {
namespace {

// The names' prefix for this network: that of the training network with the same layers.
std::string prefix_for(const Graph& graph, const Signature& signature, PassContext& ctx) {
  std::vector<Signature>& known = ctx.memory->signatures;
  const auto prefix = [](size_t index) {
    return index == 0 ? std::string() : fmt::format("net{}/", index);
  };
  if (ctx.training) {
    known.push_back(signature);
    return prefix(known.size() - 1);
  }
  size_t best = 0;
  std::string difference = "no training network is registered";
  for (size_t i = 0; i < known.size(); ++i) {
    if (known[i] == signature) return prefix(i);
    const size_t end = std::min(known[i].size(), signature.size());
    size_t same = 0;
    while (same < end && known[i][same] == signature[same]) ++same;
    if (i > 0 && same <= best) continue;
    best = same;
    difference = fmt::format("function {} is {} here and {} there", same,
                             same < signature.size() ? signature[same] : "missing",
                             same < known[i].size() ? known[i][same] : "missing");
  }
  throw_error("QATScheduler",
              "validation network {} has no training network with the same layers, so it has no "
              "ranges: {}",
              graph.name(), difference);
}

class Inserter {
 public:
  Inserter(Graph& graph, PassContext& ctx)
      : graph_(graph), ctx_(ctx), functions_(ranked_functions(graph, ctx.outputs)), uses_(graph) {
    recorded_ = recorded_layers(graph, functions_, ctx.config);
    prefix_ = prefix_for(graph, signature_of(graph, functions_), ctx);
    if (recorded_.empty()) {
      log_warning("[QATScheduler] network {} has no layer that this config quantizes",
                  graph.name());
    }
  }

  void insert() {
    for (const RankedFunction& f : functions_) {
      if (recorded_.contains(f.id) && !is_fused_activation(f.id)) record_inputs(f);
    }
    if (ctx_.config.recorder_position != RecorderPosition::BOTH) return;
    for (const RankedFunction& f : functions_) {
      if (recorded_.contains(f.id)) record_outputs(f);
    }
  }

 private:
  void record_inputs(const RankedFunction& f) {
    // A copy: inserting recorders moves the table of functions.
    const std::vector<VariableId> inputs = graph_.function(f.id).inputs;
    const VariableId fused = ctx_.config.residual_fusion ? fused_operand(f.id) : kNoId;
    int data = 0;
    int weights = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const bool weight = input_spec(graph_.function(f.id).attributes, i).parameter;
      const std::string label = weight ? fmt::format("w{}", weights++) : fmt::format("x{}", data++);
      if (!is_quantizable_input(graph_, f.id, i) || inputs[i] == fused) continue;
      const int64_t axis = i == 1 ? weight_axis(f.id) : -1;
      graph_.set_input(f.id, i, recorder_on(inputs[i], axis, f, label));
    }
  }

  // Every reader of the output gets the recorder, skipped layers and normalizations too.
  void record_outputs(const RankedFunction& f) {
    const std::vector<VariableId> outputs = graph_.function(f.id).outputs;
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (recorders_.contains({outputs[i], -1}) || goes_to_fused_activation(outputs[i])) continue;
      std::vector<Use> readers;
      for (const Use& use : uses_.of(outputs[i])) {
        if (in_network(use.function)) readers.push_back(use);
      }
      if (readers.empty()) continue;
      const VariableId recorded = recorder_on(outputs[i], -1, f, fmt::format("y{}", i));
      for (const Use& use : readers) graph_.set_input(use.function, use.input_index, recorded);
    }
  }

  bool in_network(FunctionId id) {
    if (network_.empty()) {
      for (const RankedFunction& f : functions_) network_.insert(f.id);
    }
    return network_.contains(id);
  }

  // An activation that the function in front of it takes in.
  bool is_fused_activation(FunctionId id) const {
    const Function& function = graph_.function(id);
    if (!ctx_.config.activation_fusion || fusable_activation(function.attributes).empty()) {
      return false;
    }
    const FunctionId producer = graph_.variable(function.inputs[0]).producer;
    if (producer == kNoId || uses_.of(function.inputs[0]).size() != 1) return false;
    const Attributes& attributes = graph_.function(producer).attributes;
    return weighted_layer(graph_, producer).has_value() ||
           std::holds_alternative<Add2>(attributes) || std::holds_alternative<BcAdd2>(attributes) ||
           std::holds_alternative<BatchNormalization>(attributes) ||
           std::holds_alternative<FusedBatchNormalization>(attributes);
  }

  bool goes_to_fused_activation(VariableId value) const {
    const std::vector<Use>& readers = uses_.of(value);
    return readers.size() == 1 && recorded_.contains(readers[0].function) &&
           is_fused_activation(readers[0].function);
  }

  // Of a residual addition, the operand that a convolution's accumulator can take in.
  VariableId fused_operand(FunctionId id) const {
    if (!std::holds_alternative<Add2>(graph_.function(id).attributes)) return kNoId;
    for (const VariableId input : graph_.function(id).inputs) {
      const FunctionId producer = graph_.variable(input).producer;
      if (producer != kNoId && is_convolution(graph_.function(producer).attributes) &&
          uses_.of(input).size() == 1) {
        return input;
      }
    }
    return kNoId;
  }

  int64_t weight_axis(FunctionId id) const {
    if (!ctx_.config.channel_wise) return -1;
    const std::optional<WeightedLayer> layer = weighted_layer(graph_, id);
    if (!layer) return -1;
    const auto* deconv = std::get_if<DepthwiseDeconvolution>(&graph_.function(id).attributes);
    // Its rows are input channels; where several make up one output, one scale must serve them.
    if (deconv != nullptr && deconv->divisor > 1) return -1;
    return layer->output_axis;
  }

  VariableId recorder_on(VariableId value, int64_t axis, const RankedFunction& f,
                         const std::string& label) {
    const auto [entry, inserted] = recorders_.try_emplace({value, axis}, kNoId);
    if (!inserted) return entry->second;
    const RecorderSpec& spec =
        is_parameter(graph_, value) ? ctx_.config.recorder_weight : ctx_.config.recorder_activation;
    const std::string scope =
        fmt::format("{}{}-{}", prefix_, type_name(graph_.function(f.id).attributes), f.rank);
    std::vector<VariableId> inputs{value};
    const int64_t channels = axis == -1 ? 0 : graph_.variable(value).type.shape[axis];
    for (const StateTensor& state : recorder_state(spec, channels)) {
      inputs.push_back(state_variable(fmt::format("{}/{}-{}", scope, state.name, label), state));
    }
    const std::string name = fmt::format("{}/{}", scope, label);
    const FunctionId recorder =
        graph_.add_function(recorder_for(spec, axis, ctx_.training), inputs, name,
                            {graph_.variable(value).name + "_recorded"});
    entry->second = graph_.output_of(recorder);
    return entry->second;
  }

  VariableId state_variable(const std::string& name, const StateTensor& state) {
    if (ctx_.memory->created.insert(name).second) {
      define_parameter(name, /*need_grad=*/false, ctx_, [&] { return state.initial; });
    }
    const bool counts = state.initial.scalar_type() == at::kLong;
    return graph_.add_parameter(
        name, {counts ? DType::kInt64 : DType::kFloat32, Shape(state.initial.sizes().vec()), {}});
  }

  Graph& graph_;
  PassContext& ctx_;
  std::vector<RankedFunction> functions_;
  Uses uses_;
  std::set<FunctionId> recorded_;
  std::unordered_set<FunctionId> network_;
  std::map<std::pair<VariableId, int64_t>, VariableId> recorders_;
  std::string prefix_;
};

}  // namespace

Graph insert_recorders(Graph graph, PassContext& ctx) {
  Inserter(graph, ctx).insert();
  return graph;
}

}  // namespace octet
