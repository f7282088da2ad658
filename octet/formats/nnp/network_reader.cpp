#include "octet/formats/nnp/network_reader.h"

#include <ATen/core/Tensor.h>

#include "octet/base/error.h"
#include "octet/formats/nnp/function_arguments.h"
#include "octet/formats/nnp/generated_names.h"
#include "octet/formats/nnp/network_declarations.h"
#include "octet/formats/nnp/parameter_initializer.h"

namespace octet {
namespace {

class NetworkReader {
 public:
  explicit NetworkReader(const NetworkReadContext& context)
      : context_(context),
        declarations_(read_declarations(*context.network.message, context.network.where)),
        graph_(declarations_.name) {}

  Graph read() {
    add_inputs();
    for (const size_t index : dependency_order(declarations_)) {
      add_function(declarations_.functions[index]);
    }
    set_outputs();
    return std::move(graph_);
  }

 private:
  // Names in the executor's fields `field`, each with its place.
  std::vector<std::pair<std::string, std::string>> executor_names(std::string_view wanted) const {
    std::vector<std::pair<std::string, std::string>> names;
    if (context_.executor.message == nullptr) return names;
    const std::string& where = context_.executor.where;
    for (const TextField& field : context_.executor.message->fields) {
      if (field.name != wanted) continue;
      names.emplace_back(optional_string(message_value(field, where), "variable_name", where),
                         place_of(field, where));
    }
    return names;
  }

  const DeclaredVariable* find_declared(const std::string& name) const {
    const auto found = declarations_.variable_index.find(name);
    return found == declarations_.variable_index.end() ? nullptr
                                                       : &declarations_.variables[found->second];
  }

  void add_inputs() {
    for (const char* field : {"data_variable", "generator_variable"}) {
      for (const auto& [name, place] : executor_names(field)) {
        const DeclaredVariable* variable = find_declared(name);
        OCTET_CHECK_FILE(variable != nullptr, place,
                         "the executor's input '{}' is no variable of network '{}'", name,
                         declarations_.name);
        add_input(*variable);
      }
    }
    for (const DeclaredVariable& variable : declarations_.variables) {
      if (!variable.parameter) add_input(variable);
    }
  }

  // Does nothing for a variable that a function produces or that is there already.
  void add_input(const DeclaredVariable& variable) {
    if (declarations_.producer.contains(variable.name) || ids_.contains(variable.name)) return;
    VariableType type = type_from_extras(variable.name);
    type.shape = variable.shape;
    for (int64_t& dim : type.shape) {
      if (dim < 1) dim = context_.batch_size;
    }
    ids_[variable.name] = graph_.add_input(variable.name, type);
  }

  VariableType type_from_extras(const std::string& name) const {
    VariableType type;
    if (context_.extras == nullptr) return type;
    const auto found = context_.extras->variables.find(name);
    if (found == context_.extras->variables.end()) return type;
    type.dtype = found->second.dtype;
    type.qparams = found->second.qparams;
    return type;
  }

  VariableId id_of(const std::string& name) {
    const auto found = ids_.find(name);
    if (found != ids_.end()) return found->second;
    const DeclaredVariable& variable = *find_declared(name);
    OCTET_INTERNAL_CHECK(variable.parameter);
    create_missing_parameter(variable, *context_.parameters);
    VariableType type = type_from_extras(name);
    type.shape = Shape(context_.parameters->at(name).value.sizes().vec());
    return ids_[name] = graph_.add_parameter(name, type);
  }

  void add_function(const DeclaredFunction& function) {
    std::optional<Attributes> attributes = default_attributes(function.type);
    OCTET_CHECK_FILE(
        attributes.has_value(), function.place,
        "function '{}' has the type '{}', which is not supported (octet inspect --functions "
        "lists those that are)",
        function.name, function.type);
    read_arguments(*attributes, *function.message, context_.network.where);
    std::string name =
        is_generated_name(function.name, declarations_.name, function.type) ? "" : function.name;
    std::vector<VariableId> inputs;
    for (const std::string& input : function.inputs) inputs.push_back(id_of(input));
    try {
      apply_extras(function.name, *attributes, name);
      const FunctionId id =
          graph_.add_function(std::move(*attributes), std::move(inputs), name, function.outputs);
      take_outputs(function, id);
    } catch (const FileError&) {
      throw;
    } catch (const Error& error) {
      throw_file_error(function.place, "function '{}' does not fit: {}", function.name,
                       error.what());
    }
  }

  void apply_extras(const std::string& file_name, Attributes& attributes, std::string& name) const {
    if (context_.extras == nullptr) return;
    const auto found = context_.extras->functions.find(file_name);
    if (found == context_.extras->functions.end()) return;
    if (found->second.name.has_value()) name = *found->second.name;
    for (const auto& [field, text] : found->second.attributes) {
      set_attribute(attributes, field, text);
    }
  }

  void take_outputs(const DeclaredFunction& function, FunctionId id) {
    const std::vector<VariableId>& outputs = graph_.function(id).outputs;
    OCTET_CHECK_FILE(outputs.size() == function.outputs.size(), function.place,
                     "function '{}' has {} outputs, but its inputs ask for {}", function.name,
                     function.outputs.size(), outputs.size());
    for (size_t i = 0; i < outputs.size(); ++i) {
      ids_[function.outputs[i]] = outputs[i];
      graph_.mutable_variable(outputs[i]).type.qparams =
          type_from_extras(function.outputs[i]).qparams;
    }
  }

  void set_outputs() {
    std::vector<VariableId> outputs;
    for (const auto& [name, place] : executor_names("output_variable")) {
      OCTET_CHECK_FILE(ids_.contains(name), place,
                       "the executor's output '{}' is no value of network '{}'", name,
                       declarations_.name);
      outputs.push_back(ids_[name]);
    }
    if (outputs.empty()) {
      const Uses uses(graph_);
      for (const DeclaredFunction& function : declarations_.functions) {
        for (const std::string& name : function.outputs) {
          if (uses.of(ids_[name]).empty()) outputs.push_back(ids_[name]);
        }
      }
    }
    graph_.set_outputs(std::move(outputs));
  }

  const NetworkReadContext& context_;
  NetworkDeclarations declarations_;
  Graph graph_;
  std::unordered_map<std::string, VariableId> ids_;
};

}  // namespace

Graph read_network(const NetworkReadContext& context) {
  return NetworkReader(context).read();
}

}  // namespace octet
