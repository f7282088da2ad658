// The tree of groups of an old HDF5 file, flattened.
#pragma once

#include <string>
#include <vector>

#include "octet/formats/nnp/hdf5_bytes.h"

namespace octet {

// One message of an object header.
struct Hdf5Message {
  int type = 0;
  std::string_view data;
};

struct Hdf5Object {
  std::string name;
  std::vector<Hdf5Message> messages;
};

// Message types.
inline constexpr int kDataspaceMessage = 0x01;
inline constexpr int kDatatypeMessage = 0x03;
inline constexpr int kExternalFilesMessage = 0x07;
inline constexpr int kLayoutMessage = 0x08;
inline constexpr int kFilterMessage = 0x0B;
inline constexpr int kAttributeMessage = 0x0C;
inline constexpr int kContinuationMessage = 0x10;
inline constexpr int kSymbolTableMessage = 0x11;

// Every object that is no group, by walking the groups from the root's object header. Groups that
// contain each other are walked once. Throws FileError for damage.
std::vector<Hdf5Object> walk_hdf5_groups(const Hdf5Bytes& file, uint64_t root_header);

// The first message of the type, or null.
const Hdf5Message* find_message(const Hdf5Object& object, int type);

}  // namespace octet
