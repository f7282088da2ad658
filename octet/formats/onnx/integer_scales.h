// The scales of integers in a file whose nodes hold products of them.
#pragma once

#include "octet/formats/onnx/integer_patterns.h"
#include "octet/formats/onnx/scale_notes.h"

namespace octet {

class IntegerScales {
 public:
  // `uses`: who reads what, before anything was recovered. All outlive it.
  IntegerScales(Graph& graph, ParameterStore& parameters, const Uses& uses, const ScaleNotes& notes)
      : graph_(graph),
        parameters_(parameters),
        patterns_(graph, parameters),
        uses_(uses),
        notes_(notes),
        known_(graph.num_variable_slots()) {}

  // One number, as a parameter: what makes the integers has given it, else told() has, else it
  // is 1.
  VariableId scale_of(VariableId q);
  // What the file's notes or the readers of the integers say.
  std::optional<float> told(VariableId q) const;
  // Their zero point as a parameter: that of what makes them, where it is this one.
  VariableId zero_point_of(VariableId q, float zero_point);
  // A number in as many dimensions as the value has.
  at::Tensor in_rank_of(VariableId value, float number) const;
  // A parameter without gradient, called `name` or that with a number.
  VariableId add_parameter(const std::string& name, const at::Tensor& value);

 private:
  std::optional<float> told_by(FunctionId reader, VariableId q) const;
  // The scale that the integers are made with, and the zero point; kNoId where there are none.
  std::pair<VariableId, VariableId> made_with(VariableId q) const;

  Graph& graph_;
  ParameterStore& parameters_;
  IntegerPatterns patterns_;
  const Uses& uses_;
  const ScaleNotes& notes_;
  VariableId known_;                         // variables from here on are not in uses_
  std::map<VariableId, VariableId> chosen_;  // scales of integers that nothing makes
  std::map<std::pair<VariableId, float>, VariableId> zero_points_;
};

// w with float(float(x * w) / y) = m for each m, in float32 as layer_multiplier() computes it;
// undefined where some m has none.
at::Tensor weight_scale(float x, const at::Tensor& m, float y);
// y with float(x / y) = m; nothing if there is none.
std::optional<float> output_scale(float x, float m);

}  // namespace octet
