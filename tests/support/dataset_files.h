// Small data files for tests, written to a temporary folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace octet::test {

// A new folder, removed with all that is in it at the end of its life.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  // The path of `name` inside.
  std::string path(const std::string& name = "") const;

 private:
  std::filesystem::path folder_;
};

using Bytes = std::vector<uint8_t>;

// Makes the folders on the way to the file.
void write_bytes(const std::string& path, const Bytes& bytes);
void write_gzip(const std::string& path, const Bytes& bytes);

// An idx file: the header for `dims`, then `data`.
Bytes idx_bytes(const std::vector<uint32_t>& dims, const Bytes& data);

// A PNG of 8 bits a sample; `channels` 1 (grey), 3 (RGB) or 4 (RGBA), pixels interleaved.
Bytes png_bytes(uint32_t height, uint32_t width, uint32_t channels, const Bytes& pixels);

// JPEGs of 8 x 8 equal pixels: RGB (200, 100, 50), grey 90, and the CMYK colour that is RGB
// (200, 100, 50) without black.
Bytes rgb_jpeg();
Bytes grey_jpeg();
Bytes cmyk_jpeg();

// The message of the Error that `action` throws, or "" if it throws none.
template <class ErrorType, class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const ErrorType& error) {
    return error.what();
  }
  return "";
}

}  // namespace octet::test
