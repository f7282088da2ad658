#include "octet/formats/nnp/text_tree.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "tests/formats/format_test_support.h"

namespace octet {
namespace {

using ::testing::HasSubstr;

TextMessage parse(std::string_view text) {
  return parse_text(text, "a.nntxt");
}

// The one value of `text`, which is one field.
TextField field_of(std::string_view text) {
  TextMessage message = parse(text);
  EXPECT_EQ(message.fields.size(), 1u) << text;
  return message.fields.at(0);
}

int64_t int_of(const std::string& value) {
  return int_value(field_of("f: " + value), "a.nntxt");
}
double double_of(const std::string& value) {
  return double_value(field_of("f: " + value), "a.nntxt");
}
std::string string_of(const std::string& value) {
  return string_value(field_of("f: " + value), "a.nntxt");
}

TEST(TextTree, PrintsWhatItParsed) {
  const std::string text = R"(network {
  name: "net"
  batch_size: 4
  variable {
    name: "x"
    shape {
      dim: -1
      dim: 3
    }
  }
  function {
    relu_param {
    }
  }
}
executor {
  flag: true
  eps: 1e-05
}
)";
  EXPECT_EQ(print_text(parse(text)), text);
}

TEST(TextTree, AcceptsEverySpellingOfAMessage) {
  for (const char* text : {"m { a: 1 }", "m: { a: 1 }", "m < a: 1 >", "m:<a:1>", "m{a:1;}",
                           "# comment\nm { # another\n a: 1, };", "\xEF\xBB\xBFm{a:1}"}) {
    EXPECT_EQ(print_text(parse(text)), "m {\n  a: 1\n}\n") << text;
  }
}

TEST(TextTree, AcceptsListsAndSeparators) {
  EXPECT_EQ(print_text(parse("a: [1, -2], b: [];c:['x' 'y', \"z\"] d [{e: 1}, <e: 2>]")),
            "a: 1\na: -2\nc: \"xy\"\nc: \"z\"\nd {\n  e: 1\n}\nd {\n  e: 2\n}\n");
}

TEST(TextTree, KeepsUnknownAndExtensionFields) {
  EXPECT_EQ(print_text(parse("[some.ext]: 3 whatever: FOO")), "[some.ext]: 3\nwhatever: FOO\n");
}

TEST(TextTree, ReadsIntegers) {
  EXPECT_EQ(int_of("0"), 0);
  EXPECT_EQ(int_of("- 12"), -12);
  EXPECT_EQ(int_of("0x1F"), 31);
  EXPECT_EQ(int_of("-017"), -15);
  EXPECT_EQ(int_of("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(int_of("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  for (const char* bad : {"9223372036854775808", "1.5", "1e3", "0x", "08", "12abc", "abc", "'1'"}) {
    EXPECT_THAT(error_of([&] { int_of(bad); }),
                HasSubstr("[a.nntxt:1:4] field 'f' is not a 64-bit integer"))
        << bad;
  }
}

TEST(TextTree, ReadsNumbers) {
  EXPECT_EQ(double_of("1.5"), 1.5);
  EXPECT_EQ(double_of("-1.0f"), -1.0);
  EXPECT_EQ(double_of("1e-05"), 1e-5);
  EXPECT_EQ(double_of("2E+3F"), 2000.0);
  EXPECT_EQ(double_of(".5"), 0.5);
  EXPECT_EQ(double_of("3."), 3.0);
  EXPECT_EQ(double_of("7"), 7.0);
  EXPECT_EQ(double_of("0x10"), 16.0);
  EXPECT_EQ(double_of("-inf"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(double_of("Infinity"), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(double_of("nan")));
  for (const char* bad : {"1.5.2", "e5", "true", "1e", "1g"}) {
    EXPECT_THAT(error_of([&] { double_of(bad); }), HasSubstr("field 'f' is not a number: ")) << bad;
  }
  EXPECT_THAT(error_of([&] { double_of("1e999"); }), HasSubstr("not a number in double's range"));
}

TEST(TextTree, ReadsBools) {
  for (const char* yes : {"true", "True", "t", "1"}) {
    EXPECT_TRUE(bool_value(field_of(std::string("f: ") + yes), "a")) << yes;
  }
  for (const char* no : {"false", "False", "f", "0"}) {
    EXPECT_FALSE(bool_value(field_of(std::string("f: ") + no), "a")) << no;
  }
  EXPECT_EQ(error_of([] { bool_value(field_of("f: yes"), "a"); }),
            "[a:1:4] field 'f' is not true or false: yes");
}

TEST(TextTree, ReadsStrings) {
  EXPECT_EQ(string_of(R"("a\tb\n\"\'\\")"), "a\tb\n\"'\\");
  EXPECT_EQ(string_of(R"('say "hi"')"), "say \"hi\"");
  EXPECT_EQ(string_of(R"("\346\227\245\x41\x4a!")"),
            "\xe6\x97\xa5"
            "AJ!");
  EXPECT_EQ(string_of(R"("\u65e5\U0001F600")"), "\xe6\x97\xa5\xf0\x9f\x98\x80");
  EXPECT_EQ(string_of("'a' \"b\"\n'c'"), "abc");
  EXPECT_EQ(string_of(R"("\0")"), std::string(1, '\0'));
}

TEST(TextTree, PrintsStringsSoThatTheyReadBack) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  TextMessage message;
  add_string(message, "f", all);
  const std::string text = print_text(message);
  EXPECT_EQ(string_value(parse(text).fields[0], "a"), all);
  for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f));
}

TEST(TextTree, PrintsFloatsAsPythonDoes) {
  TextMessage message;
  for (const float value : {1.0f, 0.9f, 1e-5f, 0.0001f, -0.0625f, 0.0f, -0.0f, 1234567.0f, 1e15f,
                            1e16f, 1.5e-7f, 3.4028235e38f, std::nextafter(1.0f, 2.0f)}) {
    add_float(message, "f", value);
  }
  add_float(message, "f", std::numeric_limits<float>::infinity());
  add_float(message, "f", -std::numeric_limits<float>::infinity());
  add_float(message, "f", std::numeric_limits<float>::quiet_NaN());
  add_double(message, "f", 0.1);
  add_double(message, "f", 1.05070098735548);
  add_double(message, "f", 1e22);
  add_double(message, "f", 1e300);
  add_double(message, "f", static_cast<double>(0.9f));
  std::vector<std::string> texts;
  for (const TextField& field : message.fields) texts.push_back(field.text);
  EXPECT_EQ(texts, (std::vector<std::string>{"1.0",       "0.9",       "1e-05",
                                             "0.0001",    "-0.0625",   "0.0",
                                             "-0.0",      "1234567.0", "1000000000000000.0",
                                             "1e+16",     "1.5e-07",   "3.4028235e+38",
                                             "1.0000001", "inf",       "-inf",
                                             "nan",       "0.1",       "1.05070098735548",
                                             "1e+22",     "1e+300",    "0.8999999761581421"}));
}

TEST(TextTree, AddsFieldsOfEveryKind) {
  TextMessage message;
  add_int(message, "i", -3);
  add_bool(message, "b", true);
  add_bool(message, "b", false);
  TextMessage& child = add_message(message, "m");
  add_string(child, "s", "it's");
  EXPECT_EQ(print_text(message), "i: -3\nb: true\nb: false\nm {\n  s: \"it\\'s\"\n}\n");
}

TEST(TextTree, FindsTheLastField) {
  const TextMessage message = parse("a: 1 b: 2 a: 3");
  EXPECT_EQ(find_field(message, "a")->text, "3");
  EXPECT_EQ(find_field(message, "c"), nullptr);
}

TEST(TextTree, SaysWhatAFieldIsNot) {
  EXPECT_EQ(error_of([] { int_value(field_of("shape { dim: 1 }"), "a"); }),
            "[a:1:7] field 'shape' is a message, not a 64-bit integer");
  EXPECT_EQ(error_of([] { message_value(field_of("shape: 1"), "a"); }),
            "[a:1:8] field 'shape' is not a message: 1");
  EXPECT_EQ(error_of([] { string_value(field_of("name: net"), "a"); }),
            "[a:1:7] field 'name' is not a string: net");
}

struct BadText {
  std::string text;
  std::string message;
};

TEST(TextTree, SaysWhereTheTextIsWrong) {
  const std::vector<BadText> texts{
      {"a", "[a.nntxt:1:2] expected ':' or '{' after 'a', but found the end of the text"},
      {"a: ", "[a.nntxt:1:4] expected a value for 'a', but found the end of the text"},
      {"a: }", "[a.nntxt:1:4] expected a value for 'a', but found '}'"},
      {"a 1", "[a.nntxt:1:3] expected ':' or '{' after 'a', but found '1'"},
      {"m {\n  a: 1\n", "[a.nntxt:3:1] expected '}', but found the end of the text"},
      {"m {\n  a: 1 >", "[a.nntxt:2:8] expected the name of a field, but found '>'"},
      {"m < a: 1 }", "[a.nntxt:1:10] expected the name of a field, but found '}'"},
      {"}", "[a.nntxt:1:1] expected the name of a field, but found '}'"},
      {"'a': 1", "[a.nntxt:1:1] expected the name of a field, but found a string"},
      {"a: [1 2]", "[a.nntxt:1:7] expected ',' or ']' in the list 'a', but found '2'"},
      {"a: [1", "[a.nntxt:1:6] expected ',' or ']' in the list 'a', but found the end of the text"},
      {"[x", "[a.nntxt:1:3] expected ']', but found the end of the text"},
      {"\n  a: \"bc", "[a.nntxt:2:6] the string that begins here has no end"},
      {"a: \"b\nc\"", "[a.nntxt:1:4] the string that begins here has no end"},
      {"a: \"b\\", "[a.nntxt:1:4] the string that begins here has no end"},
      {"a: '\\q'", "[a.nntxt:1:4] the string that begins here has the unknown escape '\\q'"},
      {"a: '\\x'", "[a.nntxt:1:4] the string that begins here has '\\x' without a digit"},
      {"a: '\\u12'", "[a.nntxt:1:4] the string that begins here has '\\u' without 4 digits"},
      {"a: '\\U00110000'",
       "[a.nntxt:1:4] the string that begins here has a character past U+10FFFF"},
  };
  for (const BadText& bad : texts) {
    EXPECT_EQ(error_of([&] { parse(bad.text); }), bad.message);
  }
}

TEST(TextTree, RefusesDeepNesting) {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "m{";
    return text + std::string(static_cast<size_t>(depth), '}');
  };
  EXPECT_NO_THROW(parse(nested(kMaxTextDepth)));
  EXPECT_EQ(error_of([&] { parse(nested(10000)); }),
            "[a.nntxt:1:203] messages are nested more than 100 deep");
}

TEST(TextTree, SurvivesDamage) {
  const std::string text = "m { a: 'x\\n' b: [1, 2.5] } # c\nn < d: -inf >";
  for (size_t i = 0; i < text.size(); ++i) {
    for (const char c : std::string_view("\0{}<>[]:\"'\\-#,x1\xff", 17)) {
      std::string damaged = text;
      damaged[i] = c;
      try {
        print_text(parse(damaged));
      } catch (const FileError&) {
      }
    }
  }
}

}  // namespace
}  // namespace octet
