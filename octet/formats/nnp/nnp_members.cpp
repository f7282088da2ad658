#include "octet/formats/nnp/nnp_members.h"

#include <iterator>

#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "octet/formats/archive.h"
#include "octet/formats/file_io.h"
#include "octet/formats/nnp/parameter_files.h"
#include "octet/formats/nnp/parameter_hdf5.h"
#include "octet/formats/nnp/parameter_protobuf.h"

namespace octet {
namespace {

void append(std::vector<StoredParameter>& target, std::vector<StoredParameter> more) {
  target.insert(target.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
}

// False if the extension is none that a reader of .nnp files knows.
bool take_member(std::string_view name, std::string_view bytes, const std::string& where,
                 NnpMembers& members) {
  if (name.ends_with(".nntxt") || name.ends_with(".prototxt")) {
    TextMember member{where, parse_text(bytes, where)};
    append(members.parameters, parameters_of_text(member.text, where));
    members.texts.push_back(std::move(member));
  } else if (name.ends_with(".protobuf")) {
    append(members.parameters, parse_parameter_protobuf(bytes, where));
  } else if (name.ends_with(".h5")) {
    append(members.parameters, parse_parameter_hdf5(bytes, where));
  } else if (name == "octet.json") {
    members.extras = parse_extras(bytes, where);
  } else {
    return false;
  }
  return true;
}

void mention_solver_states(const std::vector<ArchiveMember>& archive, const std::string& path) {
  std::vector<std::string_view> names;
  for (const ArchiveMember& member : archive) {
    if (member.name.ends_with(".optimizer")) names.push_back(member.name);
  }
  if (names.empty()) return;
  log_info("[{}] the state of its solver ({}) is for training alone", path, fmt::join(names, ", "));
}

NnpMembers take_archive(std::vector<ArchiveMember> archive, const std::string& path) {
  NnpMembers members;
  mention_solver_states(archive, path);
  for (ArchiveMember& member : archive) {
    take_member(member.name, member.bytes, fmt::format("{}:{}", path, member.name), members);
    member.bytes = std::string();  // large, and no longer needed
  }
  return members;
}

NnpMembers take_file(std::string_view bytes, const std::string& path) {
  NnpMembers members;
  OCTET_CHECK_FILE(take_member(path, bytes, path, members), path,
                   "is not a .nnp, .nntxt, .prototxt, .protobuf or .h5 file by its extension");
  if (!members.texts.empty()) members.extras = extras_of_comments(bytes, path);
  return members;
}

}  // namespace

NnpMembers read_nnp_members(const std::string& path) {
  if (path.ends_with(".nnp")) return take_archive(read_zip(path), path);
  return take_file(read_file(path), path);
}

NnpMembers parse_nnp_members(std::string_view bytes, const std::string& path) {
  if (path.ends_with(".nnp")) return take_archive(parse_zip(bytes, path), path);
  return take_file(bytes, path);
}

}  // namespace octet
