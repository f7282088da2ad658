#include "octet/plan/steps/quantized_affine_step.h"

#include <ATen/ATen.h>

#include "octet/kernels/onednn/matrix_product.h"
#include "octet/ops/quantized_layers.h"
#include "octet/plan/steps/integer_layer.h"
#include "octet/plan/steps/quantized_layer_step.h"
#include "octet/plan/stopwatch.h"

namespace octet::plan {

namespace {

using kernels::Layout;
using kernels::MatrixProduct;
using layer_input::kBias, layer_input::kW, layer_input::kX;

// x: (rows, columns), images of one pixel with `columns` channels; w: (columns, outputs). Backward,
// products of floats that hold whole numbers.
class QuantizedAffineStep : public QuantizedLayerStep {
 public:
  QuantizedAffineStep(Builder& builder, std::string name, const LayerValues& values,
                      const LayerAsConvolution& layer, const IntegerOutput& output)
      : QuantizedLayerStep(builder, std::move(name), values, layer, output),
        rows_(layer.shape.batch),
        columns_(layer.shape.in_channels),
        outputs_(layer.shape.out_channels) {
    if (!builder.value(this->outputs()[0]).needs_gradient) return;
    product_dx_.emplace(rows_, outputs_, columns_, MatrixProduct::Options{.transposed_b = true});
    product_dw_.emplace(columns_, rows_, outputs_, MatrixProduct::Options{.transposed_a = true});
    x_floats_ = builder.add_buffer(rows_ * columns_ * 4);
    memory.backward_scratch = {x_floats_};
  }

  void backward() override {
    const float* dy = sums_gradient();
    if (float* dx = input_gradient(kX)) {
      const Timed timed(primitive_seconds_);
      product_dx_->run(dy, input(kW).floats(), nullptr, dx);
    }
    if (float* dw = input_gradient(kW)) {
      float* x = float_buffer(x_floats_);
      widen_x(x);
      const Timed timed(primitive_seconds_);
      product_dw_->run(x, dy, nullptr, dw);
    }
    float* dbias = has_bias() ? input_gradient(kBias) : nullptr;
    if (dbias == nullptr) return;
    at::Tensor target = at::from_blob(dbias, {outputs_}, at::kFloat);
    at::sum_out(target, at::from_blob(const_cast<float*>(dy), {rows_, outputs_}, at::kFloat), {0});
  }

 protected:
  at::Tensor convolution_weights(const Value& w) const override {
    return w.tensor.reshape({columns_, outputs_}).t().to(at::kFloat).contiguous();
  }

 private:
  int64_t rows_, columns_, outputs_;
  BufferId x_floats_ = kNoId;
  std::optional<MatrixProduct> product_dx_, product_dw_;
};

}  // namespace

bool add_quantized_affine(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* affine = std::get_if<QuantizedAffine>(&function.attributes);
  if (affine == nullptr) return false;
  const auto values = add_layer_values(builder, function, *affine, Layout::kPlain, Layout::kPlain);
  if (!values) return false;
  const int64_t columns = builder.type(function.inputs[kW]).shape[0];
  const int64_t rows = builder.type(function.inputs[kX]).shape.num_elements() / columns;
  const int64_t outputs = builder.type(function.outputs[0]).shape.num_elements() / rows;
  // A row of channels is a row of memory, in the plain layout too.
  const LayerAsConvolution layer{
      .shape = {.batch = rows, .in_channels = columns, .out_channels = outputs},
      .x = Layout::kChannelsLast,
      .y = Layout::kChannelsLast};
  builder.add_step(std::make_unique<QuantizedAffineStep>(builder, builder.graph().display_name(id),
                                                         *values, layer, *affine));
  return true;
}

}  // namespace octet::plan
