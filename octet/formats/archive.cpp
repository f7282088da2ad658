#include "octet/formats/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <algorithm>
#include <memory>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"

namespace octet {
namespace {

constexpr size_t kBlockBytes = 256 * 1024;

using ReadHandle = std::unique_ptr<archive, int (*)(archive*)>;

// libarchive converts member names to the thread's locale; in "C", which a program starts with,
// every letter outside ASCII would become '?'.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) previous_ = uselocale(locale_);
  }
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    uselocale(previous_);
    freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t locale_;
  locale_t previous_ = nullptr;
};

std::string message_of(archive* handle) {
  const char* text = archive_error_string(handle);
  return text != nullptr ? text : "unknown error";
}

ReadHandle new_reader() {
  ReadHandle handle(archive_read_new(), &archive_read_free);
  OCTET_INTERNAL_CHECK(handle != nullptr);
  // The seekable reader goes by the directory at the end, so that a cut archive is noticed; the
  // streaming one would hand out what is left.
  archive_read_support_format_zip_seekable(handle.get());
  return handle;
}

class Unpacker {
 public:
  Unpacker(archive* handle, const std::string& where, int64_t archive_bytes,
           const ArchiveLimits& limits)
      : handle_(handle), where_(where), limits_(limits) {
    const int64_t expanded = std::min(archive_bytes, kMaxFileBytes) * limits.max_expansion;
    remaining_ = max_bytes_ = std::max(limits.free_bytes, expanded);
  }

  std::vector<ArchiveMember> unpack_all() {
    std::vector<ArchiveMember> members;
    for (archive_entry* entry = next_entry(); entry != nullptr; entry = next_entry()) {
      if (archive_entry_filetype(entry) == AE_IFDIR) continue;
      OCTET_CHECK_FILE(static_cast<int64_t>(members.size()) < limits_.max_members, where_,
                       "the archive has more than {} members", limits_.max_members);
      members.push_back(unpack(entry));
    }
    return members;
  }

 private:
  archive_entry* next_entry() {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(handle_, &entry);
    if (status == ARCHIVE_EOF) return nullptr;
    // A warning is about a name or an attribute; the member itself is there.
    OCTET_CHECK_FILE(status == ARCHIVE_OK || status == ARCHIVE_WARN, where_,
                     "is not a whole ZIP archive: {}", message_of(handle_));
    return entry;
  }

  ArchiveMember unpack(archive_entry* entry) {
    ArchiveMember member;
    const char* name = archive_entry_pathname_utf8(entry);
    if (name == nullptr) name = archive_entry_pathname(entry);
    OCTET_CHECK_FILE(name != nullptr, where_, "the archive has a member without a name");
    member.name = name;
    OCTET_CHECK_FILE(archive_entry_size_is_set(entry) != 0, where_,
                     "member '{}' does not say how long it is", member.name);
    const int64_t declared = archive_entry_size(entry);
    OCTET_CHECK_FILE(declared >= 0 && declared <= remaining_, where_,
                     "member '{}' unpacks to {} bytes; with it the members would have more than "
                     "the {} bytes that an archive of this size may hold",
                     member.name, declared, max_bytes_);
    remaining_ -= declared;
    read_data(member, declared);
    return member;
  }

  // The buffer grows with the data that comes, never with the size that is claimed.
  void read_data(ArchiveMember& member, int64_t declared) {
    while (true) {
      const size_t begin = member.bytes.size();
      member.bytes.resize(begin + kBlockBytes);
      const la_ssize_t count = archive_read_data(handle_, member.bytes.data() + begin, kBlockBytes);
      OCTET_CHECK_FILE(count >= 0, where_, "member '{}' is damaged: {}", member.name,
                       message_of(handle_));
      member.bytes.resize(begin + static_cast<size_t>(count));
      if (count == 0) break;
      OCTET_CHECK_FILE(static_cast<int64_t>(member.bytes.size()) <= declared, where_,
                       "member '{}' unpacks to more than the {} bytes that it declares",
                       member.name, declared);
    }
    OCTET_CHECK_FILE(static_cast<int64_t>(member.bytes.size()) == declared, where_,
                     "member '{}' has {} bytes, but declares {}", member.name, member.bytes.size(),
                     declared);
  }

  archive* handle_;
  const std::string& where_;
  const ArchiveLimits& limits_;
  int64_t max_bytes_;
  int64_t remaining_;
};

la_ssize_t append_to_string(archive*, void* target, const void* data, size_t size) {
  static_cast<std::string*>(target)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

void check_written(int status, archive* handle) {
  OCTET_CHECK(status == ARCHIVE_OK, "zip", "cannot write the archive: {}", message_of(handle));
}

void write_member(archive* handle, const ArchiveMember& member) {
  std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                 &archive_entry_free);
  archive_entry_set_pathname(entry.get(), member.name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(member.bytes.size()));
  check_written(archive_write_header(handle, entry.get()), handle);
  const la_ssize_t count = archive_write_data(handle, member.bytes.data(), member.bytes.size());
  check_written(count == static_cast<la_ssize_t>(member.bytes.size()) ? ARCHIVE_OK : ARCHIVE_FATAL,
                handle);
  check_written(archive_write_finish_entry(handle), handle);
}

}  // namespace

std::vector<ArchiveMember> read_zip(const std::string& path, const ArchiveLimits& limits) {
  const Utf8Locale locale;
  const int64_t size = file_size(path);
  const ReadHandle handle = new_reader();
  OCTET_CHECK_FILE(
      archive_read_open_filename(handle.get(), path.c_str(), kBlockBytes) == ARCHIVE_OK, path,
      "is not a ZIP archive: {}", message_of(handle.get()));
  return Unpacker(handle.get(), path, size, limits).unpack_all();
}

std::vector<ArchiveMember> parse_zip(std::string_view bytes, const std::string& where,
                                     const ArchiveLimits& limits) {
  const Utf8Locale locale;
  const ReadHandle handle = new_reader();
  OCTET_CHECK_FILE(archive_read_open_memory(handle.get(), bytes.data(), bytes.size()) == ARCHIVE_OK,
                   where, "is not a ZIP archive: {}", message_of(handle.get()));
  return Unpacker(handle.get(), where, static_cast<int64_t>(bytes.size()), limits).unpack_all();
}

std::string format_zip(const std::vector<ArchiveMember>& members) {
  const Utf8Locale locale;
  std::string bytes;
  std::unique_ptr<archive, int (*)(archive*)> handle(archive_write_new(), &archive_write_free);
  OCTET_INTERNAL_CHECK(handle != nullptr);
  check_written(archive_write_set_format_zip(handle.get()), handle.get());
  check_written(archive_write_set_options(handle.get(), "zip:compression=store"), handle.get());
  archive_write_set_bytes_in_last_block(handle.get(), 1);
  check_written(archive_write_open(handle.get(), &bytes, nullptr, &append_to_string, nullptr),
                handle.get());
  for (const ArchiveMember& member : members) write_member(handle.get(), member);
  check_written(archive_write_close(handle.get()), handle.get());
  return bytes;
}

}  // namespace octet
