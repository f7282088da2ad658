// What an exporter works with: one function of a graph, and the nodes that it becomes.
//
//   Names export_function(const Swish& op, LayerExporter& layer) {
//     return {layer.node("Mul", {layer.input(0), layer.node("Sigmoid", {layer.input(0)})})};
//   }
//
// The names that an exporter returns are those of the function's outputs, in order; the writer
// renames them to what they are called in the graph.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "octet/formats/onnx/model_builder.h"
#include "octet/formats/onnx/parameter_layout.h"
#include "octet/formats/onnx/scale_notes.h"
#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

using Name = std::string;
using Names = std::vector<Name>;

// The values of a graph that have a name in the file already, and how parameters get there.
class ExportedValues {
 public:
  ExportedValues(const Graph& graph, const ParameterStore& parameters, ModelBuilder& builder);

  const Name& name_of(VariableId id) const { return names_[id]; }
  ParameterLayout layout_of(VariableId id) const { return layouts_[id]; }
  const at::Tensor& parameter(VariableId id) const;

  // The name of the initializer that holds the parameter in the form called `form`, made of
  // value() when it is asked for first. The first form has the parameter's own name.
  template <class Value>
  Name initializer(VariableId id, const std::string& form, Value&& value) {
    const auto [entry, inserted] = forms_[id].try_emplace(form);
    if (!inserted) return entry->second;
    entry->second = forms_[id].size() == 1 ? names_[id] : builder_.value_name(names_[id]);
    builder_.add_initializer(value(), entry->second);
    return entry->second;
  }

  // Notes the scale of integers that no node will name.
  void note_scale(VariableId id, float scale) { scale_notes_[names_[id]] = scale; }
  const ScaleNotes& scale_notes() const { return scale_notes_; }

  const Graph& graph() const { return graph_; }
  ModelBuilder& builder() { return builder_; }
  const Uses& uses() const { return uses_; }

 private:
  const Graph& graph_;
  const ParameterStore& parameters_;
  ModelBuilder& builder_;
  std::vector<Name> names_;
  std::vector<ParameterLayout> layouts_;
  Uses uses_;
  ScaleNotes scale_notes_;
  std::map<VariableId, std::map<std::string, Name>> forms_;
};

class LayerExporter {
 public:
  LayerExporter(ExportedValues& values, FunctionId id);

  // ---- the function -------------------------------------------------------------------------
  size_t num_inputs() const { return function_.inputs.size(); }
  const VariableType& type(size_t index) const;
  const Shape& shape(size_t index) const { return type(index).shape; }
  int64_t rank(size_t index) const { return shape(index).rank(); }
  const VariableType& output_type(size_t index = 0) const;
  VariableId variable(size_t index) const { return function_.inputs[index]; }
  int64_t opset() const { return values_.builder().opset(); }
  ExportedValues& values() { return values_; }
  FunctionId id() const { return id_; }

  // ---- values -------------------------------------------------------------------------------
  // Input `index`; its shape and element type are those of Octet, but for a parameter that all of
  // its readers want in another layout.
  Name input(size_t index);
  Names inputs();
  // Likewise, but integers as float32, as Octet's real arithmetic takes them.
  Name real(size_t index);
  // A parameter in the layout that ONNX wants: stored like that, or by a node.
  Name weight(size_t index);
  // A constant of the layer's own.
  Name constant(const at::Tensor& value, const std::string& what);
  Name integers(const IntList& values, const std::string& what);
  // A number in the element type of real(0), without dimensions.
  Name number(double value);
  at::ScalarType real_type() const;

  // ---- nodes --------------------------------------------------------------------------------
  // Adds a node and gives the name of its (first) output. Trailing empty inputs are left away.
  Name node(std::string_view type, Names inputs, const std::vector<NodeAttribute>& attributes = {});
  Names node_with_outputs(std::string_view type, Names inputs, size_t num_outputs,
                          const std::vector<NodeAttribute>& attributes = {});

  // Nodes that change what they are from one opset to the next, or that need a constant.
  Name cast(const Name& x, DType dtype);
  Name reshape(const Name& x, const Shape& target);
  Name transpose(const Name& x, const IntList& permutation);
  Name unsqueeze(const Name& x, const IntList& axes);
  Name squeeze(const Name& x, const IntList& axes);
  // "ReduceSum", "ReduceMean", ...; no node if there are no axes.
  Name reduce(std::string_view type, const Name& x, const IntList& axes, bool keep_dims);
  Name slice(const Name& x, const IntList& starts, const IntList& ends, const IntList& axes,
             const IntList& steps);

  // Throws Error "[layer] Type ...".
  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    fail_with(fmt::format(format, std::forward<Args>(args)...));
  }

  // Gives the outputs their names in the graph.
  void finish(const Names& results);

 private:
  [[noreturn]] void fail_with(const std::string& message) const;
  Name bind(const Name& result, size_t index);

  ExportedValues& values_;
  FunctionId id_;
  const Function& function_;
  Name layer_name_;
  int first_node_;
  int first_initializer_;
};

}  // namespace octet
