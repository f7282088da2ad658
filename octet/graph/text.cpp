#include "octet/graph/text.h"

#include <cctype>

#include "octet/base/error.h"
#include "octet/ops/attribute_text.h"

namespace octet {
namespace {

bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("_/.-@$").find(c) != std::string_view::npos;
}

std::string name_text(const std::string& name) {
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), is_name_char);
  return plain ? name : quote(name);
}

std::string type_text(const VariableType& type) {
  return fmt::format("{} {}", to_string(type.dtype), to_string(type.shape));
}

std::string names_text(const Graph& graph, const std::vector<VariableId>& ids) {
  std::string text;
  for (const VariableId id : ids) {
    text += fmt::format("{}{}", text.empty() ? "" : ", ", name_text(graph.variable(id).name));
  }
  return text;
}

// A cursor over one line; every read either succeeds or throws Error with the line's number.
class Line {
 public:
  Line(std::string_view text, std::string where) : rest_(text), where_(std::move(where)) { skip(); }

  bool at_end() const { return rest_.empty(); }

  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    skip();
    return true;
  }

  // A word that begins a statement; in front of a '=' it is the name of a value.
  bool take_keyword(std::string_view word) {
    if (!rest_.starts_with(word) || !rest_.substr(word.size()).starts_with(' ')) return false;
    const size_t next = rest_.find_first_not_of(" \t", word.size());
    if (next != std::string_view::npos && rest_[next] == '=') return false;
    return take(word);
  }

  void expect(std::string_view token) {
    OCTET_CHECK(take(token), where_, "expected '{}' before '{}'", token, rest_);
  }

  std::string name() {
    if (rest_.starts_with('"')) return quoted();
    size_t length = 0;
    while (length < rest_.size() && is_name_char(rest_[length])) ++length;
    OCTET_CHECK(length > 0, where_, "expected a name before '{}'", rest_);
    std::string result(rest_.substr(0, length));
    rest_.remove_prefix(length);
    skip();
    return result;
  }

  // The text of an attribute value: up to the comma or brace that ends it.
  std::string value() {
    size_t depth = 0;
    size_t length = 0;
    bool in_string = false;
    for (; length < rest_.size(); ++length) {
      const char c = rest_[length];
      if (in_string) {
        if (c == '\\') ++length;
        in_string = c != '"';
        continue;
      }
      if (c == '"') in_string = true;
      if (c == '(' || c == '[') ++depth;
      if (c == ')' || c == ']') depth -= depth > 0 ? 1 : 0;
      if (depth == 0 && (c == ',' || c == '}')) break;
    }
    length = std::min(length, rest_.size());
    std::string result(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return result;
  }

  Shape shape() {
    const size_t end = rest_.find(')');
    Shape result;
    OCTET_CHECK(end != std::string_view::npos && parse_attribute(rest_.substr(0, end + 1), result),
                where_, "expected a shape like (1, 3, 32, 32) before '{}'", rest_);
    for (const int64_t dim : result) {
      OCTET_CHECK(dim > 0 || dim == kFreeDim, where_, "{} is not a dimension", dim);
    }
    rest_.remove_prefix(end + 1);
    skip();
    return result;
  }

  const std::string& where() const { return where_; }
  std::string_view rest() const { return rest_; }

 private:
  void skip() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front())) != 0) {
      rest_.remove_prefix(1);
    }
    if (rest_.starts_with('#')) rest_ = {};
  }

  std::string quoted() {
    size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') end += rest_[end] == '\\' ? 2 : 1;
    std::string result;
    OCTET_CHECK(end < rest_.size() && unquote(rest_.substr(0, end + 1), result), where_,
                "string without end: {}", rest_);
    rest_.remove_prefix(end + 1);
    skip();
    return result;
  }

  std::string_view rest_;
  std::string where_;
};

class Parser {
 public:
  explicit Parser(std::string_view where) : where_(where) {}

  Graph parse(std::string_view text) {
    int number = 0;
    while (!text.empty()) {
      const size_t end = text.find('\n');
      statement(Line(text.substr(0, end), fmt::format("{}:{}", where_, ++number)));
      text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    OCTET_CHECK(state_ == State::kClosed, where_, "{}",
                state_ == State::kBefore ? "is not a graph: it must begin with 'graph NAME {'"
                                         : "ends before the graph's closing brace");
    graph_.set_outputs(std::move(outputs_));
    return std::move(graph_);
  }

 private:
  enum class State { kBefore, kInside, kClosed };

  void statement(Line line) {
    if (line.at_end()) return;
    if (state_ == State::kBefore) {
      line.expect("graph ");
      graph_.set_name(line.name());
      line.expect("{");
      state_ = State::kInside;
    } else {
      OCTET_CHECK(state_ == State::kInside, line.where(), "'{}' after the end of the graph",
                  line.rest());
      if (line.take("}")) {
        state_ = State::kClosed;
      } else if (line.take_keyword("input")) {
        leaf(line, VariableKind::kInput);
      } else if (line.take_keyword("parameter")) {
        leaf(line, VariableKind::kParameter);
      } else if (line.take_keyword("output")) {
        do {
          outputs_.push_back(known(line));
        } while (line.take(","));
      } else {
        function(line);
      }
    }
    OCTET_CHECK(line.at_end(), line.where(), "'{}' is left over", line.rest());
  }

  void leaf(Line& line, VariableKind kind) {
    const std::string name = new_name(line);
    line.expect(":");
    VariableType type;
    type.dtype = parse_dtype(line.name());
    type.shape = line.shape();
    if (kind == VariableKind::kInput) {
      graph_.add_input(name, type);
    } else {
      graph_.add_parameter(name, type);
    }
  }

  void function(Line& line) {
    std::vector<std::string> outputs{new_name(line)};
    while (line.take(",")) outputs.push_back(new_name(line));
    line.expect("=");
    const std::string type = line.name();
    std::optional<Attributes> attributes = default_attributes(type);
    OCTET_CHECK(attributes.has_value(), line.where(), "there is no operation '{}'", type);
    std::string name;
    if (line.take("[")) {
      name = line.name();
      line.expect("]");
    }
    line.expect("(");
    std::vector<VariableId> inputs;
    while (!line.take(")")) {
      if (!inputs.empty()) line.expect(",");
      inputs.push_back(known(line));
    }
    if (line.take("{")) {
      for (bool first = true; !line.take("}"); first = false) {
        if (!first) line.expect(",");
        const std::string field = line.name();
        line.expect("=");
        set_attribute(*attributes, field, line.value());
      }
    }
    const FunctionId id = graph_.add_function(*attributes, inputs, name, outputs);
    OCTET_CHECK(graph_.function(id).outputs.size() == outputs.size(), line.where(),
                "{} has {} outputs, not {}", type, graph_.function(id).outputs.size(),
                outputs.size());
  }

  std::string new_name(Line& line) {
    std::string name = line.name();
    OCTET_CHECK(graph_.find_variable(name) == kNoId, line.where(), "{} is defined twice", name);
    return name;
  }

  VariableId known(Line& line) {
    const std::string name = line.name();
    const VariableId id = graph_.find_variable(name);
    OCTET_CHECK(id != kNoId, line.where(), "{} is not defined above", name);
    return id;
  }

  std::string where_;
  Graph graph_;
  std::vector<VariableId> outputs_;
  State state_ = State::kBefore;
};

}  // namespace

std::string print(const Graph& graph) {
  std::string text = fmt::format("graph {} {{\n", name_text(graph.name()));
  for (const VariableId id : graph.leaves(graph.outputs())) {
    const Variable& variable = graph.variable(id);
    text +=
        fmt::format("  {} {}: {}\n", variable.kind == VariableKind::kInput ? "input" : "parameter",
                    name_text(variable.name), type_text(variable.type));
  }
  for (const FunctionId id : graph.topological_order(graph.outputs())) {
    const Function& function = graph.function(id);
    const std::string attributes = attributes_to_string(function.attributes);
    text +=
        fmt::format("  {} = {}{}({}){}{}\n", names_text(graph, function.outputs),
                    type_name(function.attributes),
                    function.name.empty() ? "" : fmt::format("[{}]", name_text(function.name)),
                    names_text(graph, function.inputs), attributes.empty() ? "" : " ", attributes);
  }
  for (const VariableId id : graph.outputs()) {
    text += fmt::format("  output {}\n", name_text(graph.variable(id).name));
  }
  return text + "}\n";
}

Graph parse_graph(std::string_view text, std::string_view where) {
  return Parser(where).parse(text);
}

}  // namespace octet
