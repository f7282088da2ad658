// The types that an operation's two functions, infer() and forward(), are written in. What every
// operation's .cpp file includes beside its own header; operation.h adds the table of all.
#pragma once

#include <c10/core/Device.h>

#include <optional>
#include <string>

#include "octet/base/qparams.h"
#include "octet/ops/attributes.h"

namespace octet {

// The type of a value in a graph. Quantization lives here, on the value, not on the operation.
struct VariableType {
  DType dtype = DType::kFloat32;
  Shape shape;
  std::optional<QParams> qparams;

  bool operator==(const VariableType&) const = default;
};

using InputTypes = std::span<const VariableType>;
using OutputTypes = std::vector<VariableType>;
using InputTensors = std::span<const at::Tensor>;
using OutputTensors = std::vector<at::Tensor>;

class RandomState;

// What a forward pass may use beside its inputs.
struct ForwardContext {
  RandomState* random = nullptr;   // for operations that draw numbers; never null in a run
  std::string where;               // the function that runs, for messages
  c10::Device device = c10::kCPU;  // where operations without inputs put their outputs
};

}  // namespace octet
