#include "octet/plan/steps/float_affine_step.h"

#include <algorithm>

#include "octet/kernels/onednn/matrix_product.h"
#include "octet/plan/stopwatch.h"

namespace octet::plan {

namespace {

using kernels::MatrixProduct;

constexpr size_t kX = 0, kW = 1, kBias = 2;

// x: (rows, columns); w: (columns, outputs); y: (rows, outputs).
class FloatAffineStep : public Step {
 public:
  FloatAffineStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                  std::vector<ValueId> outputs)
      : Step(std::move(name), std::move(inputs), std::move(outputs)) {
    const Value& y = builder.value(this->outputs()[0]);
    columns_ = builder.value(this->inputs()[kW]).shape[0];
    rows_ = builder.value(this->inputs()[kX]).elements() / columns_;
    outputs_ = y.elements() / rows_;
    has_bias_ = this->inputs().size() > kBias;
    product_.emplace(rows_, columns_, outputs_, MatrixProduct::Options{.bias = has_bias_});
    if (!y.needs_gradient) return;
    product_dx_.emplace(rows_, outputs_, columns_, MatrixProduct::Options{.transposed_b = true});
    product_dw_.emplace(columns_, rows_, outputs_, MatrixProduct::Options{.transposed_a = true});
    memory.saved = {this->inputs()[kX], this->inputs()[kW]};
  }

  std::string kernel() const override { return "onednn:f32"; }
  int64_t multiply_accumulates() const override { return rows_ * columns_ * outputs_; }

  void forward() override {
    const Timed timed(primitive_seconds_);
    product_->run(input(kX).floats(), input(kW).floats(),
                  has_bias_ ? input(kBias).floats() : nullptr, output().floats());
  }

  void backward() override {
    const float* dy = output().gradient;
    if (float* dx = input_gradient(kX)) {
      const Timed timed(primitive_seconds_);
      product_dx_->run(dy, input(kW).floats(), nullptr, dx);
    }
    if (float* dw = input_gradient(kW)) {
      const Timed timed(primitive_seconds_);
      product_dw_->run(input(kX).floats(), dy, nullptr, dw);
    }
    float* dbias = has_bias_ ? input_gradient(kBias) : nullptr;
    if (dbias == nullptr) return;
    std::copy_n(dy, outputs_, dbias);
    for (int64_t row = 1; row < rows_; ++row) {
      for (int64_t i = 0; i < outputs_; ++i) dbias[i] += dy[row * outputs_ + i];
    }
  }

 private:
  int64_t rows_ = 0, columns_ = 0, outputs_ = 0;
  bool has_bias_ = false;
  std::optional<MatrixProduct> product_, product_dx_, product_dw_;
};

}  // namespace

bool add_float_affine(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  if (!std::holds_alternative<Affine>(function.attributes)) return false;
  for (const VariableId input : function.inputs) {
    const Value& value = builder.made(input);
    if (!value.is_float() || value.elements() == 0) return false;
    if (input != function.inputs[kX] && value.layout != kernels::Layout::kPlain) return false;
  }
  std::vector<ValueId> inputs{builder.as_floats(function.inputs[kX], kernels::Layout::kPlain)};
  for (size_t i = kW; i < function.inputs.size(); ++i) {
    inputs.push_back(builder.value_of(function.inputs[i]));
  }
  const ValueId y = builder.add_value(function.outputs[0], ElementType::kFloat32,
                                      kernels::Layout::kPlain, inputs);
  builder.add_step(std::make_unique<FloatAffineStep>(builder, builder.graph().display_name(id),
                                                     std::move(inputs), std::vector<ValueId>{y}));
  return true;
}

}  // namespace octet::plan
