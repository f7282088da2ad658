#include "octet/formats/nnp/network_declarations.h"

#include <algorithm>
#include <array>
#include <functional>
#include <queue>

#include "octet/base/error.h"

namespace octet {
namespace {

constexpr std::array<std::string_view, 5> kLoopTypes{"RepeatStart", "RepeatEnd", "RecurrentInput",
                                                     "RecurrentOutput", "Delay"};

[[noreturn]] void refuse_loop(const std::string& place, const std::string& network,
                              std::string_view what) {
  throw_file_error(place, "network '{}' has loops ({}), which are not supported", network, what);
}

// Counts of elements are computed from shapes all over; none may overflow.
constexpr int64_t kMaxElements = int64_t{1} << 48;

Shape read_shape(const TextMessage& message, const std::string& where) {
  Shape shape;
  int64_t elements = 1;
  for (const TextField& field : message.fields) {
    if (field.name != "dim") continue;
    const int64_t dim = int_value(field, where);
    OCTET_CHECK_FILE(dim <= kMaxElements / elements, place_of(field, where),
                     "the shape has more than {} elements", kMaxElements);
    elements *= std::max<int64_t>(dim, 1);
    shape.push_back(dim);
  }
  return shape;
}

class DeclarationReader {
 public:
  DeclarationReader(const TextMessage& network, const std::string& where)
      : network_(network), where_(where) {}

  NetworkDeclarations read() {
    result_.name = optional_string(network_, "name", where_);
    for (const TextField& field : network_.fields) {
      if (field.name == "repeat_info")
        refuse_loop(place_of(field, where_), result_.name, "repeat_info");
      if (field.name == "variable") add_variable(field);
      if (field.name == "function") add_function(field);
    }
    for (size_t i = 0; i < result_.functions.size(); ++i) link_function(i);
    return std::move(result_);
  }

 private:
  void add_variable(const TextField& field) {
    const TextMessage& message = message_value(field, where_);
    DeclaredVariable variable;
    variable.place = place_of(field, where_);
    refuse_repeat_id(message);
    variable.name = optional_string(message, "name", where_);
    variable.parameter = optional_string(message, "type", where_) == "Parameter";
    if (const TextField* shape = find_field(message, "shape")) {
      variable.shape = read_shape(message_value(*shape, where_), where_);
    }
    if (const TextField* initializer = find_field(message, "initializer")) {
      variable.initializer = &message_value(*initializer, where_);
    }
    const size_t index = result_.variables.size();
    OCTET_CHECK_FILE(result_.variable_index.emplace(variable.name, index).second, variable.place,
                     "network '{}' has two variables named '{}'", result_.name, variable.name);
    result_.variables.push_back(std::move(variable));
  }

  void add_function(const TextField& field) {
    const TextMessage& message = message_value(field, where_);
    DeclaredFunction function;
    function.place = place_of(field, where_);
    function.message = &message;
    refuse_repeat_id(message);
    function.name = optional_string(message, "name", where_);
    function.type = optional_string(message, "type", where_);
    if (std::find(kLoopTypes.begin(), kLoopTypes.end(), function.type) != kLoopTypes.end()) {
      refuse_loop(function.place, result_.name, function.type);
    }
    for (const TextField& item : message.fields) {
      if (item.name == "input") function.inputs.push_back(string_value(item, where_));
      if (item.name == "output") function.outputs.push_back(string_value(item, where_));
    }
    result_.functions.push_back(std::move(function));
  }

  void refuse_repeat_id(const TextMessage& message) {
    if (const TextField* repeat = find_field(message, "repeat_id")) {
      refuse_loop(place_of(*repeat, where_), result_.name, "repeat_id");
    }
  }

  void link_function(size_t index) {
    const DeclaredFunction& function = result_.functions[index];
    for (const std::string& input : function.inputs) {
      OCTET_CHECK_FILE(result_.variable_index.contains(input), function.place,
                       "function '{}' reads '{}', which is no variable of network '{}'",
                       function.name, input, result_.name);
    }
    for (const std::string& output : function.outputs) {
      const auto [other, added] = result_.producer.emplace(output, index);
      OCTET_CHECK_FILE(added, function.place, "functions '{}' and '{}' both produce '{}'",
                       result_.functions[other->second].name, function.name, output);
    }
  }

  const TextMessage& network_;
  const std::string& where_;
  NetworkDeclarations result_;
};

}  // namespace

NetworkDeclarations read_declarations(const TextMessage& network, const std::string& where) {
  return DeclarationReader(network, where).read();
}

std::vector<size_t> dependency_order(const NetworkDeclarations& declarations) {
  const size_t count = declarations.functions.size();
  std::vector<std::vector<size_t>> readers(count);
  std::vector<size_t> missing(count, 0);
  for (size_t i = 0; i < count; ++i) {
    for (const std::string& input : declarations.functions[i].inputs) {
      const auto producer = declarations.producer.find(input);
      if (producer == declarations.producer.end()) continue;
      readers[producer->second].push_back(i);
      ++missing[i];
    }
  }
  // The smallest index that is ready comes first: files are mostly in order already.
  std::priority_queue<size_t, std::vector<size_t>, std::greater<>> ready;
  for (size_t i = 0; i < count; ++i) {
    if (missing[i] == 0) ready.push(i);
  }
  std::vector<size_t> order;
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const size_t reader : readers[order.back()]) {
      if (--missing[reader] == 0) ready.push(reader);
    }
  }
  const auto stuck = std::find_if(missing.begin(), missing.end(), [](size_t m) { return m > 0; });
  if (stuck != missing.end()) {
    const auto& function = declarations.functions[static_cast<size_t>(stuck - missing.begin())];
    throw_file_error(function.place, "function '{}' depends on itself", function.name);
  }
  return order;
}

std::string optional_string(const TextMessage& message, std::string_view name,
                            const std::string& where) {
  const TextField* field = find_field(message, name);
  return field == nullptr ? "" : string_value(*field, where);
}

std::string place_of(const TextField& field, const std::string& where) {
  return fmt::format("{}:{}:{}", where, field.line, field.column);
}

}  // namespace octet
