// The configuration of quantization-aware training: what to quantize and how (QuantizationConfig),
// for whom (target), and when (the schedule). Field names are NNabla's where it has the field.
#pragma once

#include <set>
#include <string>

#include "octet/passes/quantization_config.h"
#include "octet/targets/target.h"

namespace octet {

struct QATConfig : QuantizationConfig {
  Target target = Target::DEFAULT;

  // The step() calls (counted from 0) at which RECORDING and TRAINING begin.
  int64_t niter_to_recording = 1;
  int64_t niter_to_training = 101;
  // The solver's learning rate is multiplied by this once, when TRAINING begins.
  double learning_rate_scale = 0.1;
  // Go on training the weights while ranges are recorded; otherwise they rest.
  bool train_in_recording = false;

  // Throws Error "[QATConfig] ..." for the first value that makes no sense, saying what to write.
  void validate() const;
};

// For TensorRT: symmetric int8 with zero points of 0, one scale per output channel of a weight,
// float biases, Q/DQ on the inputs of layers with weights and of pooling; of a residual addition
// the branch that comes straight from a convolution stays float, so that both run as one kernel.
struct QATTensorRTConfig : QATConfig {
  QATTensorRTConfig();
};

// For ONNX Runtime on x86-64: uint8 activations with a zero point, int8 weights per channel, int32
// biases, Q/DQ on inputs and outputs, so that its integer kernels form.
struct QATOnnxRuntimeConfig : QATConfig {
  QATOnnxRuntimeConfig();
};

// "default", "tensorrt" or "onnxruntime".
QATConfig qat_preset(std::string_view name);

// Calls visit(name, reference) for every field; what reading and writing of config files go by.
template <class Config, class Visit>
void visit_config_fields(Config& config, Visit&& visit) {
  visit("bn_folding", config.bn_folding);
  visit("bn_self_folding", config.bn_self_folding);
  visit("bn_folding_keep_step", config.bn_folding_keep_step);
  visit("bn_folding_limit", config.bn_folding_limit);
  visit("dtype", config.dtype);
  visit("bits", config.bits);
  visit("bits_weight", config.bits_weight);
  visit("narrow_range", config.narrow_range);
  visit("round_mode", config.round_mode);
  visit("pow2", config.pow2);
  visit("zero_point", config.zero_point);
  visit("channel_wise", config.channel_wise);
  visit("ste", config.ste);
  visit("skip_bias", config.skip_bias);
  visit("recorder_activation", config.recorder_activation);
  visit("recorder_weight", config.recorder_weight);
  visit("recorder_position", config.recorder_position);
  visit("record_layers", config.record_layers);
  visit("skip_inputs_layers", config.skip_inputs_layers);
  visit("skip_outputs_layers", config.skip_outputs_layers);
  visit("include", config.include);
  visit("exclude", config.exclude);
  visit("residual_fusion", config.residual_fusion);
  visit("activation_fusion", config.activation_fusion);
  visit("precision_mode", config.precision_mode);
  visit("target", config.target);
  visit("niter_to_recording", config.niter_to_recording);
  visit("niter_to_training", config.niter_to_training);
  visit("learning_rate_scale", config.learning_rate_scale);
  visit("train_in_recording", config.train_in_recording);
}

// Sets the fields that the TOML file names on top of `config`. Throws Error (FileError if it cannot
// be read) "[path] ..." for bad syntax, an unknown key, or a value of the wrong kind. A recorder is
// a name ("AbsMax") or a table { name = "Percentile", percent = 99.9 }. Returns the fields that the
// file names.
std::set<std::string> read_config_file(const std::string& path, QATConfig& config);
// The whole config as TOML text; read_config_text gives the same config again.
std::string config_to_toml(const QATConfig& config);
std::set<std::string> read_config_text(std::string_view toml, std::string_view where,
                                       QATConfig& config);

}  // namespace octet
