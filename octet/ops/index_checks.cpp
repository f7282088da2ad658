#include "octet/ops/index_checks.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"

namespace octet {
namespace {

struct Integers {
  at::Tensor values;  // int64
  int64_t least = 0;
};

// `low` to `high` are allowed; `meaning` ends the message.
Integers integers_between(const at::Tensor& given, int64_t low, int64_t high, std::string_view name,
                          std::string_view meaning, const std::string& where) {
  Integers result{given.detach().to(at::kLong)};
  if (given.numel() == 0) return result;
  const auto [least, most] = at::aminmax(result.values);
  at::Tensor summary = at::stack({least, most, at::zeros_like(least)});
  if (given.is_floating_point()) {
    summary[2] = given.detach().ne(result.values).any();
  }
  summary = summary.cpu();  // one transfer for all three
  result.least = summary[0].item<int64_t>();
  if (result.least >= low && summary[1].item<int64_t>() <= high &&
      summary[2].item<int64_t>() == 0) {
    return result;
  }
  const at::Tensor flat = given.detach().flatten();
  const at::Tensor integers = result.values.flatten();
  const at::Tensor wrong =
      integers.lt(low).logical_or(integers.gt(high)).logical_or(flat.ne(integers));
  const int64_t position = wrong.nonzero()[0].item<int64_t>();
  throw_error(where, "{} {} at position {} {}", name, flat[position].item<double>(), position,
              meaning);
}

}  // namespace

std::string location(const ForwardContext& context, std::string_view type) {
  return context.where.empty() ? std::string(type) : fmt::format("{}: {}", context.where, type);
}

at::Tensor checked_integers(const at::Tensor& given, int64_t low, int64_t high,
                            std::string_view name, const std::string& where) {
  return integers_between(given, low, high, name,
                          fmt::format("is not an integer between {} and {}", low, high), where)
      .values;
}

at::Tensor checked_indices(const at::Tensor& indices, int64_t extent, const std::string& where) {
  const Integers integers = integers_between(
      indices, -extent, extent - 1, "index",
      fmt::format("is not an integer between -{} and {}", extent, extent - 1), where);
  if (integers.least >= 0) return integers.values;
  return at::where(integers.values.lt(0), integers.values + extent, integers.values);
}

ClassLabels checked_labels(const at::Tensor& labels, int64_t classes, const std::string& where) {
  const Integers integers = integers_between(
      labels, -1, classes - 1, "label",
      fmt::format("is not one of the {} classes, 0 to {}, nor -1 for none", classes, classes - 1),
      where);
  if (integers.least >= 0) return {integers.values, {}};
  return {integers.values.clamp_min(0), integers.values.lt(0)};
}

int64_t check_label_shape(std::string_view type, InputTypes inputs, int64_t axis) {
  const Shape& x = inputs[0].shape;
  const Shape& target = inputs[1].shape;
  axis = normalize_axis(axis, x.rank(), type);
  bool fits = target.rank() == x.rank();
  for (int64_t i = 0; fits && i < x.rank(); ++i) {
    fits = extents_agree(target[i], i == axis ? 1 : x[i]);
  }
  OCTET_CHECK(fits, type, "target {} must be the input {} with extent 1 at axis {}",
              to_string(target), to_string(x), axis);
  return axis;
}

}  // namespace octet
