#include "octet/train/image_decode.h"

#include <ATen/ATen.h>

#include <fstream>
#include <iterator>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "octet/base/error.h"

namespace octet {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes read_bytes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  OCTET_CHECK_FILE(stream.is_open(), path, "cannot be opened");
  const int64_t size = stream.tellg();
  OCTET_CHECK_FILE(size > 0, path, "not an image: the file is empty");
  Bytes bytes(size);
  stream.seekg(0);
  stream.read(reinterpret_cast<char*>(bytes.data()), size);
  OCTET_CHECK_FILE(stream.gcount() == size, path, "read {} of {} bytes", stream.gcount(), size);
  return bytes;
}

bool is_jpeg(const Bytes& bytes) {
  return bytes.size() >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

// Walks from marker to marker (ITU-T T.81, B.1) and says if the end-of-image marker is reached.
// The decoder itself fills what a cut-off file lacks with grey and reports nothing. A search for
// the marker's two bytes would not do: thumbnails inside the header hold them too.
bool jpeg_is_complete(const Bytes& bytes) {
  constexpr uint8_t kEndOfImage = 0xd9, kStartOfScan = 0xda;
  constexpr uint8_t kFirstStandalone = 0xd0, kLastStandalone = 0xd8;
  size_t at = 2;
  bool in_scan = false;
  while (at + 1 < bytes.size()) {
    const uint8_t marker = bytes[at + 1];
    if (bytes[at] != 0xff || marker == 0x00 || marker == 0xff) {
      // Compressed data, a stuffed zero byte, or fill bytes before a marker. Outside a scan only
      // the last is allowed, and decoders step over the rest as well.
      at += (bytes[at] == 0xff && marker == 0x00) ? 2 : 1;
      continue;
    }
    if (marker == kEndOfImage) return in_scan;
    at += 2;
    if (marker == 0x01 || (marker >= kFirstStandalone && marker <= kLastStandalone)) continue;
    if (at + 1 >= bytes.size()) return false;
    at += size_t{bytes[at]} << 8 | bytes[at + 1];
    in_scan = in_scan || marker == kStartOfScan;
  }
  return false;
}

cv::Mat decode_bytes(const Bytes& bytes, const std::string& path) {
  try {
    return cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  } catch (const cv::Exception& error) {
    throw_file_error(path, "cannot be decoded: {}", error.err);
  }
}

}  // namespace

at::Tensor decode_image(const std::string& path) {
  const Bytes bytes = read_bytes(path);
  OCTET_CHECK_FILE(!is_jpeg(bytes) || jpeg_is_complete(bytes), path,
                   "corrupt image: the JPEG data is cut off after {} bytes", bytes.size());
  const cv::Mat decoded = decode_bytes(bytes, path);
  OCTET_CHECK_FILE(!decoded.empty(), path, "corrupt image: {} bytes that cannot be decoded",
                   bytes.size());
  at::Tensor pixels = at::empty({decoded.rows, decoded.cols, 3}, at::kByte);
  cv::Mat rgb(decoded.rows, decoded.cols, CV_8UC3, pixels.data_ptr<uint8_t>());
  cv::cvtColor(decoded, rgb, cv::COLOR_BGR2RGB);
  return pixels.permute({2, 0, 1});
}

}  // namespace octet
