// Whole files in and out. Readers of formats work on bytes in memory, so that every size they meet
// can be held against what the file really has.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace octet {

// The largest file that any reader takes.
inline constexpr int64_t kMaxFileBytes = int64_t{16} << 30;

// Size in bytes of a regular file. Throws FileError when there is none at `path`.
int64_t file_size(const std::string& path);

// The bytes of a regular file. Throws FileError when it is missing, cannot be read, or has more
// than `max_bytes`.
std::string read_file(const std::string& path, int64_t max_bytes = kMaxFileBytes);

// `length` bytes of a regular file from byte `offset` on. Throws FileError like read_file, and when
// there are fewer.
std::string read_file_part(const std::string& path, int64_t offset, int64_t length);

// Writes beside `path` under a temporary name and renames: whoever opens `path` sees the old file
// or the whole new one, also after a crash. On failure nothing is left behind. Throws FileError
// with the system's reason.
void write_file_atomically(const std::string& path, std::string_view bytes);

}  // namespace octet
