// parse_text: tokens into the tree, by recursive descent over messages with a bounded depth.
#include "octet/base/error.h"
#include "octet/formats/nnp/text_lexer.h"
#include "octet/formats/nnp/text_tree.h"

namespace octet {
namespace {

std::string describe(const TextToken& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end of the text";
    case TokenKind::kString:
      return "a string";
    default:
      return fmt::format("'{}'", token.text);
  }
}

class TextParser {
 public:
  TextParser(std::string_view text, const std::string& where) : lexer_(text, where) {}

  TextMessage parse() {
    TextMessage message;
    parse_fields(message, '\0', 0);
    return message;
  }

 private:
  const TextToken& token() const { return lexer_.token(); }

  bool accept(char symbol) {
    if (!token().is_symbol(symbol)) return false;
    lexer_.next();
    return true;
  }

  // Until the symbol that closes the message; '\0' stands for the end of the text.
  void parse_fields(TextMessage& message, char closing, int depth) {
    if (depth > kMaxTextDepth) {
      lexer_.fail(fmt::format("messages are nested more than {} deep", kMaxTextDepth));
    }
    while (true) {
      if (token().kind == TokenKind::kEnd) {
        if (closing == '\0') return;
        lexer_.fail(fmt::format("expected '{}', but found the end of the text", closing));
      }
      if (closing != '\0' && accept(closing)) return;
      parse_field(message, depth);
      if (!accept(',')) accept(';');
    }
  }

  void parse_field(TextMessage& message, int depth) {
    const std::string name = parse_name();
    const bool colon = accept(':');
    if (!accept('[')) return parse_value(message, name, colon, depth);
    if (accept(']')) return;
    do {
      parse_value(message, name, true, depth);
    } while (accept(','));
    if (!accept(']')) {
      lexer_.fail(fmt::format("expected ',' or ']' in the list '{}', but found {}", name,
                              describe(token())));
    }
  }

  // A word, or an extension's name in brackets, which is kept with its brackets.
  std::string parse_name() {
    std::string name;
    if (token().kind == TokenKind::kIdentifier) {
      name = token().text;
      lexer_.next();
      return name;
    }
    if (!token().is_symbol('[')) {
      lexer_.fail(fmt::format("expected the name of a field, but found {}", describe(token())));
    }
    while (!token().is_symbol(']')) {
      if (token().kind == TokenKind::kEnd)
        lexer_.fail("expected ']', but found the end of the text");
      name += token().text;
      lexer_.next();
    }
    lexer_.next();
    return name + "]";
  }

  void parse_value(TextMessage& message, const std::string& name, bool colon, int depth) {
    TextField& field = message.fields.emplace_back();
    field.name = name;
    field.line = token().line;
    field.column = token().column;
    if (accept('{')) return parse_fields(field.message, '}', depth + 1);
    if (accept('<')) return parse_fields(field.message, '>', depth + 1);
    if (!colon) {
      lexer_.fail(
          fmt::format("expected ':' or '{{' after '{}', but found {}", name, describe(token())));
    }
    parse_scalar(field);
  }

  void parse_scalar(TextField& field) {
    if (token().kind == TokenKind::kString) {
      field.kind = TextKind::kString;
      for (; token().kind == TokenKind::kString; lexer_.next()) field.text += token().text;
      return;
    }
    if (accept('-')) field.text.push_back('-');
    if (token().kind == TokenKind::kNumber) {
      field.kind = TextKind::kNumber;
    } else if (token().kind == TokenKind::kIdentifier) {
      field.kind = TextKind::kIdentifier;
    } else {
      lexer_.fail(
          fmt::format("expected a value for '{}', but found {}", field.name, describe(token())));
    }
    field.text += token().text;
    lexer_.next();
  }

  TextLexer lexer_;
};

}  // namespace

TextMessage parse_text(std::string_view text, const std::string& where) {
  return TextParser(text, where).parse();
}

}  // namespace octet
