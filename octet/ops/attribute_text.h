// The text form of attribute values: true, 3, 0.5, "constant", [0, 1] (lists), (1, 1) (shapes).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "octet/base/shape.h"

namespace octet {

std::string attribute_text(bool value);
std::string attribute_text(int64_t value);
std::string attribute_text(float value);  // the shortest text that reads back as the same float
std::string attribute_text(double value);
std::string attribute_text(const std::string& value);
std::string attribute_text(const IntList& value);
std::string attribute_text(const Shape& value);
std::string attribute_text(const std::vector<float>& value);

// The inverse; false if the text is not a value of that kind. The target is then unchanged.
bool parse_attribute(std::string_view text, bool& value);
bool parse_attribute(std::string_view text, int64_t& value);
bool parse_attribute(std::string_view text, float& value);
bool parse_attribute(std::string_view text, double& value);
bool parse_attribute(std::string_view text, std::string& value);
bool parse_attribute(std::string_view text, IntList& value);
bool parse_attribute(std::string_view text, Shape& value);
bool parse_attribute(std::string_view text, std::vector<float>& value);

// The string in double quotes with \" \\ \n escaped, and its inverse.
std::string quote(std::string_view text);
bool unquote(std::string_view text, std::string& value);

}  // namespace octet
