// The graph of a network: plain data. Variables (values) and Functions (operations) in two tables,
// joined by integer ids that stay valid while passes rewrite the graph around them. It holds no
// tensors: parameter values live in a ParameterStore under the Variable's name.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "octet/ops/operation.h"

namespace octet {

using VariableId = int32_t;
using FunctionId = int32_t;
inline constexpr int32_t kNoId = -1;

enum class VariableKind {
  kInput,       // given from outside for each run
  kParameter,   // its value is the ParameterStore's tensor of the same name
  kActivation,  // computed by a Function
};

// A value.
struct Variable {
  std::string name;  // unique in the graph
  VariableKind kind = VariableKind::kActivation;
  VariableType type;
  FunctionId producer = kNoId;
  int32_t output_index = 0;  // which output of the producer
};

// An operation applied to values.
struct Function {
  std::string name;  // the layer's name as the user gave it; may be empty
  Attributes attributes;
  std::vector<VariableId> inputs;
  std::vector<VariableId> outputs;
  bool erased = false;
};

class Graph {
 public:
  explicit Graph(std::string name = "net") : name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

  // ---- building -----------------------------------------------------------------------------
  // A name that is taken gets a suffix _1, _2, ... (inputs and activations).
  VariableId add_input(const std::string& name, VariableType type);
  // The graph's Variable for the parameter; adding the same name again returns the same id. Throws
  // Error if the type differs or the name belongs to something else.
  VariableId add_parameter(const std::string& name, const VariableType& type);
  // Adds a Function; its output types are inferred. `output_names` may be shorter than the outputs
  // or empty: the rest is named after the function. Throws Error for inputs that do not fit.
  FunctionId add_function(Attributes attributes, std::vector<VariableId> inputs,
                          const std::string& name = "",
                          const std::vector<std::string>& output_names = {});

  // ---- reading ------------------------------------------------------------------------------
  const Variable& variable(VariableId id) const { return variables_[id]; }
  const Function& function(FunctionId id) const { return functions_[id]; }
  int32_t num_variable_slots() const { return static_cast<int32_t>(variables_.size()); }
  int32_t num_function_slots() const { return static_cast<int32_t>(functions_.size()); }
  // kNoId if there is none of that name.
  VariableId find_variable(const std::string& name) const;
  // The name to show for a function: its own, or that of its first output.
  const std::string& display_name(FunctionId id) const;
  VariableId output_of(FunctionId id, size_t index = 0) const {
    return functions_[id].outputs[index];
  }

  // What the network is run for; what saving and printing start from.
  const std::vector<VariableId>& outputs() const { return outputs_; }
  void set_outputs(std::vector<VariableId> outputs) {
    revise();
    outputs_ = std::move(outputs);
  }

  // The functions that `outputs` depend on, producers first: depth first from each output, inputs
  // from left to right. Linear in the graph, without recursion.
  std::vector<FunctionId> topological_order(const std::vector<VariableId>& outputs) const;
  // Likewise for every function that is not erased, in the order of its final values.
  std::vector<FunctionId> topological_order() const;
  // The inputs and parameters that `outputs` depend on, in the order of first use.
  std::vector<VariableId> leaves(const std::vector<VariableId>& outputs) const;

  // Another number after every change, and never the same for two graphs that differ: what was
  // derived from a graph holds as long as its revision stays.
  uint64_t revision() const { return revision_; }

  // ---- rewriting ----------------------------------------------------------------------------
  Variable& mutable_variable(VariableId id) {
    revise();
    return variables_[id];
  }
  Function& mutable_function(FunctionId id) {
    revise();
    return functions_[id];
  }
  void set_input(FunctionId id, size_t index, VariableId variable);
  // Removes the function; its outputs lose their producer.
  void erase_function(FunctionId id);
  // Adds a function that produces existing variables, which must have no producer. This is how a
  // pass replaces what is behind a value while everybody who holds the value keeps it.
  FunctionId add_function_for(Attributes attributes, std::vector<VariableId> inputs,
                              std::vector<VariableId> outputs, const std::string& name = "");
  // Infers all types again, e.g. after an input changed its shape. Quantization that was noted on a
  // value stays there.
  void infer_all_types();
  void set_input_shape(VariableId input, const Shape& shape);
  // If the name is taken, its holder gets a suffix; unless that is a parameter, whose name is its
  // key in the store: then `id` gets the name with a suffix.
  void rename_variable(VariableId id, const std::string& name);

 private:
  VariableId add_variable(const std::string& name, VariableKind kind, VariableType type);
  std::string unused_name(const std::string& wanted);
  OutputTypes infer_outputs(const Attributes& attributes, const std::vector<VariableId>& inputs,
                            const std::string& name) const;

  void revise();

  std::string name_;
  uint64_t revision_ = 0;
  std::vector<Variable> variables_;
  std::vector<Function> functions_;
  std::vector<VariableId> outputs_;
  std::unordered_map<std::string, VariableId> by_name_;
  std::unordered_map<std::string, int> next_suffix_;
};

// Who reads each variable: one entry per (function, input index), in function order. A snapshot:
// rewriting the graph makes it stale.
struct Use {
  FunctionId function;
  size_t input_index;
};
class Uses {
 public:
  // All functions, or those in `functions`.
  explicit Uses(const Graph& graph);
  Uses(const Graph& graph, const std::vector<FunctionId>& functions);
  const std::vector<Use>& of(VariableId id) const { return uses_[id]; }

 private:
  std::vector<std::vector<Use>> uses_;
};

// A copy without erased functions and without variables that `graph.outputs()` do not need.
Graph compact(const Graph& graph);

// Throws InternalError naming the first broken promise: ids in range, producers and outputs agree,
// names unique, no cycle, types as inferred. Passes are followed by it.
void verify(const Graph& graph);

// Whether both compute the same by structure: the same functions with the same attributes, joined
// alike, from inputs and parameters of the same names and types. Ids and the names of values in
// between do not matter. If not, `difference` (when given) says where.
bool equal(const Graph& a, const Graph& b, std::string* difference = nullptr);

}  // namespace octet
