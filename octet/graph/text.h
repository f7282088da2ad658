// The text form of a graph: what passes are tested with, what `octet inspect` prints.
//
//   graph net {
//     input x: float32 (-1, 3, 32, 32)
//     parameter conv1/conv/W: float32 (8, 3, 3, 3)
//     h = Convolution[conv1](x, conv1/conv/W) {pad=(1, 1)}
//     a, b = Split(h) {axis=1}
//     output a
//   }
//
// One statement per line, # starts a comment. Names of letters, digits and _ / . - @ $ are written
// as they are, others in double quotes; `output` and its like are names, too, in front of a '='.
// Attributes that have their default value are not printed.
#pragma once

#include <string>

#include "octet/graph/graph.h"

namespace octet {

// Starts from graph.outputs(); functions in topological order.
std::string print(const Graph& graph);

// Throws Error "[line N] ..." for anything that print would not write; `where` is put before it.
Graph parse_graph(std::string_view text, std::string_view where = "text graph");

}  // namespace octet
