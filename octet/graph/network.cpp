#include "octet/graph/network.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"

namespace octet {

// One token per value that has handles; when the last handle goes, runs stop keeping the value.
struct VariableToken {
  std::shared_ptr<NetworkState> state;
  VariableId id;
};

struct NetworkState {
  Graph graph;
  std::shared_ptr<ParameterStore> parameters;
  RandomState random;
  bool gradients = true;
  std::shared_ptr<Engine> engine;  // null: the reference interpreter
  Values values;
  std::unordered_map<VariableId, std::weak_ptr<VariableToken>> handles;
};

Network::Network(std::shared_ptr<ParameterStore> parameters, const std::string& name)
    : state_(std::make_shared<NetworkState>()) {
  state_->graph.set_name(name);
  state_->parameters = std::move(parameters);
}

Network make_network(Graph graph, std::shared_ptr<ParameterStore> parameters) {
  Network network(std::move(parameters), graph.name());
  network.graph() = std::move(graph);
  return network;
}

Graph& Network::graph() {
  return state_->graph;
}
const Graph& Network::graph() const {
  return state_->graph;
}
const std::shared_ptr<ParameterStore>& Network::parameters() const {
  return state_->parameters;
}
RandomState& Network::random() {
  return state_->random;
}
void Network::set_gradients(bool on) {
  state_->gradients = on;
}
bool Network::gradients() const {
  return state_->gradients;
}

void Network::set_engine(std::shared_ptr<Engine> engine) {
  state_->engine = std::move(engine);
}
const std::shared_ptr<Engine>& Network::engine() const {
  return state_->engine;
}

VariableRef Network::ref(VariableId id) {
  std::weak_ptr<VariableToken>& slot = state_->handles[id];
  VariableRef handle;
  handle.token_ = slot.lock();
  if (handle.token_ == nullptr) {
    handle.token_ = std::make_shared<VariableToken>(VariableToken{state_, id});
    slot = handle.token_;
  }
  return handle;
}

VariableRef Network::ref(const std::string& name) {
  const VariableId id = state_->graph.find_variable(name);
  OCTET_CHECK(id != kNoId, name, "network {} has no value of this name", state_->graph.name());
  return ref(id);
}

VariableRef Network::input(const std::string& name, const Shape& shape, DType dtype) {
  return ref(state_->graph.add_input(name, {dtype, shape, {}}));
}

VariableRef Network::parameter(const std::string& name) {
  const at::Tensor& value = state_->parameters->at(name).value;
  return ref(state_->graph.add_parameter(name, {DType::kFloat32, Shape(value.sizes().vec()), {}}));
}

std::vector<VariableRef> Network::apply_all(const Attributes& attributes,
                                            const std::vector<VariableRef>& inputs,
                                            const std::string& layer_name) {
  std::vector<VariableId> ids;
  for (const VariableRef& input : inputs) {
    OCTET_CHECK(input.network() == *this, type_name(attributes),
                "input {} belongs to another network", input.name());
    ids.push_back(input.id());
  }
  const FunctionId function = state_->graph.add_function(attributes, ids, layer_name);
  std::vector<VariableRef> outputs;
  const std::vector<VariableId> output_ids = state_->graph.function(function).outputs;
  for (const VariableId id : output_ids) outputs.push_back(ref(id));
  return outputs;
}

VariableRef Network::apply(const Attributes& attributes, const std::vector<VariableRef>& inputs,
                           const std::string& layer_name) {
  std::vector<VariableRef> outputs = apply_all(attributes, inputs, layer_name);
  OCTET_CHECK(outputs.size() == 1, type_name(attributes), "has {} outputs; use apply_all",
              outputs.size());
  return outputs[0];
}

namespace {

// A value that is computed, but by no function any more.
void check_is_computed(const Variable& variable) {
  OCTET_CHECK(variable.kind != VariableKind::kActivation || variable.producer != kNoId,
              variable.name,
              "nothing computes this value any more: a conversion folded it into the values behind "
              "it");
}

}  // namespace

const std::string& VariableRef::name() const {
  return token_->state->graph.variable(token_->id).name;
}
const Shape& VariableRef::shape() const {
  return token_->state->graph.variable(token_->id).type.shape;
}
VariableId VariableRef::id() const {
  return token_->id;
}
Network VariableRef::network() const {
  OCTET_CHECK(token_ != nullptr, "VariableRef", "the handle is empty: it refers to no value");
  return Network(token_->state);
}

at::Tensor& VariableRef::d() const {
  const Variable& variable = token_->state->graph.variable(token_->id);
  if (variable.kind == VariableKind::kParameter) {
    return token_->state->parameters->at(variable.name).value;
  }
  check_is_computed(variable);
  return token_->state->values[token_->id];
}

at::Tensor VariableRef::g() const {
  return d().grad();
}

void VariableRef::forward(const ForwardOptions& options) const {
  NetworkState& state = *token_->state;
  check_is_computed(state.graph.variable(token_->id));
  RunOptions run_options{
      .gradients = options.gradients && state.gradients, .keep = {}, .observer = {}};
  for (auto entry = state.handles.begin(); entry != state.handles.end();) {
    if (entry->second.expired()) {
      // What was assigned to an input stays, also if the handle was a temporary.
      if (state.graph.variable(entry->first).kind == VariableKind::kActivation) {
        state.values.erase(entry->first);
      }
      entry = state.handles.erase(entry);
    } else {
      run_options.keep.push_back((entry++)->first);
    }
  }
  Values results = state.engine == nullptr
                       ? run(state.graph, *state.parameters, state.values, {token_->id},
                             state.random, run_options)
                       : state.engine->forward(state.graph, *state.parameters, state.values,
                                               token_->id, state.random, run_options);
  for (auto& [id, value] : results) {
    if (state.graph.variable(id).kind == VariableKind::kActivation) state.values[id] = value;
  }
}

void VariableRef::backward() const {
  NetworkState& state = *token_->state;
  if (!state.gradients) return;
  if (state.engine != nullptr) {
    return state.engine->backward(state.graph, *state.parameters, token_->id);
  }
  const at::Tensor value = d();
  OCTET_CHECK(value.defined() && value.requires_grad(), name(),
              "backward() needs a forward() with gradients before it");
  value.sum().backward();
}

}  // namespace octet
