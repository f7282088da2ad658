// What the members of a .nnp hold, taken apart by their extensions and parsed, not yet put
// together.
#pragma once

#include <string>
#include <vector>

#include "octet/formats/nnp/extras.h"
#include "octet/formats/nnp/stored_parameter.h"
#include "octet/formats/nnp/text_tree.h"

namespace octet {

struct TextMember {
  std::string where;  // the file, and the member in it
  TextMessage text;
};

struct NnpMembers {
  std::vector<TextMember> texts;
  std::vector<StoredParameter> parameters;  // of all members, in order
  NnpExtras extras;
};

// The member names do not matter, only their extensions: .nntxt and .prototxt are text, .protobuf
// and .h5 are parameters; octet.json holds the extras; everything else is passed by, the state of
// solvers (.optimizer, see read_nnp_solvers) with a word. A file that is no archive is taken as one
// member. Throws FileError for an unknown extension or a bad member.
NnpMembers read_nnp_members(const std::string& path);
// The same from memory; `path` tells the kind of file and is its name in errors.
NnpMembers parse_nnp_members(std::string_view bytes, const std::string& path);

}  // namespace octet
