#include "octet/formats/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "octet/base/error.h"

namespace octet {
namespace {

std::string reason(int error_number) {
  return std::generic_category().message(error_number);
}

// Closes the descriptor, and removes the file unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    created_ = descriptor_ >= 0;
  }
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (created_ && !renamed_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  bool is_open() const { return descriptor_ >= 0; }

  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return ::fsync(descriptor_) == 0;
  }

  bool close_and_rename(const std::string& target) {
    const int result = ::close(descriptor_);
    descriptor_ = -1;
    if (result != 0) return false;
    renamed_ = ::rename(path_.c_str(), target.c_str()) == 0;
    return renamed_;
  }

 private:
  std::string path_;
  int descriptor_ = -1;
  bool created_ = false;
  bool renamed_ = false;
};

// Unique among the processes and threads that write the same file at the same time.
std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  return fmt::format("{}.{}-{}.tmp", path, ::getpid(), counter++);
}

}  // namespace

int64_t file_size(const std::string& path) {
  struct stat status {};
  OCTET_CHECK_FILE(::stat(path.c_str(), &status) == 0, path, "cannot be read: {}", reason(errno));
  OCTET_CHECK_FILE(S_ISREG(status.st_mode), path, "is not a regular file");
  return status.st_size;
}

std::string read_file(const std::string& path, int64_t max_bytes) {
  const int64_t size = file_size(path);
  OCTET_CHECK_FILE(size <= max_bytes, path, "has {} bytes, more than the {} that are accepted",
                   size, max_bytes);
  return read_file_part(path, 0, size);
}

std::string read_file_part(const std::string& path, int64_t offset, int64_t length) {
  const int64_t size = file_size(path);
  OCTET_CHECK_FILE(offset >= 0 && length >= 0 && offset <= size && length <= size - offset, path,
                   "has {} bytes, wanted are {} from byte {}", size, length, offset);
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                       &std::fclose);
  OCTET_CHECK_FILE(file != nullptr, path, "cannot be read: {}", reason(errno));
  OCTET_CHECK_FILE(::fseeko(file.get(), offset, SEEK_SET) == 0, path, "cannot be read: {}",
                   reason(errno));
  std::string bytes(static_cast<size_t>(length), '\0');
  const size_t count = std::fread(bytes.data(), 1, bytes.size(), file.get());
  OCTET_CHECK_FILE(count == bytes.size(), path, "cannot be read: only {} of {} bytes came", count,
                   length);
  return bytes;
}

void write_file_atomically(const std::string& path, std::string_view bytes) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    // Renaming over a device or a folder would replace it.
    OCTET_CHECK_FILE(S_ISREG(status.st_mode), path, "cannot be written: is not a regular file");
  }
  TemporaryFile file(temporary_name(path));
  OCTET_CHECK_FILE(file.is_open(), path, "cannot be written: {}", reason(errno));
  OCTET_CHECK_FILE(file.write(bytes), path, "cannot be written: {}", reason(errno));
  OCTET_CHECK_FILE(file.close_and_rename(path), path, "cannot be written: {}", reason(errno));
}

}  // namespace octet
