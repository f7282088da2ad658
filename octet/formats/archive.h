// ZIP archives: what a .nnp and a .npz are.
//
// Reading takes stored and deflated members and trusts nothing that the archive says about itself:
// a member that unpacks to another size than it declares, a bad checksum, a missing end of the
// archive or more data than the limits allow is a FileError that names the file and the member.
// Writing stores the members uncompressed, without times or owners, so that equal members give
// equal bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace octet {

struct ArchiveMember {
  std::string name;
  std::string bytes;
};

// Bounds on what reading may cost. Real archives of parameters shrink by little; only a bomb
// unpacks to many times its size, and below `free_bytes` even that does no harm.
struct ArchiveLimits {
  int64_t max_members = 65536;
  int64_t max_expansion = 200;              // unpacked bytes per byte of the archive ...
  int64_t free_bytes = int64_t{256} << 20;  // ... unless all members together have no more
};

// The members in the order of the archive's directory, without folders.
std::vector<ArchiveMember> read_zip(const std::string& path, const ArchiveLimits& limits = {});

// The same from memory; `where` names the archive in errors.
std::vector<ArchiveMember> parse_zip(std::string_view bytes, const std::string& where,
                                     const ArchiveLimits& limits = {});

// The bytes of a ZIP archive with `members` in their order, each stored (method 0).
std::string format_zip(const std::vector<ArchiveMember>& members);

}  // namespace octet
