// What to quantize and how: the part of QATConfig that passes read. Field names and defaults follow
// NNabla's QATConfig where it has the field.
#pragma once

#include <string>
#include <vector>

#include "octet/base/qparams.h"
#include "octet/quant/recorder_spec.h"

namespace octet {

// Which values of a recorded layer get a recorder, and later a Quantize/Dequantize pair.
enum class RecorderPosition : uint8_t {
  BEFORE,  // the inputs
  BOTH,    // inputs and outputs
};
std::string_view to_string(RecorderPosition position);
// Letters in either case. An unknown word is an Error that lists the allowed ones.
RecorderPosition parse_recorder_position(std::string_view text);

// What the network computes in TRAINING.
enum class PrecisionMode : uint8_t {
  SIM_QNN,    // Quantize/Dequantize pairs around float functions
  QNN,        // integer functions throughout
  MIXED_QNN,  // integer functions where there are any
};
std::string_view to_string(PrecisionMode mode);
// Likewise.
PrecisionMode parse_precision_mode(std::string_view text);

struct QuantizationConfig {
  // ---- batch normalization ------------------------------------------------------------------
  // Fold batch normalization into the layer before it, else into the layer after it where that is
  // exact (no zero padding).
  bool bn_folding = false;
  // Replace what is left by x * a + b.
  bool bn_self_folding = false;
  // A folded weight a * W moves by a times what W would have moved, so that a learning rate means
  // the same before and after folding. Otherwise, as in NNabla, it moves by its own gradient: 1 / a
  // times as far, 1 / a^2 times relative to its size, and training diverges where a is small.
  bool bn_folding_keep_step = true;
  // Where one scale serves a whole folded weight that is quantized: a channel's largest weight is
  // at most this many times the median channel's. What would be larger is folded as if its variance
  // were larger: its mean stays, its deviations shrink. Such a channel hardly varies in front of
  // the normalization, and at its full size it would leave its neighbours no quantization steps. 0:
  // no bound (NNabla).
  double bn_folding_limit = 16;

  // ---- numbers ------------------------------------------------------------------------------
  // Activations. Weights are always signed (int8, or fewer bits) and symmetric.
  DType dtype = DType::kInt8;  // kInt8 or kUInt8
  int bits = 8;                // of activations, 2 to 8
  int bits_weight = 8;         // of weights, 2 to 8
  bool narrow_range = false;
  RoundMode round_mode = RoundMode::HALF_TO_EVEN;
  Pow2 pow2 = Pow2::NOTROUND;
  // Asymmetric activations: a zero point, so that the range need not be centred on 0.
  bool zero_point = false;
  // One scale for each output channel of a weight.
  bool channel_wise = false;
  Ste ste = Ste::CLIPPED;
  // Leave biases float. Otherwise they become int32 with scale scale_x * scale_w.
  bool skip_bias = false;

  // ---- recorders ----------------------------------------------------------------------------
  RecorderSpec recorder_activation = RecorderSpec::max_mva();
  RecorderSpec recorder_weight = RecorderSpec::min_max_min_max();
  RecorderPosition recorder_position = RecorderPosition::BEFORE;

  // ---- which layers -------------------------------------------------------------------------
  // Types to quantize; empty: all that can be.
  std::vector<std::string> record_layers;
  // The first layers of these types, counted from the network's inputs, stay float.
  std::vector<std::string> skip_inputs_layers{"Convolution", "Deconvolution"};
  // The last layers of these types, counted from its outputs, stay float.
  std::vector<std::string> skip_outputs_layers{"Affine"};
  // Patterns of layer names (* and ?): if `include` is not empty only layers that match it are
  // quantized; of those, `exclude` leaves out its matches.
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  // Of an Add2 that ends a residual block, leave the branch that comes straight from a convolution
  // with no other reader unquantized: a backend then adds it in the convolution's accumulator.
  bool residual_fusion = false;
  // What only a ReLU or ReLU6 reads, and a layer with weights, an addition or a batch normalization
  // makes, stays float: the activation is a bound of the integer layer. Otherwise, as in NNabla, it
  // is quantized once more in front of the activation.
  bool activation_fusion = true;

  // ---- how they compute ---------------------------------------------------------------------
  PrecisionMode precision_mode = PrecisionMode::SIM_QNN;

  // Throws Error "[QATConfig] ..." for the first value that makes no sense, saying what to write.
  void validate() const;

  QuantFormat activation_format() const { return {dtype, bits, narrow_range}; }
  QuantFormat weight_format() const { return {DType::kInt8, bits_weight, narrow_range}; }
};

}  // namespace octet
