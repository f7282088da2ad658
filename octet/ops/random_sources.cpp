#include "octet/ops/random_sources.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/base/random.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

OutputTypes infer_source(std::string_view type, const Shape& shape) {
  for (const int64_t extent : shape) {
    OCTET_CHECK(extent >= 0, type, "shape {} must be known", to_string(shape));
  }
  return {{DType::kFloat32, shape, {}}};
}

// draw(tensor, generator) fills the tensor.
template <class Source, class Draw>
OutputTensors drawn(const Source& op, ForwardContext& context, Draw draw) {
  RandomState own(op.seed >= 0 ? static_cast<uint64_t>(op.seed) : 0);
  RandomState& random = op.seed >= 0 ? own : *context.random;
  at::Tensor values =
      at::empty(op.shape, at::TensorOptions().dtype(at::kFloat).device(context.device));
  draw(values, random.generator(context.device));
  return {values};
}

}  // namespace

OutputTypes infer(const Rand& op, InputTypes) {
  OCTET_CHECK(op.low <= op.high, op.kType, "low {} is above high {}", op.low, op.high);
  return infer_source(op.kType, op.shape);
}

OutputTensors forward(const Rand& op, InputTensors, ForwardContext& context) {
  return drawn(op, context, [&](at::Tensor& y, const at::Generator& generator) {
    y.uniform_(op.low, op.high, generator);
  });
}

OutputTypes infer(const Randint& op, InputTypes) {
  OCTET_CHECK(op.low < op.high, op.kType, "low {} is not below high {}", op.low, op.high);
  return infer_source(op.kType, op.shape);
}

OutputTensors forward(const Randint& op, InputTensors, ForwardContext& context) {
  return drawn(op, context, [&](at::Tensor& y, const at::Generator& generator) {
    y.random_(op.low, op.high, generator);
  });
}

OutputTypes infer(const Randn& op, InputTypes) {
  OCTET_CHECK(op.sigma >= 0, op.kType, "sigma {} is negative", op.sigma);
  return infer_source(op.kType, op.shape);
}

OutputTensors forward(const Randn& op, InputTensors, ForwardContext& context) {
  return drawn(op, context, [&](at::Tensor& y, const at::Generator& generator) {
    y.normal_(op.mu, op.sigma, generator);
  });
}

}  // namespace octet
