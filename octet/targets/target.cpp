#include "octet/targets/target.h"

#include <algorithm>
#include <array>

#include "octet/base/error.h"
#include "octet/base/words.h"
#include "octet/targets/target_rules.h"

namespace octet {
namespace {

// Octet itself computes whatever the graph says. NNabla: QuantizeLinear and DequantizeLinear are
// arithmetic on floats, in which scales broadcast; it has bounds for int8 and uint8. TensorRT:
// symmetric int8 alone, no int32 bias behind a DequantizeLinear; it fuses a layer with the
// activation behind it, and a convolution with the addition of a residual block if the
// convolution's own branch stays unquantized ("Working with Quantized Types" in its documentation).
// ONNX Runtime: an integer kernel forms of a layer with pairs on all of its inputs and outputs; on
// x86-64 the ones for uint8 activations are several times as fast as those for int8.
constexpr std::array kRules{
    TargetRules{.target = Target::DEFAULT,
                .name = "default",
                .per_channel_weights = true,
                .per_channel_activations = true,
                .asymmetric = true,
                .uint8 = true,
                .int16 = true,
                .int32_bias = true,
                .fewer_bits = true,
                .half_away = true,
                .narrow_range = true,
                .computed_scales = true,
                .integer_functions = true},
    TargetRules{.target = Target::NNABLA,
                .name = "nnabla",
                .per_channel_weights = true,
                .per_channel_activations = true,
                .asymmetric = true,
                .uint8 = true,
                .half_away = true,
                .narrow_range = true,
                .nnabla_functions = true},
    TargetRules{.target = Target::TENSORRT,
                .name = "tensorrt",
                .per_channel_weights = true,
                .both_operands = true,
                .fused_activations = true,
                .fused_residuals = true},
    TargetRules{.target = Target::ONNXRUNTIME,
                .name = "onnxruntime",
                .per_channel_weights = true,
                .asymmetric = true,
                .uint8 = true,
                .int32_bias = true,
                .integer_functions = true,
                .both_operands = true,
                .quantized_outputs = true,
                .quantized_biases = true,
                .uint8_is_faster = true},
};

}  // namespace

const TargetRules& rules_of(Target target) {
  return kRules[static_cast<size_t>(target)];
}

std::string_view to_string(Target target) {
  return rules_of(target).name;
}

Target parse_target(std::string_view text) {
  std::array<Word<Target>, kRules.size()> words;
  std::ranges::transform(kRules, words.begin(), [](const TargetRules& rules) {
    return Word<Target>{rules.target, rules.name};
  });
  return parse_word(words, text, "target");
}

void check_target(const QuantizationConfig& config, Target target) {
  const TargetRules& rules = rules_of(target);
  const auto require = [&](bool holds, std::string_view what, std::string_view instead) {
    OCTET_CHECK(holds, "QATConfig", "target {} cannot take {}; write {}", rules.name, what,
                instead);
  };
  require(rules.per_channel_weights || !config.channel_wise, "channel_wise weights",
          "channel_wise = false");
  require(rules.asymmetric || !config.zero_point, "a zero point", "zero_point = false");
  require(rules.uint8 || config.dtype == DType::kInt8, "uint8 activations", "dtype = int8");
  require(rules.int32_bias || config.skip_bias, "int32 biases", "skip_bias = true");
  require(rules.fewer_bits || (config.bits == 8 && config.bits_weight == 8), "fewer than 8 bits",
          "bits = 8 and bits_weight = 8");
  require(rules.half_away || config.round_mode == RoundMode::HALF_TO_EVEN,
          "rounding HALF_AWAY_FROM_ZERO", "round_mode = HALF_TO_EVEN");
  require(rules.narrow_range || !config.narrow_range, "a narrow range", "narrow_range = false");
  require(rules.integer_functions || config.precision_mode == PrecisionMode::SIM_QNN,
          "integer functions", "precision_mode = SIM_QNN");
}

}  // namespace octet
