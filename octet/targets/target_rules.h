// What each target can take and how it wants a network quantized: one row per target. The
// configuration (check_target), a finished network (check_graph) and the explanation of its layers
// (explain_layers) all go by this table.
#pragma once

#include <string_view>

#include "octet/targets/target.h"

namespace octet {

struct TargetRules {
  Target target;
  std::string_view name;

  // ---- what the target takes; anything else it refuses or computes differently ----------------
  bool per_channel_weights = false;      // one scale per output channel of a weight
  bool per_channel_activations = false;  // scales along an axis of any other value
  bool asymmetric = false;               // zero points other than 0
  bool uint8 = false;                    // activations
  bool int16 = false;
  bool int32_bias = false;
  bool fewer_bits = false;       // than 8
  bool half_away = false;        // rounding HALF_AWAY_FROM_ZERO
  bool narrow_range = false;     // where values reach the integer that it leaves out
  bool computed_scales = false;  // scales that the network itself computes (LearnedScale)
  // Octet's integer functions, whose arithmetic is ONNX Runtime's too.
  bool integer_functions = false;
  // It runs NNabla's functions alone, with their arguments, and knows of integers only where
  // QuantizeLinear makes them: stored ones are numbers like any other.
  bool nnabla_functions = false;

  // ---- where it wants Q/DQ pairs; anything else runs, but in float or slower ------------------
  bool both_operands = false;      // of a layer with weights: its data and its weight, or neither
  bool quantized_outputs = false;  // behind a quantized layer, so that its integer kernel forms
  bool quantized_biases = false;   // int32 with the scale of the accumulator, for the same
  bool fused_activations =
      false;  // no pair between a layer with weights and the activation behind it
  bool fused_residuals =
      false;  // of a residual addition, only the operand that no convolution can fuse
  bool uint8_is_faster = false;  // than int8 activations
};

const TargetRules& rules_of(Target target);

}  // namespace octet
