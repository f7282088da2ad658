// Makes ZIP archives byte by byte, so that tests can write what no writer would: false sizes,
// bombs, encryption flags.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace octet {

class ZipBuilder {
 public:
  static std::string deflate(std::string_view data) {
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, data.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    stream.avail_in = static_cast<uInt>(data.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  }

  // A deflated member; `declared` is the unpacked size that the archive claims (-1: the true one).
  void add_deflated(std::string_view name, std::string_view data, int64_t declared = -1) {
    const uint32_t size = static_cast<uint32_t>(declared < 0 ? data.size() : declared);
    add(name, deflate(data), 8, size, checksum(data));
  }
  void add_stored(std::string_view name, std::string_view data, uint32_t flip_checksum = 0) {
    add(name, data, 0, static_cast<uint32_t>(data.size()), checksum(data) ^ flip_checksum);
  }

  std::string finish() const {
    std::string end;
    put(end, 0x06054b50, 4);
    put(end, 0, 4);
    put(end, count_, 2);
    put(end, count_, 2);
    put(end, directory_.size(), 4);
    put(end, bytes_.size(), 4);
    put(end, 0, 2);
    return bytes_ + directory_ + end;
  }

 private:
  static void put(std::string& out, uint64_t value, int width) {
    for (int i = 0; i < width; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
  }
  static uint32_t checksum(std::string_view data) {
    return static_cast<uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size())));
  }

  void add(std::string_view name, std::string_view packed, int method, uint32_t size,
           uint32_t crc) {
    std::string common;
    put(common, 20, 2);      // version
    put(common, 0x0800, 2);  // names are UTF-8
    put(common, static_cast<uint64_t>(method), 2);
    put(common, 0x00210000, 4);  // 1980-01-01
    put(common, crc, 4);
    put(common, packed.size(), 4);
    put(common, size, 4);
    put(common, name.size(), 2);
    put(common, 0, 2);
    const size_t offset = bytes_.size();
    put(bytes_, 0x04034b50, 4);
    bytes_ += common;
    bytes_ += name;
    bytes_ += packed;
    put(directory_, 0x02014b50, 4);
    put(directory_, 20, 2);
    directory_ += common;
    put(directory_, 0, 2);
    put(directory_, 0, 4);
    put(directory_, 0, 4);
    put(directory_, offset, 4);
    directory_ += name;
    ++count_;
  }

  std::string bytes_;
  std::string directory_;
  uint64_t count_ = 0;
};

}  // namespace octet
