// The member `octet.json` of a .nnp: what Octet knows and NNabla's schema has no place for. A
// .nntxt has it in comments.
//
// NNabla's readers go by the extension of members and pass it by, as they do comments. Without it
// the network reads as NNabla would understand it.
//
//   {"format": 1,
//    "networks": {"net": {
//      "functions": {"@net/QuantizeLinear": {"name": "q", "attributes": {"ste": "\"STRAIGHT\""}}},
//      "variables": {"w": {"dtype": "int8", "qparams": {...}}}}},
//    "extra": ...}
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "octet/graph/graph.h"

namespace octet {

struct FunctionExtras {
  std::optional<std::string> name;                // where the file had to use another one
  std::map<std::string, std::string> attributes;  // field -> text form, see attribute_text.h
};

struct VariableExtras {
  DType dtype = DType::kFloat32;
  std::optional<QParams> qparams;
};

// Both by the names in the file.
struct NetworkExtras {
  std::map<std::string, FunctionExtras> functions;
  std::map<std::string, VariableExtras> variables;
};

struct NnpExtras {
  std::map<std::string, NetworkExtras> networks;
  std::string extra;  // JSON of the caller's own; "" if none

  bool empty() const;
};

// Throws FileError "[where] ..." for what format_extras would not write, and for a later format.
NnpExtras parse_extras(std::string_view json, const std::string& where);

// Throws Error if a name is not UTF-8 or `extra` is no JSON.
std::string format_extras(const NnpExtras& extras);

// The same as comments at the end of a .nntxt, which has no members: lines "#octet.json {...".
std::string extras_as_comments(const NnpExtras& extras);
// Nothing where the text has no such lines. Throws as parse_extras does.
NnpExtras extras_of_comments(std::string_view text, const std::string& where);

}  // namespace octet
