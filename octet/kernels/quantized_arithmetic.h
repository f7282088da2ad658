// Functions of 8-bit integers with scales of their own, element by element, exactly as
// octet/ops/quantized_arithmetic.h defines them: the real numbers (q - zero_point) * scale, their
// sum, difference or product, the activation, clamp(round(... / y_scale) + zero_point), all in
// float32. Vectorized, and the same to the bit on every processor and for any number of threads.
//
// `output` as in requantization.h with six = 6 in real numbers; its multiplier is not used, and its
// qmin and qmax say whether y is int8 or uint8. passes: as in quantize.h, null if not wanted.
#pragma once

#include "octet/kernels/moves.h"
#include "octet/kernels/quantize.h"

namespace octet::kernels {

enum class BinaryFunction : uint8_t { kAdd, kSub, kMul };

void quantized_binary(BinaryFunction function, const QuantizedOperand& a, const QuantizedOperand& b,
                      const Requantization& output, float y_scale, int64_t count, void* y,
                      uint8_t* passes);

// Blocks of eight channels of images, and of values that count for all pixels of a channel: of as
// many images, or of one for all of them.
struct ChannelBlocks {
  int64_t images = 1;    // blocks of all images
  int64_t channels = 1;  // of the values
  int64_t pixels = 1;
};

// The same of images (N, C, H, W) and values (N, C, 1, 1) or (1, C, 1, 1). The image is the first
// operand.
void quantized_binary_of_channels(BinaryFunction function, const QuantizedOperand& image,
                                  const QuantizedOperand& channels, const Requantization& output,
                                  float y_scale, const ChannelBlocks& blocks, void* y,
                                  uint8_t* passes);

// Of one operand as it is.
void change_scale(const QuantizedOperand& x, const Requantization& output, float y_scale,
                  int64_t count, void* y, uint8_t* passes);

// The same of pieces of memory; the gradient bits of each begin at a byte of their own, piece after
// piece.
void change_scale(const QuantizedOperand& x, const Requantization& output, float y_scale,
                  const Pieces& pieces, void* y, uint8_t* passes);

// The gradients of the integers of a product: da = passes ? dy / y_scale * b * a.scale : 0, with b
// a real number, and db likewise. Either may be null, and da or db may be dy.
void product_gradients(const float* dy, const uint8_t* passes, float y_scale,
                       const QuantizedOperand& a, const QuantizedOperand& b, int64_t count,
                       float* da, float* db);

}  // namespace octet::kernels
