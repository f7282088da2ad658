#include "octet/ops/recorder.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/ops/op_types.h"
#include "octet/quant/recorder.h"

namespace octet {

RecorderSpec spec_of(const Recorder& op) {
  RecorderSpec spec = recorder_spec(op.recorder);
  spec.decay = op.decay;
  spec.bias_correction = op.bias_correction;
  spec.percent = op.percent;
  return spec;
}

Recorder recorder_for(const RecorderSpec& spec, int64_t axis, bool observe) {
  Recorder op;
  op.recorder = name_of(spec);
  op.decay = spec.decay;
  op.bias_correction = spec.bias_correction;
  op.percent = spec.percent;
  op.axis = axis;
  op.observe = observe;
  return op;
}

OutputTypes infer(const Recorder& op, InputTypes inputs) {
  const RecorderSpec spec = spec_of(op);
  validate(spec, op.kType);
  const size_t states = recorder_state(spec, 0).size();
  OCTET_CHECK(inputs.size() == 1 + states, op.kType, "{} has {} state inputs, got {}", op.recorder,
              states, inputs.size() - 1);
  if (op.axis != -1) normalize_axis(op.axis, inputs[0].shape.rank(), op.kType);
  return {inputs[0]};
}

OutputTensors forward(const Recorder& op, InputTensors inputs, ForwardContext& context) {
  if (op.observe) {
    observe(spec_of(op), inputs.subspan(1), inputs[0].detach(), op.axis, context.where);
  }
  return {inputs[0]};
}

}  // namespace octet
