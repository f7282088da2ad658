// Characters of the text format into tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace octet {

enum class TokenKind : uint8_t { kEnd, kSymbol, kNumber, kString, kIdentifier };

struct TextToken {
  TokenKind kind = TokenKind::kEnd;
  std::string text;  // of a string: the value without its escapes
  int32_t line = 1;
  int32_t column = 1;

  bool is_symbol(char symbol) const { return kind == TokenKind::kSymbol && text[0] == symbol; }
};

// Hands out one token after the other; `token()` is the current one.
class TextLexer {
 public:
  TextLexer(std::string_view text, const std::string& where);

  const TextToken& token() const { return token_; }
  void next();
  // Throws FileError at the current token.
  [[noreturn]] void fail(std::string_view what) const;

 private:
  char peek(size_t ahead = 0) const;
  void advance();
  void skip_blanks();
  void read_identifier();
  void read_number();
  void read_string();
  void read_escape();
  void read_octal_escape();
  void read_hex_escape();
  void read_unicode_escape(int digits);
  void append_utf8(uint32_t code_point);

  std::string_view text_;
  const std::string& where_;
  size_t position_ = 0;
  int32_t line_ = 1;
  int32_t column_ = 1;
  TextToken token_;
};

}  // namespace octet
