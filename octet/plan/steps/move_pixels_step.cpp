#include "octet/plan/steps/move_pixels_step.h"

#include <cmath>

#include "octet/ops/operation.h"
#include "octet/plan/steps/pixel_map_of.h"

namespace octet::plan {

namespace {

class MovePixelsStep : public Step {
 public:
  MovePixelsStep(std::string name, ValueId x, ValueId y, kernels::PixelMap map, float fill)
      : Step(std::move(name), {x}, {y}), map_(std::move(map)), fill_(fill) {}

  std::string kernel() const override { return "move_pixels"; }

  void forward() override {
    const Value& x = input(0);
    // The low byte of an integer is right whether it counts as signed or not.
    const auto integer = static_cast<uint8_t>(static_cast<int32_t>(x.is_float() ? 0 : fill_));
    const void* fill = x.is_float() ? static_cast<const void*>(&fill_) : &integer;
    kernels::move_pixels(x.data, x.shape, x.layout, bytes_per_element(x.type), map_, fill,
                         output().data);
  }

  void backward() override {
    float* dx = input_gradient(0);
    if (dx == nullptr) return;
    kernels::move_pixels_backward(output().gradient, input(0).shape, input(0).layout, map_, dx);
  }

 private:
  kernels::PixelMap map_;
  float fill_;
};

// Whether a constant is one of these bytes.
bool is_byte(float value, bool is_signed) {
  return value == std::trunc(value) && value >= (is_signed ? -128.0F : 0.0F) &&
         value <= (is_signed ? 127.0F : 255.0F);
}

}  // namespace

bool add_move_pixels(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  if (function.inputs.size() != 1 || function.outputs.size() != 1) return false;
  const VariableId x = function.inputs[0], y = function.outputs[0];
  const bool integers = builder.has_integers(x);
  if (!integers && !builder.made(x).is_float()) return false;
  auto map = pixel_map_of(function.attributes, builder.type(x).shape, builder.type(y).shape);
  if (!map) return false;
  const auto* pad = std::get_if<Pad>(&function.attributes);
  const float fill = pad == nullptr ? 0.0F : pad->constant_value;
  if (integers && !is_byte(fill, builder.type(x).dtype == DType::kInt8)) return false;
  const ValueId from = integers ? builder.as_integers(x) : builder.value_of(x);
  const Value source = builder.value(from);
  const ValueId to = builder.add_value(y, source.type, source.layout, {from});
  builder.add_step(std::make_unique<MovePixelsStep>(builder.graph().display_name(id), from, to,
                                                    std::move(*map), fill));
  return true;
}

}  // namespace octet::plan
