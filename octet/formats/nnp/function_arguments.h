// The arguments of a function: Octet's attribute structs from and to NNabla's messages.
//
// The fields of an attribute struct carry NNabla's names, so there is no code per operation. The
// schema says which message holds them and in which form. Fields that NNabla does not have travel
// separately (see extras.h).
#pragma once

#include <map>
#include <string>

#include "octet/formats/nnp/text_tree.h"
#include "octet/graph/graph.h"

namespace octet {

// Sets the attributes from the function's message `function`. A field that is absent is zero (as
// protobuf 3 has it), not the attribute's default; a field that NNabla does not have keeps its
// default. `where` names the file in errors. A field of the file that the operation does not have
// and that asks for something is warned of.
void read_arguments(Attributes& attributes, const TextMessage& function, const std::string& where);

// Adds the argument message, if functions of this type have one, to `function`. Fields that NNabla
// has and Octet does not get NNabla's default.
void write_arguments(const Attributes& attributes, TextMessage& function);

// The attributes with everything spelled out that Octet leaves to a rule and NNabla does not: empty
// pads, strides and dilations, negative axes, reductions over "all" axes.
Attributes explicit_attributes(const Graph& graph, FunctionId id);

// The fields of `wanted`, as text, that reading what write_arguments(written) wrote would not
// bring back.
std::map<std::string, std::string> lost_attributes(const Attributes& wanted,
                                                   const Attributes& written);

}  // namespace octet
