// A step that ends in integers, or in an activation, and keeps one bit for each element: whether
// the gradient passes.
#pragma once

#include "octet/kernels/requantization.h"
#include "octet/plan/builder.h"

namespace octet::plan {

class RoundingStep : public Step {
 protected:
  // mask_bytes: of the bits of all elements of the output; 0 where every gradient passes.
  RoundingStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
               std::vector<ValueId> outputs, const kernels::Requantization& requantization,
               int64_t mask_bytes)
      : Step(std::move(name), std::move(inputs), std::move(outputs)),
        requantization_(requantization) {
    if (mask_bytes == 0 || !builder.value(this->outputs()[0]).needs_gradient) return;
    passes_ = builder.add_buffer(mask_bytes);
    memory.kept = {passes_};
  }

  // Null where no gradient is wanted, or every one passes.
  uint8_t* passes() const {
    return passes_ == kNoId ? nullptr : static_cast<uint8_t*>(buffer(passes_));
  }

  kernels::Requantization requantization_;

 private:
  BufferId passes_ = kNoId;
};

// Of bits that lie without gaps between rows.
inline int64_t bit_bytes(int64_t elements) {
  return (elements + 7) / 8;
}

}  // namespace octet::plan
