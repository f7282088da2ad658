// The parameters that a fold makes: computed once, shared by all networks of a conversion.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>

#include "octet/passes/pass.h"

namespace octet {

// float64; the bias is undefined if the layer has none.
struct LayerValues {
  at::Tensor weight;
  at::Tensor bias;
};

// What a fold makes of them: the weight is multiplied with weight_scale, which broadcasts to it.
struct Fold {
  at::Tensor weight_scale;
  at::Tensor bias;
};

// The new parameters as variables of the graph.
struct FoldedNames {
  VariableId weight;
  VariableId bias;
};

// Whether one of these parameters is trained; kNoId are passed over. True if there are none.
bool is_any_trained(const Graph& graph, const std::vector<VariableId>& sources,
                    const PassContext& ctx);

// A parameter that is trained in the place of `sources`: it is trained if one of them is, and a
// solver takes it if it had one of them.
void define_folded_parameter(const std::string& name, const Graph& graph,
                             const std::vector<VariableId>& sources, PassContext& ctx,
                             const std::function<at::Tensor()>& value);

// Makes `w-folded` and `b-folded` beside the layer's weight from fold(weight, bias), or finds those
// that this conversion already made from the same layer and batch normalization parameters. With
// config.bn_folding_keep_step, `w-folded` is trained in the unit weight_scale. `w-folded` is
// trained if the weight is, `b-folded` if the bias or beta is: frozen layers stay frozen.
FoldedNames folded_parameters(Graph& graph, FunctionId layer, FunctionId batch_norm,
                              PassContext& ctx,
                              const std::function<Fold(const LayerValues&)>& fold);

// A name for a new parameter: `wanted`, with a suffix if this conversion already made one of that
// name. What an earlier conversion left under it is replaced.
std::string new_parameter_name(const std::string& wanted, PassContext& ctx);

// Puts value() into the store under that name; while a checkpoint is being restored, a value that
// is there stays.
void define_parameter(const std::string& name, bool need_grad, PassContext& ctx,
                      const std::function<at::Tensor()>& value);

// A parameter that came out of a multiplication with `unit` (broadcasting to it) is trained as if
// it had not: see Parameter::unit. The unit is kept in the store as `name` with "-unit" behind it,
// so that a checkpoint holds it. Does nothing unless config.bn_folding_keep_step.
void define_unit(const std::string& name, PassContext& ctx,
                 const std::function<at::Tensor()>& unit);

}  // namespace octet
