#include "octet/targets/nnabla_functions.h"

#include <algorithm>
#include <map>

#include "octet/base/error.h"

namespace octet {
namespace {

// "eps:f=1e-05"
NnablaField parse_field(std::string_view text) {
  const size_t colon = text.find(':');
  OCTET_INTERNAL_CHECK(colon != std::string_view::npos && colon + 1 < text.size());
  NnablaField field{std::string(text.substr(0, colon)), text[colon + 1], ""};
  if (colon + 3 < text.size()) field.default_value = text.substr(colon + 3);
  return field;
}

NnablaFunction parse_function(std::string_view message, std::string_view fields) {
  NnablaFunction function{std::string(message), {}};
  for (size_t begin = 0; begin < fields.size();) {
    const size_t end = std::min(fields.find(' ', begin), fields.size());
    function.fields.push_back(parse_field(fields.substr(begin, end - begin)));
    begin = end + 1;
  }
  return function;
}

std::map<std::string_view, NnablaFunction> parse_table() {
  std::map<std::string_view, NnablaFunction> table;
#define OCTET_NNABLA_FUNCTION(Type, message, fields) \
  table.emplace(#Type, parse_function(message, fields));
#include "octet/targets/nnabla_functions.inc"
#undef OCTET_NNABLA_FUNCTION
  return table;
}

}  // namespace

const NnablaField* NnablaFunction::find(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [name](const NnablaField& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

const NnablaFunction* nnabla_function(std::string_view type) {
  static const std::map<std::string_view, NnablaFunction> table = parse_table();
  const auto found = table.find(type);
  return found == table.end() ? nullptr : &found->second;
}

bool keeps_batch(const Shape& x, const Shape& y) {
  if (x.empty() || x[0] != kFreeDim) return false;
  const int64_t sample = x.num_elements(1, x.rank());
  return sample != kFreeDim && sample == y.num_elements(1, y.rank());
}

}  // namespace octet
