#include "octet/passes/insert_recorders.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "octet/passes/constant_values.h"
#include "octet/passes/folded_parameters.h"
#include "octet/passes/integer_functions.h"
#include "octet/passes/layer_traits.h"
#include "octet/passes/origins.h"
#include "octet/passes/recorded_layers.h"
#include "octet/quant/recorder.h"

namespace octet {
namespace {

// The place of this network's layers among those of the training networks.
size_t index_of(const Graph& graph, const Signature& signature, PassContext& ctx) {
  std::vector<Signature>& known = ctx.memory->signatures;
  if (ctx.training) {
    known.push_back(signature);
    return known.size() - 1;
  }
  size_t best = 0;
  std::string difference = "no training network is registered";
  for (size_t i = 0; i < known.size(); ++i) {
    if (known[i] == signature) return i;
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

// The recorders of a training network are noted; a validation network must have the same, since it
// reads the ranges that they find.
void check_recorders(const Graph& graph, const std::set<std::string>& names, size_t index,
                     PassContext& ctx) {
  std::vector<std::set<std::string>>& known = ctx.memory->recorders;
  if (ctx.training) {
    known.push_back(names);
    return;
  }
  const auto first_without = [](const std::set<std::string>& a, const std::set<std::string>& b) {
    const auto found = std::find_if(a.begin(), a.end(),
                                    [&](const std::string& name) { return !b.contains(name); });
    return found == a.end() ? std::string() : *found;
  };
  const std::string here = first_without(names, known[index]);
  const std::string there = first_without(known[index], names);
  OCTET_CHECK(here.empty() && there.empty(), "QATScheduler",
              "validation network {} quantizes other values than its training network: {} is "
              "recorded only {}",
              graph.name(), here.empty() ? there : here, here.empty() ? "there" : "here");
}

class Inserter {
 public:
  Inserter(Graph& graph, PassContext& ctx)
      : graph_(graph),
        ctx_(ctx),
        functions_(ranked_functions(graph, ctx.outputs)),
        uses_(graph, ids_of(functions_)),
        origins_(graph, ids_of(functions_)),
        constants_(graph, ids_of(functions_)) {
    recorded_ = recorded_layers(graph, functions_, ctx.config);
    index_ = index_of(graph, signature_of(graph, functions_), ctx);
    if (recorded_.empty()) {
      log_warning("[QATScheduler] network {} has no layer that this config quantizes",
                  graph.name());
    }
  }

  void insert() {
    for (const RankedFunction& f : functions_) {
      if (recorded_.contains(f.id) && !is_fused_activation(f.id)) record_inputs(f);
    }
    if (ctx_.config.recorder_position == RecorderPosition::BOTH) {
      for (const RankedFunction& f : functions_) {
        if (recorded_.contains(f.id)) record_outputs(f);
      }
    }
    check_recorders(graph_, names_, index_, ctx_);
  }

 private:
  void record_inputs(const RankedFunction& f) {
    // A copy: inserting recorders moves the table of functions.
    const std::vector<VariableId> inputs = graph_.function(f.id).inputs;
    const VariableId fused = ctx_.config.residual_fusion ? fused_operand(f.id) : kNoId;
    if (fused != kNoId) fused_.insert(fused);
    int data = 0;
    int weights = 0;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const bool weight = input_spec(graph_.function(f.id).attributes, i).parameter;
      const std::string label = weight ? fmt::format("w{}", weights++) : fmt::format("x{}", data++);
      const VariableId origin = origins_.of(inputs[i]);
      if (!is_quantizable_input(graph_, f.id, i) || origin == fused) continue;
      const int64_t axis = i == 1 ? weight_axis(f.id) : -1;
      const VariableId recorded = recorder_on(origin, axis, f, label);
      // Identities are passed by; a Dropout drops from what is recorded.
      const FunctionId dropout = origins_.first_dropout(inputs[i]);
      if (dropout == kNoId) {
        graph_.set_input(f.id, i, recorded);
      } else {
        graph_.set_input(dropout, 0, recorded);
      }
    }
  }

  // Every reader of the output gets the recorder, skipped layers and normalizations too.
  void record_outputs(const RankedFunction& f) {
    const std::vector<VariableId> outputs = graph_.function(f.id).outputs;
    for (size_t i = 0; i < outputs.size(); ++i) {
      const bool is_fused = fused_.contains(outputs[i]) || goes_to_fused_activation(outputs[i]);
      if (recorders_.contains({outputs[i], -1}) || is_fused) continue;
      if (origins_.readers(outputs[i]).empty()) continue;
      const VariableId recorded = recorder_on(outputs[i], -1, f, fmt::format("y{}", i));
      for (const Use& use : uses_.of(outputs[i])) {
        graph_.set_input(use.function, use.input_index, recorded);
      }
    }
  }

  // An activation that the function in front of it takes in.
  bool is_fused_activation(FunctionId id) const {
    const Function& function = graph_.function(id);
    if (!ctx_.config.activation_fusion || fusable_activation(function.attributes).empty()) {
      return false;
    }
    const VariableId origin = origins_.of(function.inputs[0]);
    const FunctionId producer = graph_.variable(origin).producer;
    if (producer == kNoId || origins_.readers(origin).size() != 1) return false;
    const Attributes& attributes = graph_.function(producer).attributes;
    return weighted_layer(graph_, producer).has_value() ||
           std::holds_alternative<Add2>(attributes) || std::holds_alternative<BcAdd2>(attributes) ||
           std::holds_alternative<BatchNormalization>(attributes) ||
           std::holds_alternative<FusedBatchNormalization>(attributes);
  }

  bool goes_to_fused_activation(VariableId value) const {
    const std::vector<Use>& readers = origins_.readers(value);
    return readers.size() == 1 && recorded_.contains(readers[0].function) &&
           is_fused_activation(readers[0].function);
  }

  // Of a residual addition, the origin of the operand that a convolution's accumulator can take in.
  VariableId fused_operand(FunctionId id) const {
    if (!std::holds_alternative<Add2>(graph_.function(id).attributes)) return kNoId;
    for (const VariableId input : graph_.function(id).inputs) {
      const VariableId origin = origins_.of(input);
      const FunctionId producer = graph_.variable(origin).producer;
      if (producer != kNoId && is_convolution(graph_.function(producer).attributes) &&
          origins_.readers(origin).size() == 1) {
        return origin;
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
        constants_.contains(value) ? ctx_.config.recorder_weight : ctx_.config.recorder_activation;
    // The names of a second training network would be those of the first.
    const std::string prefix = index_ == 0 ? std::string() : fmt::format("net{}/", index_);
    const std::string scope =
        fmt::format("{}{}-{}", prefix, type_name(graph_.function(f.id).attributes), f.rank);
    std::vector<VariableId> inputs{value};
    const int64_t channels = axis == -1 ? 0 : graph_.variable(value).type.shape[axis];
    for (const StateTensor& state : recorder_state(spec, channels)) {
      inputs.push_back(state_variable(fmt::format("{}/{}-{}", scope, state.name, label), state));
    }
    const std::string name = fmt::format("{}/{}", scope, label);
    names_.insert(name);
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
  Origins origins_;
  ConstantValues constants_;
  std::set<FunctionId> recorded_;
  std::set<VariableId> fused_;  // operands that stay float
  std::map<std::pair<VariableId, int64_t>, VariableId> recorders_;
  size_t index_ = 0;
  std::set<std::string> names_;  // of the recorders
};

}  // namespace

Graph insert_recorders(Graph graph, PassContext& ctx) {
  Inserter(graph, ctx).insert();
  return graph;
}

}  // namespace octet
