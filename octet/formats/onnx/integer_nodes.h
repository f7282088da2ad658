// What the exporters of integer functions share: qparams as ONNX wants them, and how sums and real
// numbers become integers again.
//
// The nodes compute operation by operation what octet/ops/integer_output.h defines, so that every
// runtime that follows ONNX gives the same integers. Real numbers, (q - zero_point) * scale, are
// made by Cast, Sub and Mul: ONNX Runtime fuses a DequantizeLinear on each operand of an Add and
// the QuantizeLinear behind it into a function of its own that rounds otherwise.
#pragma once

#include <ATen/core/Tensor.h>

#include "octet/formats/onnx/layer_exporter.h"
#include "octet/ops/integer_output.h"

namespace octet {

// Whole numbers that are known when the file is written: a parameter, or one behind a
// QuantizeLinear with constant scale. Undefined for any other value.
at::Tensor constant_integers(ExportedValues& values, VariableId id);

class IntegerNodes {
 public:
  // y_scale: where the function's output scale stands among its inputs; the zero point is behind
  // it. Throws Error, naming the layer, for numbers that ONNX cannot express.
  IntegerNodes(LayerExporter& layer, const IntegerOutput& output, size_t y_scale);

  // Parameter `index` as float32, flat.
  at::Tensor value(size_t index) const;
  // Without dimensions, or of one where it has several values.
  Name scale(size_t index);
  Name zero_point(size_t index, DType dtype);
  // That of the integers `x`, whose scale and zero point are behind it.
  Name zero_point_of(size_t x) { return zero_point(x + 2, layer_.type(x).dtype); }
  // Throws Error unless the input is int8 or uint8, as ONNX's integer operators take it.
  void check_small(size_t x) const;

  // x - zero_point, and that times the scale, in float32.
  Name centred(size_t x);
  Name centred(const Name& x, size_t zero_point);
  Name real(size_t x);

  // The function's integers of accumulators: int32 as they are where it gives these, else times
  // `multiplier` (float32, broadcasts), rounded and clamped.
  Name of_accumulators(const Name& acc, const at::Tensor& multiplier);
  // Likewise of sums that are multiplied already. The function's scale is noted, since no node has
  // it.
  Name of_steps(const Name& steps);
  Name of_real(const Name& real);
  Name y_scale() { return scale(y_scale_); }
  Name y_zero_point() { return zero_point(y_scale_ + 1, format_.dtype); }
  // The bounds that the activation, fewer bits or a narrow range set to integers.
  Name clamped(const Name& y);
  bool gives_accumulators() const { return format_.dtype == DType::kInt32; }

 private:
  void check_constant(size_t index) const;
  // A scale or zero point as float32, in its own shape.
  Name real_qparam(size_t index);

  LayerExporter& layer_;
  const IntegerOutput& output_;
  QuantFormat format_;
  size_t y_scale_;
};

}  // namespace octet
