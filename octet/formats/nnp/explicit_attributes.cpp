// explicit_attributes: see function_arguments.h.
#include <algorithm>
#include <numeric>

#include "octet/formats/nnp/function_arguments.h"
#include "octet/targets/nnabla_functions.h"

namespace octet {
namespace {

// Sets fields by name and kind, so that operations that have the same field share its rule.
class AttributeFiller {
 public:
  AttributeFiller(const Graph& graph, const Function& function)
      : attributes_(function.attributes), type_(type_name(attributes_)) {
    if (!function.inputs.empty()) {
      input_ = graph.variable(function.inputs[0]).type.shape;
      rank_ = input_.rank();
    }
    output_ = graph.variable(function.outputs[0]).type.shape;
  }

  Attributes fill() {
    fill_spatial();
    fill_axes();
    fill_slice();
    fill_reshape();
    return attributes_;
  }

 private:
  template <class Value>
  Value* find(std::string_view wanted) {
    Value* found = nullptr;
    visit_fields(attributes_, [&](std::string_view name, auto& value) {
      if constexpr (std::is_same_v<std::decay_t<decltype(value)>, Value>) {
        if (name == wanted) found = &value;
      }
    });
    return found;
  }

  void fill_if_empty(std::string_view name, const Shape& values) {
    Shape* field = find<Shape>(name);
    if (field != nullptr && field->empty()) *field = values;
  }

  // Convolutions (spatial rank from base_axis) and pooling (from the kernel).
  void fill_spatial() {
    const Shape* kernel = find<Shape>("kernel");
    const int64_t* base_axis = find<int64_t>("base_axis");
    if (kernel == nullptr && (base_axis == nullptr || find<Shape>("pad") == nullptr)) return;
    const int64_t dims = kernel != nullptr ? kernel->rank() : rank_ - *base_axis - 1;
    if (dims < 0) return;
    const Shape zeros(std::vector<int64_t>(static_cast<size_t>(dims), 0));
    const Shape ones(std::vector<int64_t>(static_cast<size_t>(dims), 1));
    fill_if_empty("stride", kernel != nullptr ? *kernel : ones);
    fill_if_empty("pad", zeros);
    fill_if_empty("dilation", ones);
    fill_if_empty("output_padding", zeros);
  }

  void fill_axes() {
    const int64_t rank = type_ == "Stack" ? rank_ + 1 : rank_;
    for (const char* name : {"axis", "base_axis", "channel_axis"}) {
      int64_t* axis = find<int64_t>(name);
      // A negative axis of BroadcastTo is a rule of its own in NNabla too.
      if (axis != nullptr && *axis < 0 && type_ != "BroadcastTo") *axis += rank;
    }
    for (const char* name : {"axes", "batch_axis"}) {
      IntList* axes = find<IntList>(name);
      if (axes == nullptr) continue;
      for (int64_t& axis : *axes) axis += axis < 0 ? rank : 0;
    }
    // Reductions and norms: no axes means all of them.
    IntList* axes = find<IntList>("axes");
    if (axes != nullptr && axes->empty()) {
      axes->resize(static_cast<size_t>(rank_));
      std::iota(axes->begin(), axes->end(), 0);
    }
  }

  // Lists that are shorter than the rank belong to the last dimensions.
  void fill_slice() {
    if (type_ != "Slice") return;
    const auto fill = [this](std::string_view name, int64_t value) {
      IntList* list = find<IntList>(name);
      const auto rank = static_cast<size_t>(rank_);
      if (list->size() < rank) list->insert(list->begin(), rank - list->size(), value);
    };
    fill("start", 0);
    fill("stop", kSliceEnd);
    fill("step", 1);
  }

  // NNabla knows no 0, and takes a -1 in front for the batch size.
  void fill_reshape() {
    auto* reshape = std::get_if<Reshape>(&attributes_);
    if (reshape == nullptr) return;
    const auto open = std::count(output_.begin(), output_.end(), kFreeDim);
    if (open == 0 || (open == 1 && (output_[0] != kFreeDim || keeps_batch(input_, output_)))) {
      reshape->shape = output_;
    }
  }

  Attributes attributes_;
  std::string_view type_;
  Shape input_;
  Shape output_;
  int64_t rank_ = 0;
};

}  // namespace

Attributes explicit_attributes(const Graph& graph, FunctionId id) {
  const Attributes& attributes = graph.function(id).attributes;
  const NnablaFunction* schema = nnabla_function(type_name(attributes));
  if (schema == nullptr || schema->message.empty()) return attributes;
  return AttributeFiller(graph, graph.function(id)).fill();
}

}  // namespace octet
