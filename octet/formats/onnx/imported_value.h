// A value of an ONNX file on its way into a graph.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "octet/base/shape.h"
#include "octet/graph/graph.h"

namespace octet {

// Dimensions that the file leaves open (the batch, say) are followed through shape arithmetic by
// imagining this many runs, each with other extents: what is the same in all of them does not
// depend on the open dimension, and what equals its extent in all of them is that dimension.
inline constexpr size_t kSamples = 3;
using SampledShape = std::array<Shape, kSamples>;

struct ImportedValue {
  std::string name;
  // The value, where it is known at import: one tensor, or kSamples where it depends on an open
  // dimension (a shape that holds the batch size).
  std::vector<at::Tensor> known = {};
  // A float initializer of more than one element. It becomes a parameter and is never computed
  // with at import, so that it can be trained.
  bool weight = false;
  int64_t readers = 0;    // of an initializer: how many inputs of nodes it is
  int32_t data_type = 0;  // of an input or initializer: what ONNX calls its element type
  VariableId id = kNoId;  // in the graph, once it is needed there
};

// Null stands for an optional input that is left out.
using OnnxValue = std::shared_ptr<ImportedValue>;
using OnnxValues = std::vector<OnnxValue>;

inline bool is_known(const OnnxValue& value) {
  return !value->known.empty();
}

// The same tensor in every imagined run.
inline bool is_constant(const OnnxValue& value) {
  return value->known.size() == 1;
}

}  // namespace octet
