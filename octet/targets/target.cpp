#include "octet/targets/target.h"

#include <array>

#include "octet/base/error.h"

namespace octet {
namespace {

struct TargetRules {
  Target target;
  std::string_view name;
  bool per_channel_weights;
  bool asymmetric;  // activations with a zero point
  bool uint8;       // activations
  bool int32_bias;
  bool fewer_bits;         // than 8
  bool integer_functions;  // with Octet's arithmetic, which is ONNX Runtime's too
};

// TensorRT: symmetric int8 alone, and no int32 bias behind a DequantizeLinear. NNabla: the
// recorders and the runtimes behind it know one scale per tensor.
constexpr std::array kRules{
    TargetRules{Target::DEFAULT, "default", true, true, true, true, true, true},
    TargetRules{Target::NNABLA, "nnabla", false, true, true, false, false, false},
    TargetRules{Target::TENSORRT, "tensorrt", true, false, false, false, false, false},
    TargetRules{Target::ONNXRUNTIME, "onnxruntime", true, true, true, true, false, true},
};

const TargetRules& rules_of(Target target) {
  return kRules[static_cast<size_t>(target)];
}

}  // namespace

std::string_view to_string(Target target) {
  return rules_of(target).name;
}

Target parse_target(std::string_view text) {
  for (const TargetRules& rules : kRules) {
    if (rules.name == text) return rules.target;
  }
  throw_error("target", "'{}' is not one of default, nnabla, tensorrt, onnxruntime", text);
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
  require(rules.integer_functions || config.precision_mode == PrecisionMode::SIM_QNN,
          "integer functions", "precision_mode = SIM_QNN");
}

}  // namespace octet
