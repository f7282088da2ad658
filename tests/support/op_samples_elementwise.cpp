// Samples of the element-wise operations.

#include <ATen/ATen.h>

#include <limits>

#include "tests/support/op_samples.h"

namespace octet {
namespace {

// Random values stay away from kinks by chance: a finite difference only sees one that is closer
// than its step of 1e-6.
struct UnaryRow {
  Attributes attributes;
  double low = -2;
  double high = 2;
  bool smooth = true;
};

std::vector<UnaryRow> unary_rows() {
  return {
      {ReLU{}},
      {ReLU6{}, -3, 9},
      {LeakyReLU{.alpha = 0.2F}},
      {ELU{.alpha = 1.5}},
      {SELU{}},
      {CReLU{}},
      {CELU{.alpha = 0.7}},
      {GELU{}},
      {Mish{}},
      {Sigmoid{}},
      {Tanh{}},
      {Swish{}},
      {HardSigmoid{}, -4, 4},
      {HardSwish{}, -5, 5},
      {HardTanh{}},
      {LogSigmoid{}},
      {SoftPlus{.beta = 2}},
      {SoftSign{}},
      {TanhShrink{}},
      {Sinc{}},
      {Clip{.min = -0.5, .max = 0.75}},
      {Softmax{.axis = 1}},
      {LogSoftmax{}},
      {Identity{}},
      {Abs{}},
      {Neg{}},
      {Exp{}},
      {Log{}, 0.2, 3},
      {Sqrt{}, 0.2, 3},
      {Reciprocal{}, 0.3, 2},
      {Erf{}},
      {Sin{}},
      {Cos{}},
      {Tan{}, -1, 1},
      {Sinh{}},
      {Cosh{}},
      {ASin{}, -0.9, 0.9},
      {ACos{}, -0.9, 0.9},
      {ATan{}},
      {ASinh{}},
      {ACosh{}, 1.2, 3},
      {ATanh{}, -0.9, 0.9},
      // Straight-through: the gradient is not the derivative.
      {.attributes = Sign{}, .smooth = false},
      {.attributes = Round{}, .smooth = false},
      {.attributes = Round{.round_mode = "HALF_TO_EVEN"}, .smooth = false},
      {.attributes = Cast{.dtype = "float64"}, .smooth = true},
      {.attributes = Cast{.dtype = "int8"}, .smooth = false},
      {.attributes = Ceil{}, .smooth = false},
      {.attributes = Floor{}, .smooth = false},
      {AddScalar{.val = 0.3}},
      {MulScalar{.val = -1.7}},
      {PowScalar{.val = 2.5}, 0.2, 2},
      {RSubScalar{.val = 0.3}},
      {RDivScalar{.val = 0.3}, 0.3, 2},
      {RPowScalar{.val = 1.5}},
      {MinimumScalar{.val = 0.2}},
      {MaximumScalar{.val = 0.2}},
      {.attributes = EqualScalar{.val = 0}, .smooth = false},
      {.attributes = NotEqualScalar{.val = 0}, .smooth = false},
      {.attributes = GreaterScalar{.val = 0}, .smooth = false},
      {.attributes = GreaterEqualScalar{.val = 0}, .smooth = false},
      {.attributes = LessScalar{.val = 0}, .smooth = false},
      {.attributes = LessEqualScalar{.val = 0}, .smooth = false},
      {.attributes = LogicalNot{}, .smooth = false},
      {.attributes = LogicalAndScalar{.val = true}, .smooth = false},
      {.attributes = LogicalOrScalar{.val = false}, .smooth = false},
      {.attributes = LogicalXorScalar{.val = true}, .smooth = false},
  };
}

void add_binary(SampleInputs& draw, std::vector<OpSample>& samples) {
  const Shape shape{2, 3, 4};
  for (const Attributes& attributes :
       {Attributes(Add2{}), Attributes(BcAdd2{}), Attributes(Sub2{}), Attributes(Mul2{}),
        Attributes(Maximum2{}), Attributes(Minimum2{}), Attributes(ATan2{})}) {
    samples.push_back({attributes, {draw.uniform(shape), draw.uniform(shape)}, {0, 1}, {0, 1}});
    samples.push_back({attributes, {draw.uniform(shape), draw.uniform({3, 1})}, {0}, {0, 1}});
  }
  samples.push_back({Div2{}, {draw.uniform(shape), draw.uniform({3, 1}, 0.5, 2)}, {0}, {0, 1}});
  samples.push_back({Power2{}, {draw.uniform(shape, 0.5, 2), draw.uniform({3, 1})}, {0}, {0, 1}});
  samples.push_back(
      {Div2{.truncate = true}, {draw.integers(shape, 9), draw.integers({3, 1}, 3) + 1}, {0}});
  samples.push_back({Mod2{}, {draw.integers(shape, 9) - 4, draw.integers({3, 1}, 3) + 1}, {0}});
  samples.push_back(
      {BitShift{},
       {draw.integers(shape, 256).to(at::kByte), draw.integers({3, 1}, 9).to(at::kByte)},
       {0}});
  samples.push_back(
      {BitShift{.bits = 16},
       {draw.integers(shape, 65536).to(at::kInt), draw.integers({3, 1}, 17).to(at::kInt)},
       {0}});
  samples.push_back({BitShift{.direction = "RIGHT", .bits = 32},
                     {draw.integers(shape, int64_t{1} << 32), draw.integers({3, 1}, 32)},
                     {0}});
  samples.push_back({BitShift{.bits = 64},
                     {draw.integers(shape, int64_t{1} << 40), draw.integers({3, 1}, 40)},
                     {0}});
  samples.push_back({DFT{.axis = 1}, {draw.uniform({2, 5, 3, 2})}, {0}, {0}});
  samples.push_back({DFT{.dft_length = 6, .onesided = true}, {draw.uniform({2, 5, 1})}, {0}, {0}});
  samples.push_back({DFT{.dft_length = 4, .inverse = true}, {draw.uniform({2, 5, 2})}, {0}, {0}});
  samples.push_back({Einsum{.equation = "b...i,ji->b...j"},
                     {draw.uniform({2, 3, 4}), draw.uniform({5, 4})},
                     {0},
                     {0, 1}});
  samples.push_back(
      {Einsum{.equation = "ij,jk"}, {draw.uniform({2, 3}), draw.uniform({3, 4})}, {0}, {0, 1}});
  samples.push_back({Mod2{}, {draw.uniform(shape, -5, 5), draw.uniform({3, 1}, 1, 2)}, {0}, {0}});
  for (const Attributes& attributes :
       {Attributes(Equal{}), Attributes(NotEqual{}), Attributes(Greater{}),
        Attributes(GreaterEqual{}), Attributes(Less{}), Attributes(LessEqual{}),
        Attributes(LogicalAnd{}), Attributes(LogicalOr{}), Attributes(LogicalXor{})}) {
    samples.push_back({attributes, {draw.bits(shape), draw.bits(shape)}, {0, 1}});
  }
}

at::Tensor with_non_finite(at::Tensor x) {
  x.view({-1})[0] = std::numeric_limits<float>::quiet_NaN();
  x.view({-1})[1] = std::numeric_limits<float>::infinity();
  return x;
}

void add_others(SampleInputs& draw, std::vector<OpSample>& samples) {
  const Shape shape{2, 3, 4};
  samples.push_back({AddN{},
                     {draw.uniform(shape), draw.uniform(shape), draw.uniform(shape)},
                     {0, 1, 2},
                     {0, 1, 2}});
  samples.push_back({MulN{},
                     {draw.uniform(shape), draw.uniform(shape), draw.uniform(shape)},
                     {0, 1, 2},
                     {0, 1, 2}});
  samples.push_back(
      {Where{}, {draw.bits({2, 3}), draw.uniform(shape), draw.uniform(shape)}, {0, 1, 2}, {1, 2}});
  samples.push_back({Where{.broadcast = true},
                     {draw.bits({2, 1, 4}), draw.uniform(shape), draw.uniform({3, 1})},
                     {0, 1},
                     {1, 2}});
  for (const Attributes& attributes : {Attributes(IsNaN{}), Attributes(IsInf{}),
                                       Attributes(ResetNaN{.val = 1}), Attributes(ResetInf{})}) {
    samples.push_back({attributes, {with_non_finite(draw.uniform(shape))}, {0}});
  }
  samples.push_back({Dropout{.p = 0.3}, {draw.uniform({8, 8})}, {0}, {0}});
  samples.push_back({Dropout{.p = 0.5, .seed = 3}, {draw.uniform({8, 8})}, {0}, {0}});
  samples.push_back({ClipGradByValue{},
                     {draw.uniform(shape), draw.uniform({3, 4}, -1, 0), draw.uniform({1}, 0, 1)},
                     {0}});
  samples.push_back(
      {ClipGradByNorm{.clip_norm = 0.5F, .axes = {1, 2}}, {draw.uniform(shape)}, {0}});
}

}  // namespace

std::vector<OpSample> elementwise_samples() {
  SampleInputs draw;
  std::vector<OpSample> samples;
  for (const UnaryRow& row : unary_rows()) {
    samples.push_back({row.attributes, {draw.uniform({2, 3, 4}, row.low, row.high)}, {0}});
    if (row.smooth) samples.back().gradients = {0};
  }
  add_binary(draw, samples);
  add_others(draw, samples);
  return samples;
}

}  // namespace octet
