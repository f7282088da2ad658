// What the program that will run the quantized network can take.
#pragma once

#include <string_view>

#include "octet/passes/quantization_config.h"

namespace octet {

enum class Target : uint8_t {
  DEFAULT,      // Octet itself: everything
  NNABLA,       // NNabla's own runtime
  TENSORRT,     // explicit Q/DQ networks of TensorRT
  ONNXRUNTIME,  // the CPU provider of ONNX Runtime
};
std::string_view to_string(Target target);
// Letters in either case. An unknown word is an Error that lists the allowed ones.
Target parse_target(std::string_view text);

// Throws Error "[QATConfig] ..." for the first thing that the target cannot do, saying what to
// write instead.
void check_target(const QuantizationConfig& config, Target target);

}  // namespace octet
