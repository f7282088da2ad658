#include "octet/plan/steps/max_pooling_step.h"

#include "octet/kernels/max_pooling.h"
#include "octet/ops/operation.h"
#include "octet/plan/steps/pooling_shape_of.h"

namespace octet::plan {

namespace {

class MaxPoolingStep : public Step {
 public:
  MaxPoolingStep(Builder& builder, std::string name, ValueId x, ValueId y,
                 const kernels::PoolingShape& shape)
      : Step(std::move(name), {x}, {y}), shape_(shape) {
    const Value& pooled = builder.value(y);
    if (!pooled.needs_gradient) return;
    winner_ = builder.add_buffer(pooled.elements());
    memory.kept.push_back(winner_);
  }

  std::string kernel() const override { return "max_pooling"; }

  void forward() override {
    switch (output().type) {
      case ElementType::kInt8:
        return pool<int8_t>();
      case ElementType::kUInt8:
        return pool<uint8_t>();
      default:
        return pool<float>();
    }
  }

  void backward() override {
    float* dx = input_gradient(0);
    if (dx == nullptr) return;
    kernels::max_pool_backward(shape_, output().layout, output().gradient, winner(), dx);
  }

 private:
  template <class T>
  void pool() {
    kernels::max_pool(shape_, output().layout, static_cast<const T*>(input(0).data),
                      static_cast<T*>(output().data), winner());
  }
  uint8_t* winner() const {
    return winner_ == kNoId ? nullptr : static_cast<uint8_t*>(buffer(winner_));
  }

  kernels::PoolingShape shape_;
  BufferId winner_ = kNoId;
};

}  // namespace

bool add_max_pooling(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* pooling = std::get_if<MaxPooling>(&function.attributes);
  if (pooling == nullptr) return false;
  const VariableId x = function.inputs[0], y = function.outputs[0];
  // Of the place of a maximum in its window, one byte is kept.
  if (pooling->with_index || pooling->kernel.num_elements() > 255) return false;
  const auto shape = pooling_shape_of(*pooling, builder.type(x).shape, builder.type(y).shape);
  if (!shape || !(builder.made(x).is_float() || builder.has_integers(x))) return false;
  const ValueId from = builder.has_integers(x) ? builder.as_integers(x) : builder.value_of(x);
  const Value source = builder.value(from);
  const ValueId to = builder.add_value(y, source.type, source.layout, {from});
  builder.add_step(std::make_unique<MaxPoolingStep>(builder, builder.graph().display_name(id), from,
                                                    to, *shape));
  return true;
}

}  // namespace octet::plan
