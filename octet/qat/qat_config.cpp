#include "octet/qat/qat_config.h"

#include <cmath>

#include "octet/base/error.h"

namespace octet {
namespace {

constexpr std::string_view kWhere = "QATConfig";

}  // namespace

void QATConfig::validate() const {
  QuantizationConfig::validate();
  check_target(*this, target);
  OCTET_CHECK(niter_to_recording >= 0, kWhere,
              "niter_to_recording {} is negative; write 0 to record from the first step",
              niter_to_recording);
  OCTET_CHECK(niter_to_training > niter_to_recording, kWhere,
              "niter_to_training {} does not leave a step for RECORDING, which begins at {}; write "
              "at least {}",
              niter_to_training, niter_to_recording, niter_to_recording + 1);
  OCTET_CHECK(std::isfinite(learning_rate_scale) && learning_rate_scale > 0, kWhere,
              "learning_rate_scale {} must be positive; write 1 to leave the learning rate alone",
              learning_rate_scale);
}

QATTensorRTConfig::QATTensorRTConfig() {
  target = Target::TENSORRT;
  channel_wise = true;
  skip_bias = true;
  bn_folding = true;
  bn_self_folding = true;
  residual_fusion = true;
  recorder_activation = RecorderSpec::min_max_mva();
  record_layers = {"Convolution", "DepthwiseConvolution",   "Deconvolution",
                   "Affine",      "DepthwiseDeconvolution", "BatchMatmul",
                   "Add2",        "AveragePooling",         "GlobalAveragePooling"};
  skip_inputs_layers = {};
  skip_outputs_layers = {};
}

QATOnnxRuntimeConfig::QATOnnxRuntimeConfig() {
  target = Target::ONNXRUNTIME;
  dtype = DType::kUInt8;
  zero_point = true;
  channel_wise = true;
  bn_folding = true;
  bn_self_folding = true;
  recorder_activation = RecorderSpec::min_max_mva();
  recorder_position = RecorderPosition::BOTH;
  skip_inputs_layers = {};
  skip_outputs_layers = {};
}

QATConfig qat_preset(std::string_view name) {
  if (name == "default") return QATConfig();
  if (name == "tensorrt") return QATTensorRTConfig();
  if (name == "onnxruntime") return QATOnnxRuntimeConfig();
  throw_error("preset", "'{}' is not one of default, tensorrt, onnxruntime", name);
}

}  // namespace octet
