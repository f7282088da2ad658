#include "octet/plan/steps/rearrange_step.h"

#include <ATen/ATen.h>

#include "octet/ops/operation.h"

namespace octet::plan {

namespace {

// `axes`: of a permuted value in those of the original; none for a reshaped one.
class RearrangeStep : public Step {
 public:
  RearrangeStep(std::string name, ValueId x, ValueId y, std::vector<int64_t> axes)
      : Step(std::move(name), {x}, {y}), axes_(std::move(axes)), inverse_(axes_.size()) {
    for (size_t i = 0; i < axes_.size(); ++i) {
      inverse_[static_cast<size_t>(axes_[i])] = static_cast<int64_t>(i);
    }
  }

  std::string kernel() const override { return "rearrange"; }

  void forward() override { move(input(0).data, input(0).shape, axes_, at::kByte, output().data); }

  void backward() override {
    float* dx = input_gradient(0);
    if (dx == nullptr) return;
    move(output().gradient, output().shape, inverse_, at::kFloat, dx);
  }

 private:
  static void move(void* from, const Shape& shape, const std::vector<int64_t>& axes,
                   at::ScalarType type, void* to) {
    const at::Tensor source = at::from_blob(from, shape, type);
    const at::Tensor moved = axes.empty() ? source : source.permute(axes);
    at::from_blob(to, moved.sizes(), type).copy_(moved);
  }

  std::vector<int64_t> axes_, inverse_;
};

std::vector<int64_t> axes_of(const Transpose& op, int64_t rank) {
  std::vector<int64_t> axes(op.axes.begin(), op.axes.end());
  if (axes.empty()) {
    for (int64_t i = rank - 1; i >= 0; --i) axes.push_back(i);
  }
  for (int64_t& axis : axes) axis = normalize_axis(axis, rank, op.kType);
  return axes;
}

}  // namespace

bool add_rearrange(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* transpose = std::get_if<Transpose>(&function.attributes);
  if (transpose == nullptr && !std::holds_alternative<Reshape>(function.attributes)) return false;
  const VariableId x = function.inputs[0];
  if (!builder.has_integers(x)) return false;
  std::vector<int64_t> axes;
  if (transpose != nullptr) axes = axes_of(*transpose, builder.type(x).shape.rank());
  const ValueId from = builder.as_integers(x, kernels::Layout::kPlain);
  const ValueId to = builder.add_value(function.outputs[0], builder.value(from).type,
                                       kernels::Layout::kPlain, {from});
  builder.add_step(
      std::make_unique<RearrangeStep>(builder.graph().display_name(id), from, to, std::move(axes)));
  return true;
}

}  // namespace octet::plan
