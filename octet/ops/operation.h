// What every operation provides, and the table of all of them.
//
// An operation is an attribute struct (attributes.h) and two functions:
//   infer(attributes, input types)            -> output types; validates, throws Error "[Type] ..."
//   forward(attributes, input tensors, ctx)   -> output tensors; ATen under autograd, CPU or CUDA
// The row in ops.inc makes it part of Attributes, of the interpreter, of the text and file formats,
// of the functional API and of the tests that sweep over all operations.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "octet/ops/op_types.h"

#define OCTET_OP_HEADERS
#include "octet/ops/ops.inc"
#undef OCTET_OP_HEADERS

namespace octet {

#define OCTET_OP(Type, name)                                    \
  OutputTypes infer(const Type& attributes, InputTypes inputs); \
  OutputTensors forward(const Type& attributes, InputTensors inputs, ForwardContext& context);
#include "octet/ops/ops.inc"
#undef OCTET_OP

struct NoOperation {
  OCTET_ATTRIBUTES(NoOperation)
};

// Any operation: the variant behind Attributes. NoOperation only ends the list; no graph holds it.
using AttributesVariant = std::variant<
#define OCTET_OP(Type, name) Type,
#include "octet/ops/ops.inc"
#undef OCTET_OP
    NoOperation>;

// Any operation with its attributes; std::get_if, std::holds_alternative and std::visit work on it.
// A class rather than an alias to keep compile times low: its conversion needs no overload
// resolution over all operations, and copies and comparison are compiled once.
class Attributes : public AttributesVariant {
 public:
  template <class Operation>
  requires requires { Operation::kType; }
  Attributes(Operation operation)  // an operation is meant where Attributes are expected
      : AttributesVariant(std::in_place_type<Operation>, std::move(operation)) {}
  Attributes(const Attributes& other);
  Attributes(Attributes&& other) noexcept;
  Attributes& operator=(const Attributes& other);
  Attributes& operator=(Attributes&& other) noexcept;
  ~Attributes();
  bool operator==(const Attributes& other) const;
};

// "Convolution", "ReLU", ...
std::string_view type_name(const Attributes& attributes);

// Every operation's type name, in the order of the table.
const std::vector<std::string_view>& operation_types();

// An operation with default attributes; nothing for an unknown type.
std::optional<Attributes> default_attributes(std::string_view type);

std::span<const InputSpec> input_specs(const Attributes& attributes);

// The spec of input `index`; a variadic last input answers for all that follow.
const InputSpec& input_spec(const Attributes& attributes, size_t index);

// Shapes and element types of the outputs. Throws Error "[where] ..." (where: the function's name
// or, if empty, its type) for a wrong number of inputs, shapes or attribute values.
OutputTypes infer_types(const Attributes& attributes, InputTypes inputs);

OutputTensors run_forward(const Attributes& attributes, InputTensors inputs,
                          ForwardContext& context);

// "{pad=(1, 1), group=2}": the fields that differ from the defaults; "" if none does.
std::string attributes_to_string(const Attributes& attributes);

// Sets a field from its text form (as printed by attributes_to_string). Throws Error for an unknown
// field or a value of the wrong kind.
void set_attribute(Attributes& attributes, std::string_view field, std::string_view value);

// Calls visit(name, value) for every field; the value keeps its type.
template <class Visit>
void visit_fields(const Attributes& attributes, Visit&& visit) {
  std::visit([&](const auto& a) { a.visit_fields(a, visit); },
             static_cast<const AttributesVariant&>(attributes));
}
template <class Visit>
void visit_fields(Attributes& attributes, Visit&& visit) {
  std::visit([&](auto& a) { a.visit_fields(a, visit); },
             static_cast<AttributesVariant&>(attributes));
}

}  // namespace octet
