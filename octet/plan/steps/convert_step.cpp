#include "octet/plan/steps/convert_step.h"

#include <ATen/ATen.h>

#include <cstring>

#include "octet/base/error.h"
#include "octet/kernels/integer_gradients.h"
#include "octet/kernels/onednn/reorder.h"
#include "octet/kernels/requantize.h"
#include "octet/plan/builder.h"

namespace octet::plan {

namespace {

using kernels::Layout;

class ConvertStep : public Step {
 public:
  ConvertStep(Builder& builder, ValueId from, ValueId to)
      : Step(builder.value(from).name, {from}, {to}) {
    const Value& x = builder.value(from);
    const Value& y = builder.value(to);
    if (x.layout != y.layout) {
      reorder_.emplace(x.shape, x.layout, y.layout, y.type != ElementType::kFloat32);
      if (x.type != y.type) {
        floats_ = builder.add_buffer(x.elements() * 4);
        memory.forward_scratch.push_back(floats_);
      }
      if (x.needs_gradient) back_.emplace(x.shape, y.layout, x.layout, false);
    }
  }

  std::string kernel() const override { return "convert"; }

  void forward() override {
    const Value& x = input(0);
    Value& y = output();
    const void* source = x.data;
    if (x.type != y.type) {
      float* floats = reorder_ ? float_buffer(floats_) : y.floats();
      kernels::widen(x.data, x.is_signed(), 0, x.elements(), floats);
      source = floats;
    }
    if (reorder_) reorder_->run(source, y.data);
  }

  void backward() override {
    float* dx = input_gradient(0);
    if (dx == nullptr) return;
    const Value& y = output();
    if (back_) {
      back_->run(y.gradient, dx);
    } else {
      std::memcpy(dx, y.gradient, static_cast<size_t>(y.elements()) * sizeof(float));
    }
  }

 private:
  std::optional<kernels::Reorder> reorder_;
  std::optional<kernels::Reorder> back_;
  BufferId floats_ = kNoId;
};

// From integers in a tensor, of any type, to bytes in the plain layout.
class BytesStep : public Step {
 public:
  using Step::Step;

  std::string kernel() const override { return "convert"; }

  void forward() override {
    Value& y = output();
    at::from_blob(y.data, y.shape, y.is_signed() ? at::kChar : at::kByte).copy_(input(0).tensor);
  }

  void backward() override {
    float* dx = input_gradient(0);
    if (dx == nullptr) return;
    std::memcpy(dx, output().gradient, static_cast<size_t>(output().elements()) * sizeof(float));
  }
};

}  // namespace

std::unique_ptr<Step> make_convert_step(Builder& builder, ValueId from, ValueId to) {
  const Value& source = builder.value(from);
  const bool to_bytes = builder.value(to).type != ElementType::kFloat32;
  if (source.other_type || (source.is_float() && to_bytes)) {
    return std::make_unique<BytesStep>(source.name, std::vector<ValueId>{from},
                                       std::vector<ValueId>{to});
  }
  return std::make_unique<ConvertStep>(builder, from, to);
}

}  // namespace octet::plan
