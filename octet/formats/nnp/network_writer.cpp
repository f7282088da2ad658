#include "octet/formats/nnp/network_writer.h"

#include "octet/formats/nnp/function_arguments.h"
#include "octet/formats/nnp/generated_names.h"

namespace octet {
namespace {

class NetworkWriter {
 public:
  explicit NetworkWriter(const Graph& graph)
      : graph_(graph), order_(graph.topological_order(graph.outputs())) {}

  WrittenNetwork write(int64_t batch_size) {
    TextMessage& network = add_message(result_.text, "network");
    add_string(network, "name", graph_.name());
    add_int(network, "batch_size", batch_size);
    collect_variables();
    for (const VariableId id : values_) add_variable(network, id, "Buffer");
    for (const VariableId id : parameters_) add_variable(network, id, "Parameter");
    for (const FunctionId id : order_) add_function(network, id);
    add_executor();
    return std::move(result_);
  }

 private:
  void collect_variables() {
    std::vector<bool> seen(static_cast<size_t>(graph_.num_variable_slots()), false);
    const auto take = [&](VariableId id) {
      if (seen[static_cast<size_t>(id)]) return;
      seen[static_cast<size_t>(id)] = true;
      const bool parameter = graph_.variable(id).kind == VariableKind::kParameter;
      (parameter ? parameters_ : values_).push_back(id);
    };
    for (const FunctionId id : order_) {
      for (const VariableId input : graph_.function(id).inputs) take(input);
      for (const VariableId output : graph_.function(id).outputs) take(output);
    }
    for (const VariableId output : graph_.outputs()) take(output);
  }

  void add_variable(TextMessage& network, VariableId id, std::string_view type) {
    const Variable& variable = graph_.variable(id);
    TextMessage& message = add_message(network, "variable");
    add_string(message, "name", variable.name);
    add_string(message, "type", type);
    TextMessage& shape = add_message(message, "shape");
    for (const int64_t dim : variable.type.shape) add_int(shape, "dim", dim);
    // The type of what a function computes follows from its inputs.
    const bool stated = variable.kind != VariableKind::kActivation;
    if ((stated && variable.type.dtype != DType::kFloat32) || variable.type.qparams.has_value()) {
      result_.extras.variables[variable.name] = {variable.type.dtype, variable.type.qparams};
    }
  }

  void add_function(TextMessage& network, FunctionId id) {
    const Function& function = graph_.function(id);
    const std::string_view type = type_name(function.attributes);
    const std::string wanted =
        function.name.empty() ? generated_name(graph_.name(), type) : function.name;
    const std::string name = names_.take(wanted);
    TextMessage& message = add_message(network, "function");
    add_string(message, "name", name);
    add_string(message, "type", type);
    for (const VariableId input : function.inputs) {
      add_string(message, "input", graph_.variable(input).name);
    }
    for (const VariableId output : function.outputs) {
      add_string(message, "output", graph_.variable(output).name);
    }
    const Attributes written = explicit_attributes(graph_, id);
    write_arguments(written, message);
    note_extras(function, name, type, written);
  }

  void note_extras(const Function& function, const std::string& name, std::string_view type,
                   const Attributes& written) {
    FunctionExtras extras;
    extras.attributes = lost_attributes(function.attributes, written);
    const std::string restored = is_generated_name(name, graph_.name(), type) ? "" : name;
    if (restored != function.name) extras.name = function.name;
    if (extras.name.has_value() || !extras.attributes.empty()) {
      result_.extras.functions[name] = std::move(extras);
    }
  }

  void add_executor() {
    TextMessage& executor = add_message(result_.text, "executor");
    add_string(executor, "name", "runtime");
    add_string(executor, "network_name", graph_.name());
    for (const VariableId id : values_) {
      if (graph_.variable(id).kind == VariableKind::kInput) add_data(executor, "data_variable", id);
    }
    for (const VariableId id : graph_.outputs()) add_data(executor, "output_variable", id);
    for (const VariableId id : parameters_) {
      add_string(add_message(executor, "parameter_variable"), "variable_name",
                 graph_.variable(id).name);
    }
  }

  void add_data(TextMessage& executor, std::string_view field, VariableId id) {
    TextMessage& message = add_message(executor, field);
    add_string(message, "variable_name", graph_.variable(id).name);
    add_string(message, "data_name", graph_.variable(id).name);
  }

  const Graph& graph_;
  std::vector<FunctionId> order_;
  std::vector<VariableId> values_;  // inputs and activations
  std::vector<VariableId> parameters_;
  UniqueNames names_;
  WrittenNetwork result_;
};

}  // namespace

WrittenNetwork write_network(const Graph& graph, int64_t batch_size) {
  return NetworkWriter(graph).write(batch_size);
}

}  // namespace octet
