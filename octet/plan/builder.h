// What compile() builds a plan with: values, buffers and steps, and where each value of the graph
// is.
#pragma once

#include <map>
#include <set>

#include "octet/plan/arena.h"
#include "octet/plan/step.h"

namespace octet::plan {

class Builder {
 public:
  // bfloat16: the backward convolutions of integers may be.
  Builder(const Graph& graph, std::vector<VariableType> types, bool gradients, bool bfloat16);

  const Graph& graph() const { return graph_; }
  // With the extents of this plan.
  const VariableType& type(VariableId id) const { return types_[id]; }
  bool gradients() const { return gradients_; }
  bool bfloat16() const { return bfloat16_; }

  // ---- values --------------------------------------------------------------------------------
  // Adds an input or a parameter of the graph.
  ValueId add_leaf(VariableId id, bool needs_gradient);
  // Adds what a step makes of `inputs` for the graph's value, which may then be read under its id.
  // It needs a gradient if one of them does.
  ValueId add_loose(VariableId id, const std::vector<ValueId>& inputs);
  ValueId add_value(VariableId id, ElementType type, kernels::Layout layout,
                    const std::vector<ValueId>& inputs);
  // Likewise where the graph's value `from` lies, of the same type and layout; the step that makes
  // it reads that for the last time. See is_last_use().
  ValueId add_value_in_place(VariableId id, VariableId from);
  // The graph's value `to` is the same as `from`.
  void alias(VariableId to, VariableId from) { by_variable_[to] = by_variable_[from]; }
  const Value& value(ValueId id) const { return values_[id]; }
  // As the function that makes it left it.
  ValueId value_of(VariableId id) const { return by_variable_[id]; }
  const Value& made(VariableId id) const { return values_[by_variable_[id]]; }
  bool is_made(VariableId id) const { return by_variable_[id] != kNoId; }

  // The step that makes a value may do the work of the one function that reads it too, and leave
  // the value out. That function, among those that find_only_readers() was told of; kNoId if there
  // is another reader, or the value is one of `kept`.
  FunctionId only_reader(VariableId id) const { return only_readers_[id]; }
  void find_only_readers(const std::vector<FunctionId>& functions,
                         const std::set<VariableId>& kept);
  // A function whose work another step does, without its result: it gets no step of its own.
  void leave_out(FunctionId function) { left_out_.insert(function); }
  bool is_left_out(FunctionId function) const { return left_out_.contains(function); }
  // Whether nothing reads the memory of the graph's value behind this function, its only reader.
  bool is_last_use(VariableId id, FunctionId function) const;

  // All inputs of a function.
  std::vector<ValueId> values_of(const Function& function) const;

  // The same value with these elements in this layout, through a step that is added if need be.
  // Integers become floats of the same worth (no zero point is taken off).
  ValueId as_floats(VariableId id, kernels::Layout layout);
  // Floats, or what kernels hold as integers, keep their type.
  ValueId as_layout(VariableId id, kernels::Layout layout);
  // 8-bit integers as kernels hold them, in the layout that they have: those that ATen computed, in
  // a tensor of floats, and those of weights become bytes in the plain one.
  ValueId as_integers(VariableId id);
  ValueId as_integers(VariableId id, kernels::Layout layout);
  // Whether the graph's value is 8-bit integers that the network computes, or those of a leaf or a
  // weight.
  bool has_integers(VariableId id) const;
  bool has_constant_integers(VariableId id) const;

  // ---- buffers and steps ---------------------------------------------------------------------
  BufferId add_buffer(int64_t bytes) { return arena_.add(bytes); }
  void add_step(std::unique_ptr<Step> step) { steps_.push_back(std::move(step)); }

  std::vector<Value> take_values() { return std::move(values_); }
  std::vector<std::unique_ptr<Step>> take_steps() { return std::move(steps_); }
  Arena take_arena() { return std::move(arena_); }

 private:
  ValueId push(Value value);
  bool needs_gradient(const std::vector<ValueId>& values) const;
  ValueId converted(ValueId from, ElementType type, kernels::Layout layout);

  bool gradients_, bfloat16_;
  const Graph& graph_;
  std::vector<VariableType> types_;
  std::vector<Value> values_;
  std::vector<ValueId> by_variable_;
  std::vector<FunctionId> only_readers_;
  std::set<FunctionId> left_out_;
  std::map<std::tuple<ValueId, ElementType, kernels::Layout>, ValueId> conversions_;
  std::vector<std::unique_ptr<Step>> steps_;
  Arena arena_;
};

}  // namespace octet::plan
