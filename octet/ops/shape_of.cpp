#include "octet/ops/shape_of.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

struct Span {
  int64_t begin;
  int64_t end;
};

Span span_of(const ShapeOf& op, int64_t rank) {
  const auto position = [&](int64_t p) {
    return std::clamp<int64_t>(p < 0 ? p + rank : p, 0, rank);
  };
  return {position(op.start), op.end == 0 ? rank : position(op.end)};
}

}  // namespace

OutputTypes infer(const ShapeOf& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const Span span = span_of(op, x.rank());
  OCTET_CHECK(span.begin < span.end, op.kType, "start {} and end {} leave nothing of {}", op.start,
              op.end, to_string(x));
  return {{DType::kInt64, {span.end - span.begin}, {}}};
}

OutputTensors forward(const ShapeOf& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor& x = inputs[0];
  const Span span = span_of(op, x.dim());
  const at::Tensor sizes = at::tensor(x.sizes().slice(span.begin, span.end - span.begin));
  return {sizes.to(x.device())};
}

}  // namespace octet
