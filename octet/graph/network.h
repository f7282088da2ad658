// What a user holds: a Network (a graph, the parameters that it shares with other networks, and the
// values of its last run) and handles to values in it.
//
//   auto parameters = std::make_shared<ParameterStore>(/*seed=*/1);
//   Network network(parameters);
//   auto image = network.input("image", {64, 1, 28, 28});
//   auto pred = F::relu(PF::convolution(image, "conv1", 16, {3, 3}));
//   image.d() = batch;
//   pred.forward();
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "octet/graph/engine.h"
#include "octet/graph/graph.h"
#include "octet/graph/interpreter.h"
#include "octet/graph/parameter_store.h"

namespace octet {

class Network;
struct NetworkState;
struct VariableToken;

// A handle to a value of a network. It stays valid while passes rewrite what is behind it: the
// value keeps its id, only its producer changes. A value that a conversion folds away (what a
// convolution hands to its batch normalization) has no producer any more: d() and forward() then
// throw Error. Copies refer to the same value.
class VariableRef {
 public:
  VariableRef() = default;

  const std::string& name() const;
  const Shape& shape() const;
  VariableId id() const;
  Network network() const;

  // The value: for an input, what the next run reads (assign to it); otherwise the result of the
  // last run (undefined before the first).
  at::Tensor& d() const;
  // The gradient of a parameter after backward(); undefined if there is none.
  at::Tensor g() const;

  // Computes this value and everything that it depends on. Values that a handle refers to are kept.
  // With `gradients` false no tape is recorded and backward() is not possible.
  struct ForwardOptions {
    bool gradients = true;
  };
  void forward(const ForwardOptions& options) const;
  void forward() const { forward(ForwardOptions()); }
  // Adds the gradients of this value (of the sum of its elements) to the parameters. Does nothing
  // while the network's gradients are off. Throws Error without a preceding forward().
  void backward() const;

 private:
  friend class Network;
  std::shared_ptr<VariableToken> token_;
};

// Copies refer to the same network.
class Network {
 public:
  explicit Network(std::shared_ptr<ParameterStore> parameters = std::make_shared<ParameterStore>(),
                   const std::string& name = "net");

  VariableRef input(const std::string& name, const Shape& shape, DType dtype = DType::kFloat32);
  // A parameter of the store as a value of this network; it must exist in the store.
  VariableRef parameter(const std::string& name);
  // Applies an operation; for operations with one output.
  VariableRef apply(const Attributes& attributes, const std::vector<VariableRef>& inputs,
                    const std::string& layer_name = "");
  std::vector<VariableRef> apply_all(const Attributes& attributes,
                                     const std::vector<VariableRef>& inputs,
                                     const std::string& layer_name = "");
  // A handle to an existing value.
  VariableRef ref(VariableId id);
  // Throws Error if there is no value of that name.
  VariableRef ref(const std::string& name);

  Graph& graph();
  const Graph& graph() const;
  const std::shared_ptr<ParameterStore>& parameters() const;
  RandomState& random();

  // Off: forward() records no tape and backward() does nothing, so that weights rest.
  void set_gradients(bool on);
  bool gradients() const;

  // Who computes the values from now on; null (as it is made) is the reference interpreter. An
  // engine may serve several networks.
  void set_engine(std::shared_ptr<Engine> engine);
  const std::shared_ptr<Engine>& engine() const;

  bool operator==(const Network& other) const { return state_ == other.state_; }

 private:
  friend class VariableRef;
  explicit Network(std::shared_ptr<NetworkState> state) : state_(std::move(state)) {}
  std::shared_ptr<NetworkState> state_;
};

// A network around an existing graph, e.g. one that was read from a file.
Network make_network(Graph graph, std::shared_ptr<ParameterStore> parameters);

}  // namespace octet
