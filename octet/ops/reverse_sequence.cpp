#include "octet/ops/reverse_sequence.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/index_checks.h"
#include "octet/ops/op_types.h"

namespace octet {

OutputTypes infer(const ReverseSequence& op, InputTypes inputs) {
  const Shape& x = inputs[0].shape;
  const Shape& lengths = inputs[1].shape;
  const int64_t batch = normalize_axis(op.batch_axis, x.rank(), op.kType);
  const int64_t time = normalize_axis(op.time_axis, x.rank(), op.kType);
  OCTET_CHECK(batch != time, op.kType, "batch_axis {} and time_axis {} must differ", op.batch_axis,
              op.time_axis);
  OCTET_CHECK(lengths.rank() == 1 && extents_agree(lengths[0], x[batch]), op.kType,
              "lengths {} must be one for each of the sequences on axis {} of {}",
              to_string(lengths), batch, to_string(x));
  return {{inputs[0].dtype, x, {}}};
}

OutputTensors forward(const ReverseSequence& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor x = inputs[0].movedim({op.batch_axis, op.time_axis}, {0, 1});
  const int64_t steps = x.size(1);
  const at::Tensor lengths =
      checked_integers(inputs[1], 0, steps, "length", location(context, op.kType)).unsqueeze(1);
  const at::Tensor time = at::arange(steps, lengths.options());
  const at::Tensor source = at::where(time.lt(lengths), lengths - 1 - time, time);
  Shape along(static_cast<size_t>(x.dim()), 1);
  along[0] = x.size(0);
  along[1] = steps;
  const at::Tensor y = x.gather(1, source.reshape(along).expand_as(x));
  return {y.movedim({0, 1}, {op.batch_axis, op.time_axis})};
}

}  // namespace octet
