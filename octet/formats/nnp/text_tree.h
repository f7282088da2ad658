// Protobuf's text format as a tree of names and values, without a schema.
//
// Why not protobuf's own TextFormat: it needs the schema of every message, here more than two
// hundred messages of function arguments of which most name operations that this library does not
// have, and it refuses fields that its schema does not know. A reader must come through a file far
// enough to say *which* function is unknown, and what is not understood must survive.
//
// Accepted is the text format language (https://protobuf.dev/reference/protobuf/textformat-spec):
// `#` comments, `msg {`, `msg: {` and `msg <...>`, single and double quotes with C escapes,
// adjacent strings, `,` and `;` after a field, `[1, 2]` lists, decimal, hexadecimal and octal
// integers, `1.0f`, `inf`, `nan`. Printed is what Python's protobuf prints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace octet {

enum class TextKind : uint8_t { kNumber, kString, kIdentifier, kMessage };

struct TextField;

struct TextMessage {
  // In the order of the file; a repeated field is several fields of one name.
  std::vector<TextField> fields;
};

struct TextField {
  std::string name;
  TextKind kind = TextKind::kMessage;
  // The number or identifier as written (a sign belongs to it), the string without its escapes.
  std::string text;
  TextMessage message;
  // Where the value stands, counted from 1; 0 for a field that was not parsed.
  int32_t line = 0;
  int32_t column = 0;
};

// Messages may be nested this deep, as in protobuf itself.
inline constexpr int kMaxTextDepth = 100;

// Throws FileError "[where:line:column] ..." for text that is not of the format.
TextMessage parse_text(std::string_view text, const std::string& where);

// Two spaces of indent, one field per line.
std::string print_text(const TextMessage& message);

// The last field called `name` (for a field that is not repeated the last one counts), or null.
const TextField* find_field(const TextMessage& message, std::string_view name);

// Values of a field that was read. They throw FileError "[where:line:column] field 'name' ..." when
// the field holds something else or a value out of range.
int64_t int_value(const TextField& field, const std::string& where);
double double_value(const TextField& field, const std::string& where);
bool bool_value(const TextField& field, const std::string& where);
const std::string& string_value(const TextField& field, const std::string& where);
const TextMessage& message_value(const TextField& field, const std::string& where);

// Appending fields. A float is printed in the fewest digits that give the same float32 again, a
// double likewise, both as Python does: 1.0, 0.9, 1e-05.
void add_int(TextMessage& message, std::string_view name, int64_t value);
void add_float(TextMessage& message, std::string_view name, float value);
void add_double(TextMessage& message, std::string_view name, double value);
void add_bool(TextMessage& message, std::string_view name, bool value);
void add_string(TextMessage& message, std::string_view name, std::string_view value);
// The reference is valid until the next field is added to `message`.
TextMessage& add_message(TextMessage& message, std::string_view name);

}  // namespace octet
