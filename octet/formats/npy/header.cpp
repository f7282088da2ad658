#include "octet/formats/npy/header.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "octet/base/error.h"

namespace octet {
namespace {

// Of a damaged header, what fits into one line of a message.
std::string shown(std::string_view header) {
  constexpr size_t kMostCharacters = 200;
  std::string text(header.substr(0, kMostCharacters));
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
  text.erase(text.find_last_not_of(" ?") + 1);
  return text;
}

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kVersionEnd = 8;
constexpr size_t kMaxHeaderBytes = 64 * 1024;
constexpr int64_t kMaxRank = 64;  // NumPy's own bound
constexpr size_t kAlignment = 64;

struct TypeRow {
  std::string_view code;
  at::ScalarType type;
};

constexpr std::array kTypes{
    TypeRow{"f2", at::kHalf}, TypeRow{"f4", at::kFloat}, TypeRow{"f8", at::kDouble},
    TypeRow{"i1", at::kChar}, TypeRow{"i2", at::kShort}, TypeRow{"i4", at::kInt},
    TypeRow{"i8", at::kLong}, TypeRow{"u1", at::kByte},  TypeRow{"b1", at::kBool},
};

// Reads the dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class DictReader {
 public:
  DictReader(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  void read(NpyHeader& header) {
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      read_value(key, header);
      if (!accept(',') && peek() != '}') fail("a comma or the closing brace is missing");
    }
    OCTET_CHECK_FILE(has_descr_ && has_order_ && has_shape_, where_,
                     "the header lacks descr, fortran_order or shape: {}", text_);
  }

 private:
  void read_value(const std::string& key, NpyHeader& header) {
    if (key == "descr") {
      has_descr_ = true;
      read_type(header);
    } else if (key == "fortran_order") {
      has_order_ = true;
      header.fortran_order = boolean();
    } else if (key == "shape") {
      has_shape_ = true;
      header.shape = tuple();
    } else {
      OCTET_CHECK_FILE(false, where_, "the header has the unknown key '{}'", shown(key));
    }
  }

  void read_type(NpyHeader& header) {
    if (peek() == '[') fail("arrays of records are not supported");
    const std::string descr = quoted();
    const char order = descr.empty() ? '\0' : descr[0];
    for (const TypeRow& row : kTypes) {
      if (descr.size() != 3 || descr.substr(1) != row.code) continue;
      const bool little = std::endian::native == std::endian::little;
      OCTET_CHECK_FILE(order == '<' || order == '>' || order == '|' || order == '=', where_,
                       "element type '{}' has no byte order", shown(descr));
      header.type = row.type;
      header.swap_bytes =
          row.code[1] != '1' && (order == '<' || order == '>') && (order == '<') != little;
      return;
    }
    OCTET_CHECK_FILE(false, where_,
                     "element type '{}' is not one of float16, float32, float64, int8, int16, "
                     "int32, int64, uint8, bool",
                     shown(descr));
  }

  bool boolean() {
    skip_space();
    if (accept_word("True")) return true;
    if (accept_word("False")) return false;
    fail("fortran_order is neither True nor False");
  }

  Shape tuple() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      shape.push_back(dimension());
      if (!accept(',') && peek() != ')') fail("the shape is not a tuple of integers");
    }
    OCTET_CHECK_FILE(shape.rank() <= kMaxRank, where_, "the shape has {} dimensions, more than {}",
                     shape.rank(), kMaxRank);
    return shape;
  }

  int64_t dimension() {
    skip_space();
    int64_t value = 0;
    const char* begin = text_.data() + position_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) fail("the shape is not a tuple of integers");
    position_ += static_cast<size_t>(end - begin);
    accept('L');  // Python 2 wrote long integers so
    return value;
  }

  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("a quoted word is missing");
    const size_t end = text_.find(quote, position_ + 1);
    if (end == std::string_view::npos) fail("a quote is not closed");
    std::string word(text_.substr(position_ + 1, end - position_ - 1));
    position_ = end + 1;
    return word;
  }

  void skip_space() {
    position_ = std::min(text_.find_first_not_of(" \t\n\r", position_), text_.size());
  }
  char peek() {
    skip_space();
    return position_ < text_.size() ? text_[position_] : '\0';
  }
  bool accept(char wanted) {
    if (peek() != wanted) return false;
    ++position_;
    return true;
  }
  bool accept_word(std::string_view word) {
    if (text_.substr(position_, word.size()) != word) return false;
    position_ += word.size();
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) fail(fmt::format("'{}' is missing", wanted));
  }
  [[noreturn]] void fail(std::string_view what) {
    throw_file_error(where_, "bad header at character {}: {}: {}", position_, what, shown(text_));
  }

  std::string_view text_;
  const std::string& where_;
  size_t position_ = 0;
  bool has_descr_ = false;
  bool has_order_ = false;
  bool has_shape_ = false;
};

// Little-endian length of the dictionary: two bytes in version 1, four in versions 2 and 3.
size_t read_length(std::string_view bytes, size_t width) {
  size_t length = 0;
  for (size_t i = 0; i < width; ++i) {
    length |= static_cast<size_t>(static_cast<unsigned char>(bytes[kVersionEnd + i])) << (8 * i);
  }
  return length;
}

std::string_view code_of(at::ScalarType type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row.code;
  }
  throw_error("npy", "tensors of type {} cannot be written", c10::toString(type));
}

}  // namespace

NpyHeader parse_npy_header(std::string_view bytes, const std::string& where) {
  OCTET_CHECK_FILE(bytes.substr(0, kMagic.size()) == kMagic, where, "is not a .npy file");
  OCTET_CHECK_FILE(bytes.size() > kVersionEnd, where, "ends within the header");
  const int version = static_cast<unsigned char>(bytes[6]);
  OCTET_CHECK_FILE(version >= 1 && version <= 3, where, "has the unknown .npy version {}.{}",
                   version, static_cast<unsigned char>(bytes[7]));
  const size_t width = version == 1 ? 2 : 4;
  OCTET_CHECK_FILE(bytes.size() >= kVersionEnd + width, where, "ends within the header");
  const size_t length = read_length(bytes, width);
  const size_t begin = kVersionEnd + width;
  OCTET_CHECK_FILE(length <= kMaxHeaderBytes && length <= bytes.size() - begin, where,
                   "declares a header of {} bytes, but has {} left and at most {} are accepted",
                   length, bytes.size() - begin, kMaxHeaderBytes);
  NpyHeader header;
  DictReader(bytes.substr(begin, length), where).read(header);
  header.data_begin = begin + length;
  return header;
}

std::string format_npy_header(at::ScalarType type, const Shape& shape) {
  const std::string_view code = code_of(type);
  const bool one_byte = code[1] == '1';
  const char order = one_byte ? '|' : std::endian::native == std::endian::little ? '<' : '>';
  std::string dict = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}{}), }}",
                                 order, code, fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  const size_t used = kVersionEnd + 2 + dict.size() + 1;
  dict.append((kAlignment - used % kAlignment) % kAlignment, ' ');
  dict.push_back('\n');
  std::string bytes(kMagic);
  bytes.append({'\x01', '\x00'});
  bytes.push_back(static_cast<char>(dict.size() & 0xff));
  bytes.push_back(static_cast<char>(dict.size() >> 8));
  return bytes + dict;
}

}  // namespace octet
