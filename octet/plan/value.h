// A value of a plan: where its elements lie, what they are, and where its gradient goes.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>

#include "octet/base/shape.h"
#include "octet/graph/graph.h"
#include "octet/kernels/gradient.h"
#include "octet/kernels/layout.h"

namespace octet::plan {

using ValueId = int32_t;
using BufferId = int32_t;

enum class ElementType : uint8_t { kFloat32, kInt8, kUInt8 };

inline int64_t bytes_per_element(ElementType type) {
  return type == ElementType::kFloat32 ? 4 : 1;
}

// Of 8-bit integers; nothing for other element types.
inline std::optional<ElementType> byte_type_of(DType dtype) {
  if (dtype == DType::kInt8) return ElementType::kInt8;
  return dtype == DType::kUInt8 ? std::optional(ElementType::kUInt8) : std::nullopt;
}

// Two kinds: what kernels make lies in the plan's arena, in any layout. Loose values are tensors of
// their own, in the plain layout and of any element type: inputs, parameters, and what ATen makes.
struct Value {
  std::string name;
  Shape shape;
  ElementType type = ElementType::kFloat32;
  bool other_type = false;  // loose: holds neither float32 nor what kernels know
  kernels::Layout layout = kernels::Layout::kPlain;
  VariableId variable = kNoId;  // an input or a parameter of the graph
  bool loose = false;
  bool is_leaf = false;   // loose, and not made by a step: a parameter, or
  bool is_input = false;  // an input of the network
  bool needs_gradient = false;

  BufferId buffer = kNoId;           // in the arena
  BufferId gradient_buffer = kNoId;  // in the layout of the value
  bool bfloat16_gradient = false;    // else float32
  void* data = nullptr;              // known from the first run on
  // Likewise; of a parameter, while backward() runs. One of both.
  float* gradient = nullptr;
  kernels::BFloat16* half_gradient = nullptr;
  at::Tensor tensor;     // loose: the value; else a view, where ATen can see it so
  at::Tensor parameter;  // what it is a view of, if it is one

  int64_t elements() const { return shape.num_elements(); }
  kernels::ChannelRows rows() const { return kernels::channel_rows(shape, layout); }
  bool is_float() const { return type == ElementType::kFloat32 && !other_type; }
  bool is_signed() const { return type == ElementType::kInt8; }

  const float* floats() const { return static_cast<const float*>(data); }
  float* floats() { return static_cast<float*>(data); }
  kernels::Gradient any_gradient() const {
    return bfloat16_gradient ? kernels::Gradient(half_gradient) : kernels::Gradient(gradient);
  }
  int64_t gradient_bytes() const { return elements() * (bfloat16_gradient ? 2 : 4); }
  // The gradient as a tensor in the value's shape; the layout must be plain, and it float32.
  at::Tensor gradient_tensor() const;
};

}  // namespace octet::plan
