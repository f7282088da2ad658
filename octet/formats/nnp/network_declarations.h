// What a `network` message declares, checked for itself, before any of it becomes a graph.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "octet/base/shape.h"
#include "octet/formats/nnp/text_tree.h"

namespace octet {

struct DeclaredVariable {
  std::string name;
  bool parameter = false;
  Shape shape;
  const TextMessage* initializer = nullptr;
  std::string place;  // "file:line:column", for errors
};

struct DeclaredFunction {
  std::string name;
  std::string type;
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
  const TextMessage* message = nullptr;
  std::string place;
};

struct NetworkDeclarations {
  std::string name;
  std::vector<DeclaredVariable> variables;
  std::vector<DeclaredFunction> functions;
  std::unordered_map<std::string, size_t> variable_index;
  std::unordered_map<std::string, size_t> producer;  // of a variable: index of its function
};

// Throws FileError for loops, for two variables of one name, for a variable with two producers and
// for functions over undeclared variables. `network` must outlive the result.
NetworkDeclarations read_declarations(const TextMessage& network, const std::string& where);

// Indices of the functions, each after those whose outputs it reads, otherwise in the order of the
// file. Throws FileError if functions depend on each other in a circle.
std::vector<size_t> dependency_order(const NetworkDeclarations& declarations);

// The text of a string field; "" if it is absent.
std::string optional_string(const TextMessage& message, std::string_view name,
                            const std::string& where);

// "file:line:column" of a field.
std::string place_of(const TextField& field, const std::string& where);

}  // namespace octet
