// Builds a graph from values that are known at import (shapes, constants), weights, and values that
// only a run gives.
//
// emit() is what importers of nodes are written in. Operations on known values are computed at
// once, by the operation's own forward(); all others become Functions. So shape arithmetic folds
// itself away, whatever it consists of.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "octet/formats/onnx/imported_value.h"
#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

class OnnxGraphBuilder {
 public:
  // Both outlive the builder.
  OnnxGraphBuilder(Graph& graph, ParameterStore& parameters)
      : graph_(graph), parameters_(parameters) {}

  // What messages and the names of functions begin with until the next call.
  void set_node(const std::string& where, const std::string& name);
  const std::string& where() const { return where_; }
  // The next function is called NODE/part.
  void name_next(const std::string& part) { part_ = part; }

  // A network's input; `samples` are its shapes in the imagined runs.
  OnnxValue input(const std::string& name, const VariableType& type, const SampledShape& samples);
  // float16 and bfloat16 become float32.
  OnnxValue constant(const at::Tensor& value, const std::string& name = "");
  OnnxValue weight(const at::Tensor& value, const std::string& name, int64_t readers);
  // A constant of one element.
  OnnxValue number(double value, DType dtype = DType::kFloat32);
  // One element of each value per imagined run, as a list of int64.
  OnnxValue integers(const IntList& values);

  // Applies an operation; for operations with one output.
  OnnxValue emit(const Attributes& attributes, const OnnxValues& inputs);
  OnnxValues emit_all(const Attributes& attributes, const OnnxValues& inputs);

  // The value as a Variable of the graph; what is known becomes a parameter, with a gradient if
  // `need_grad` and it is float. Throws FileError for one that depends on an open dimension.
  VariableId variable(const OnnxValue& value, bool need_grad);
  // variable() without gradients, for statistics, scales and zero points.
  OnnxValue buffer(const OnnxValue& value);
  // The value in another shape. A constant is stored in it, once for all that ask for it.
  OnnxValue in_shape(const OnnxValue& value, const Shape& shape);
  // Whether it is a weight of the file, as it is or behind QuantizeLinear and DequantizeLinear.
  bool is_weight(const OnnxValue& value) const;

  VariableType type_of(const OnnxValue& value) const;
  Shape shape_of(const OnnxValue& value) const { return type_of(value).shape; }
  int64_t rank_of(const OnnxValue& value) const { return shape_of(value).rank(); }
  DType dtype_of_value(const OnnxValue& value) const { return type_of(value).dtype; }

  // The extents as a known int64 tensor. Throws FileError where an open dimension could not be
  // followed through the operations so far.
  OnnxValue shape_tensor(const OnnxValue& value);
  // The value's shapes in the imagined runs; nothing where they could not be followed.
  std::optional<SampledShape> samples_of(const OnnxValue& value) const;
  // A value repeated to a shape that may hold the open first dimension of an input.
  OnnxValue expand_to(const OnnxValue& value, const OnnxValue& shape);

 private:
  bool can_fold(const Attributes& attributes, const OnnxValues& inputs) const;
  OnnxValues fold(const Attributes& attributes, const OnnxValues& inputs);
  OnnxValues add(const Attributes& attributes, const OnnxValues& inputs);
  void sample_outputs(const Attributes& attributes, const std::vector<VariableId>& inputs,
                      const std::vector<VariableId>& outputs);
  SampledShape samples_of(VariableId id) const;
  std::string next_function_name();
  std::string unused_parameter_name(const OnnxValue& value) const;
  // A value of that sampled shape whose elements do not matter, made from an input.
  OnnxValue shape_reference(const SampledShape& shape);

  Graph& graph_;
  ParameterStore& parameters_;
  std::string where_;
  std::string node_;
  std::string part_;
  int functions_of_node_ = 0;
  std::map<std::pair<OnnxValue, std::vector<int64_t>>, OnnxValue> shaped_;  // by in_shape()
  std::unordered_map<VariableId, SampledShape> samples_;  // of variables with open dimensions
  OnnxValues open_inputs_;
};

}  // namespace octet
