#include "octet/formats/nnp/text_lexer.h"

#include "octet/base/error.h"

namespace octet {
namespace {

// <cctype> depends on the locale; the format does not.
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_octal(char c) {
  return c >= '0' && c <= '7';
}
int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

TextLexer::TextLexer(std::string_view text, const std::string& where) : text_(text), where_(where) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
  next();
}

void TextLexer::fail(std::string_view what) const {
  throw_file_error(fmt::format("{}:{}:{}", where_, token_.line, token_.column), "{}", what);
}

char TextLexer::peek(size_t ahead) const {
  return position_ + ahead < text_.size() ? text_[position_ + ahead] : '\0';
}

void TextLexer::advance() {
  if (text_[position_++] == '\n') {
    ++line_;
    column_ = 1;
  } else {
    ++column_;
  }
}

void TextLexer::skip_blanks() {
  constexpr std::string_view kBlanks = " \t\n\r\v\f";
  while (position_ < text_.size()) {
    if (text_[position_] == '#') {
      while (position_ < text_.size() && text_[position_] != '\n') advance();
    } else if (kBlanks.find(text_[position_]) != std::string_view::npos) {
      advance();
    } else {
      break;
    }
  }
}

void TextLexer::next() {
  skip_blanks();
  token_.line = line_;
  token_.column = column_;
  token_.text.clear();
  if (position_ >= text_.size()) {
    token_.kind = TokenKind::kEnd;
    return;
  }
  const char c = peek();
  if (is_letter(c)) {
    read_identifier();
  } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
    read_number();
  } else if (c == '"' || c == '\'') {
    read_string();
  } else {
    token_.kind = TokenKind::kSymbol;
    token_.text.push_back(c);
    advance();
  }
}

void TextLexer::read_identifier() {
  token_.kind = TokenKind::kIdentifier;
  while (is_letter(peek()) || is_digit(peek())) {
    token_.text.push_back(peek());
    advance();
  }
}

// Takes everything that can belong to a number; whether it is one, the value's user finds out.
void TextLexer::read_number() {
  token_.kind = TokenKind::kNumber;
  const bool hexadecimal = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
  while (is_letter(peek()) || is_digit(peek()) || peek() == '.') {
    const char c = peek();
    token_.text.push_back(c);
    advance();
    const bool exponent = !hexadecimal && (c == 'e' || c == 'E');
    if (exponent && (peek() == '-' || peek() == '+')) {
      token_.text.push_back(peek());
      advance();
    }
  }
}

void TextLexer::read_string() {
  token_.kind = TokenKind::kString;
  const char quote = peek();
  advance();
  while (true) {
    if (position_ >= text_.size() || peek() == '\n') fail("the string that begins here has no end");
    const char c = peek();
    advance();
    if (c == quote) return;
    if (c == '\\') {
      read_escape();
    } else {
      token_.text.push_back(c);
    }
  }
}

void TextLexer::read_escape() {
  constexpr std::string_view kNames = "abfnrtv\\'\"?";
  constexpr std::string_view kValues = "\a\b\f\n\r\t\v\\'\"?";
  const char c = peek();
  if (is_octal(c)) return read_octal_escape();
  if (c == '\0' && position_ >= text_.size()) fail("the string that begins here has no end");
  advance();
  if (c == 'x' || c == 'X') return read_hex_escape();
  if (c == 'u') return read_unicode_escape(4);
  if (c == 'U') return read_unicode_escape(8);
  const size_t index = kNames.find(c);
  if (index == std::string_view::npos) {
    fail(fmt::format("the string that begins here has the unknown escape '\\{}'", c));
  }
  token_.text.push_back(kValues[index]);
}

void TextLexer::read_octal_escape() {
  int value = 0;
  for (int i = 0; i < 3 && is_octal(peek()); ++i) {
    value = value * 8 + (peek() - '0');
    advance();
  }
  token_.text.push_back(static_cast<char>(value));
}

void TextLexer::read_hex_escape() {
  if (hex_digit(peek()) < 0) fail("the string that begins here has '\\x' without a digit");
  int value = 0;
  for (int i = 0; i < 2 && hex_digit(peek()) >= 0; ++i) {
    value = value * 16 + hex_digit(peek());
    advance();
  }
  token_.text.push_back(static_cast<char>(value));
}

void TextLexer::read_unicode_escape(int digits) {
  uint32_t value = 0;
  for (int i = 0; i < digits; ++i) {
    if (hex_digit(peek()) < 0) {
      fail(fmt::format("the string that begins here has '\\u' without {} digits", digits));
    }
    value = value * 16 + static_cast<uint32_t>(hex_digit(peek()));
    advance();
  }
  if (value > 0x10ffff) fail("the string that begins here has a character past U+10FFFF");
  append_utf8(value);
}

void TextLexer::append_utf8(uint32_t code_point) {
  const auto push = [this](uint32_t byte) { token_.text.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) return push(code_point);
  if (code_point < 0x800) {
    push(0xc0 | (code_point >> 6));
  } else if (code_point < 0x10000) {
    push(0xe0 | (code_point >> 12));
    push(0x80 | ((code_point >> 6) & 0x3f));
  } else {
    push(0xf0 | (code_point >> 18));
    push(0x80 | ((code_point >> 12) & 0x3f));
    push(0x80 | ((code_point >> 6) & 0x3f));
  }
  push(0x80 | (code_point & 0x3f));
}

}  // namespace octet
