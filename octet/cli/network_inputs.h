// What the command line gives for the inputs of a network.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "octet/graph/random_inputs.h"

namespace octet::cli {

// Makes the batch free where the inputs name a size (that of an exporter's example) other than
// `batch`, and says whether it did. Ids stay valid. Throws Error "[where] ...", with the layer that
// fixes it, for a network that depends on another batch size.
bool fit_batch(Graph& graph, int64_t batch, const std::string& where);
// The batch size of tensors for network_inputs(); 0 where there is none.
int64_t batch_of(const std::vector<at::Tensor>& inputs);

// "[NAME=]path" split; the name is empty where there is none. An '=' in a path whose part before it
// is no value of the graph belongs to the path.
struct NamedFile {
  std::string name;
  std::string path;
};
NamedFile parse_named_file(const std::string& text, const Graph& graph);

// The tensors of --input for each of network_inputs(): by name, the others in their order. Values
// become the input's type where that keeps them (float64 is rounded to float32). Throws Error for
// an input that is missing, given twice or unknown, and for a type that does not fit; FileError for
// a bad file.
std::vector<at::Tensor> read_inputs(const Graph& graph, const std::vector<std::string>& files);

}  // namespace octet::cli
