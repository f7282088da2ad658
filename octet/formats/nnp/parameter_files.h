// Parameters in files of their own: .h5, .protobuf, .npz, or those inside a .nnp or .nntxt.
#pragma once

#include <string>
#include <vector>

#include "octet/formats/nnp/stored_parameter.h"
#include "octet/formats/nnp/text_tree.h"
#include "octet/graph/parameter_store.h"

namespace octet {

// By the extension of `path`; of an archive, the parameters of all members in order. Throws
// FileError for an unknown extension or a bad file.
std::vector<StoredParameter> read_parameters(const std::string& path);

// Sets what read_parameters gives in the store. float64 becomes float32, which training works in;
// integers keep their type.
void load_parameters(const std::string& path, ParameterStore& parameters);

// Writes every parameter of the store as .h5 or .protobuf, by the extension.
void save_parameters(const std::string& path, const ParameterStore& parameters);

// The named parameters, in the order of the store.
std::vector<StoredParameter> stored_parameters(const ParameterStore& parameters,
                                               const std::vector<std::string>& names);

// The top-level `parameter` messages of a .nntxt.
std::vector<StoredParameter> parameters_of_text(const TextMessage& text, const std::string& where);

}  // namespace octet
