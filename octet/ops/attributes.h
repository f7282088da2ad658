// How an operation describes itself: one struct per operation, named after it, which holds its
// attributes and says its type name, its inputs and its fields.
//
//   struct Softmax {
//     OCTET_ATTRIBUTES(Softmax, axis)
//     static constexpr std::array kInputs{InputSpec{"x"}};
//     int64_t axis = -1;
//   };
//
// The one list of fields drives printing, parsing, comparing, saving and loading; the field names
// are the ones that .nnp files use. A field is a bool, int64_t, float, double, std::string,
// IntList, Shape or std::vector<float>.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "octet/base/dtype.h"
#include "octet/base/shape.h"

namespace at {
class Tensor;
}  // namespace at

namespace octet {

// One input of an operation, in positional order. An optional input that is missing is not listed
// at all, so later inputs move up.
struct InputSpec {
  std::string_view name;
  bool parameter = false;  // a weight of the layer rather than data that flows through it
  bool optional = false;
  bool variadic = false;  // any number of inputs from here on, at least one
  // Stands for itself to the last bit, so that it is never quantized: indices, lengths, truth
  // values, coordinates, and states that forward() updates in place.
  bool exact = false;
};

// The shorthands of a layer's parameters.
inline constexpr InputSpec kWeight{.name = "weight", .parameter = true};
inline constexpr InputSpec kBias{.name = "bias", .parameter = true, .optional = true};

}  // namespace octet

// clang-format off
#define OCTET_EXPAND(...) OCTET_EXPAND_3(OCTET_EXPAND_3(OCTET_EXPAND_3(__VA_ARGS__)))
#define OCTET_EXPAND_3(...) OCTET_EXPAND_2(OCTET_EXPAND_2(OCTET_EXPAND_2(__VA_ARGS__)))
#define OCTET_EXPAND_2(...) OCTET_EXPAND_1(OCTET_EXPAND_1(OCTET_EXPAND_1(__VA_ARGS__)))
#define OCTET_EXPAND_1(...) __VA_ARGS__
#define OCTET_PARENS ()
#define OCTET_VISIT_FIELDS(field, ...) \
  visit(#field, self.field);           \
  __VA_OPT__(OCTET_VISIT_AGAIN OCTET_PARENS (__VA_ARGS__))
#define OCTET_VISIT_AGAIN() OCTET_VISIT_FIELDS
// clang-format on

// OCTET_ATTRIBUTES(Type, fields...): the type's name, visit_fields(self, visit) which calls
// visit("name", reference) for every field, and equality.
#define OCTET_ATTRIBUTES(Type, ...) OCTET_NAMED_ATTRIBUTES(Type, #Type __VA_OPT__(, ) __VA_ARGS__)

// Likewise for a struct that cannot be called as its operation is.
#define OCTET_NAMED_ATTRIBUTES(Type, type_name, ...)                                      \
  static constexpr std::string_view kType = type_name;                                    \
  template <class Self, class Visit>                                                      \
  static void visit_fields([[maybe_unused]] Self& self, [[maybe_unused]] Visit&& visit) { \
    __VA_OPT__(OCTET_EXPAND(OCTET_VISIT_FIELDS(__VA_ARGS__)))                             \
  }                                                                                       \
  bool operator==(const Type&) const = default;
