#include "octet/ops/einsum.h"

#include <ATen/ATen.h>

#include <map>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/elementwise.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

constexpr char kEllipsis = '.';

// The terms of an equation: letters, with one kEllipsis for "...".
struct Equation {
  std::vector<std::string> terms;
  std::string result;
};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string parse_term(std::string_view text, const std::string& equation) {
  std::string term;
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_letter(text[i])) {
      term += text[i];
    } else if (text.substr(i, 3) == "..." && term.find(kEllipsis) == std::string::npos) {
      term += kEllipsis;
      i += 2;
    } else {
      throw_error(Einsum::kType, "'{}' in equation '{}' is not letters and at most one '...'", text,
                  equation);
    }
  }
  return term;
}

// What follows if the equation does not say it.
std::string implicit_result(const std::vector<std::string>& terms) {
  std::map<char, int> counts;  // kEllipsis sorts before all letters
  for (const std::string& term : terms) {
    for (const char c : term) ++counts[c];
  }
  std::string result;
  for (const auto& [c, count] : counts) {
    if (c == kEllipsis || count == 1) result += c;
  }
  return result;
}

void check_result(const Equation& parsed, const std::string& equation) {
  const auto occurs = [&](char c) {
    for (const std::string& term : parsed.terms) {
      if (term.find(c) != std::string::npos) return true;
    }
    return false;
  };
  for (const char c : parsed.result) {
    OCTET_CHECK(occurs(c) && parsed.result.find(c) == parsed.result.rfind(c), Einsum::kType,
                "the result of equation '{}' must name dimensions of the inputs, each once",
                equation);
  }
  OCTET_CHECK(!occurs(kEllipsis) || parsed.result.find(kEllipsis) != std::string::npos,
              Einsum::kType, "the result of equation '{}' must have '...' as the inputs have",
              equation);
}

Equation parse(const std::string& equation) {
  std::string text;
  for (const char c : equation) {
    if (c != ' ') text += c;
  }
  const size_t arrow = text.find("->");
  Equation parsed;
  std::string_view inputs = std::string_view(text).substr(0, arrow);
  for (size_t comma = 0; comma != std::string_view::npos;) {
    comma = inputs.find(',');
    parsed.terms.push_back(parse_term(inputs.substr(0, comma), equation));
    if (comma != std::string_view::npos) inputs.remove_prefix(comma + 1);
  }
  parsed.result = arrow == std::string::npos
                      ? implicit_result(parsed.terms)
                      : parse_term(std::string_view(text).substr(arrow + 2), equation);
  check_result(parsed, equation);
  return parsed;
}

// What the letters and "..." stand for.
struct Extents {
  std::map<char, int64_t> of_letter;
  Shape of_ellipsis;

  void read(const std::string& term, const Shape& x, const std::string& equation) {
    const bool open = term.find(kEllipsis) != std::string::npos;
    const int64_t named = static_cast<int64_t>(term.size()) - (open ? 1 : 0);
    OCTET_CHECK(open ? x.rank() >= named : x.rank() == named, Einsum::kType,
                "input {} does not have the dimensions '{}' of equation '{}'", to_string(x), term,
                equation);
    auto extent = x.begin();
    for (const char c : term) {
      if (c == kEllipsis) {
        const auto end = extent + (x.rank() - named);
        of_ellipsis =
            broadcast_shapes(of_ellipsis, std::vector<int64_t>(extent, end), Einsum::kType);
        extent = end;
        continue;
      }
      int64_t& known = of_letter.try_emplace(c, *extent).first->second;
      OCTET_CHECK(extents_agree(known, *extent), Einsum::kType,
                  "dimension '{}' of equation '{}' is both {} and {}", c, equation, known, *extent);
      if (known == kFreeDim) known = *extent;
      ++extent;
    }
  }
};

}  // namespace

OutputTypes infer(const Einsum& op, InputTypes inputs) {
  const Equation parsed = parse(op.equation);
  OCTET_CHECK(parsed.terms.size() == inputs.size(), op.kType,
              "equation '{}' has {} terms for {} inputs", op.equation, parsed.terms.size(),
              inputs.size());
  Extents extents;
  for (size_t i = 0; i < inputs.size(); ++i) {
    check_number(inputs[i], op.kType);
    OCTET_CHECK(inputs[i].dtype == inputs[0].dtype, op.kType,
                "inputs of type {} and {} do not go together", to_string(inputs[0].dtype),
                to_string(inputs[i].dtype));
    extents.read(parsed.terms[i], inputs[i].shape, op.equation);
  }
  Shape y;
  for (const char c : parsed.result) {
    if (c == kEllipsis) {
      y.insert(y.end(), extents.of_ellipsis.begin(), extents.of_ellipsis.end());
    } else {
      y.push_back(extents.of_letter.at(c));
    }
  }
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const Einsum& op, InputTensors inputs, ForwardContext&) {
  return {at::einsum(op.equation, at::TensorList(inputs.data(), inputs.size()))};
}

}  // namespace octet
