#include "tests/support/dataset_files.h"

#include <unistd.h>
#include <zlib.h>

#include <fstream>
#include <stdexcept>
#include <string_view>

namespace octet::test {
namespace {

void append_word(Bytes& bytes, uint32_t word) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<uint8_t>(word >> shift));
}

void append_chunk(Bytes& png, std::string_view type, const Bytes& data) {
  append_word(png, static_cast<uint32_t>(data.size()));
  const size_t begin = png.size();
  png.insert(png.end(), type.begin(), type.end());
  png.insert(png.end(), data.begin(), data.end());
  const uLong crc = crc32(0, png.data() + begin, static_cast<uInt>(png.size() - begin));
  append_word(png, static_cast<uint32_t>(crc));
}

Bytes from_hex(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  Bytes bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(digit(text[i]) << 4 | digit(text[i + 1])));
  }
  return bytes;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "octet_test_XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  folder_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string TemporaryFolder::path(const std::string& name) const {
  return name.empty() ? folder_.string() : (folder_ / name).string();
}

void write_bytes(const std::string& path, const Bytes& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream stream(path, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

void write_gzip(const std::string& path, const Bytes& bytes) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
}

Bytes idx_bytes(const std::vector<uint32_t>& dims, const Bytes& data) {
  Bytes bytes;
  append_word(bytes, 0x0800 | static_cast<uint32_t>(dims.size()));
  for (uint32_t dim : dims) append_word(bytes, dim);
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

Bytes png_bytes(uint32_t height, uint32_t width, uint32_t channels, const Bytes& pixels) {
  Bytes png{0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  Bytes header;
  append_word(header, width);
  append_word(header, height);
  const uint8_t color_type = channels == 1 ? 0 : channels == 3 ? 2 : 6;
  header.insert(header.end(), {8, color_type, 0, 0, 0});
  append_chunk(png, "IHDR", header);
  Bytes rows;
  for (uint32_t y = 0; y < height; ++y) {
    rows.push_back(0);  // the row's filter: none
    const auto row = pixels.begin() + y * width * channels;
    rows.insert(rows.end(), row, row + width * channels);
  }
  uLongf size = compressBound(rows.size());
  Bytes packed(size);
  compress(packed.data(), &size, rows.data(), rows.size());
  packed.resize(size);
  append_chunk(png, "IDAT", packed);
  append_chunk(png, "IEND", {});
  return png;
}

Bytes rgb_jpeg() {
  return from_hex(
      "ffd8ffe000104a46494600010100000100010000ffdb0043000302020302020303030304030304050805050404"
      "050a070706080c0a0c0c0b0a0b0b0d0e12100d0e110e0b0b1016101113141515150c0f171816141812141514ff"
      "db00430103040405040509050509140d0b0d141414141414141414141414141414141414141414141414141414"
      "1414141414141414141414141414141414141414141414ffc00011080008000803011100021101031101ffc400"
      "14000100000000000000000000000000000004ffc40014100100000000000000000000000000000000ffc40015"
      "01010100000000000000000000000000000708ffc40014110100000000000000000000000000000000ffda000c"
      "03010002110311003f00203d483fffd9");
}

Bytes grey_jpeg() {
  return from_hex(
      "ffd8ffe000104a46494600010100000100010000ffdb0043000302020302020303030304030304050805050404"
      "050a070706080c0a0c0c0b0a0b0b0d0e12100d0e110e0b0b1016101113141515150c0f171816141812141514ff"
      "c0000b080008000801011100ffc40014000100000000000000000000000000000007ffc4001410010000000000"
      "0000000000000000000000ffda0008010100003f001a7fffd9");
}

Bytes cmyk_jpeg() {
  return from_hex(
      "ffd8ffee000e41646f626500640000000000ffdb0043000302020302020303030304030304050805050404050a"
      "070706080c0a0c0c0b0a0b0b0d0e12100d0e110e0b0b1016101113141515150c0f171816141812141514ffc000"
      "140800080008044311004d11005911004b1100ffc400160001010100000000000000000000000000080709ffc4"
      "0014100100000000000000000000000000000000ffda000e0443004d0059004b00003f006026817b54dfffd9");
}

}  // namespace octet::test
