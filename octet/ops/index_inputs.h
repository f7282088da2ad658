// Which inputs of operations are read as integers that must fit something else: positions, class
// labels, lengths (what index_checks.h looks at when they are run). Whoever makes up values for a
// network goes by it.
#pragma once

#include "octet/ops/operation.h"

namespace octet {

// Whether forward() refuses input `index` unless it holds integers of a range that follows from
// shapes. 0 is always one of them.
bool is_index_input(const Attributes& attributes, size_t index);

// The table behind it: the type of an operation and the name of its input.
struct IndexInput {
  std::string_view type;
  std::string_view input;
};
std::span<const IndexInput> index_inputs();

}  // namespace octet
