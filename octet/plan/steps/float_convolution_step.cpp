#include "octet/plan/steps/float_convolution_step.h"

#include "octet/kernels/onednn/float_convolution.h"
#include "octet/kernels/onednn/onednn.h"
#include "octet/plan/derived_from.h"
#include "octet/plan/steps/convolution_shape_of.h"
#include "octet/plan/stopwatch.h"

namespace octet::plan {

namespace {

constexpr size_t kX = 0, kW = 1, kBias = 2;

class FloatConvolutionStep : public Step {
 public:
  FloatConvolutionStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                       std::vector<ValueId> outputs, const kernels::ConvolutionShape& shape)
      : Step(std::move(name), std::move(inputs), std::move(outputs)), shape_(shape) {
    const Value& x = builder.value(this->inputs()[kX]);
    const Value& y = builder.value(this->outputs()[0]);
    has_bias_ = this->inputs().size() > kBias;
    convolution_.emplace(
        shape,
        kernels::FloatConvolution::Options{
            .in = x.layout, .out = y.layout, .bias = has_bias_, .gradients = y.needs_gradient});
    scratch_ = builder.add_buffer(convolution_->scratch_bytes());
    memory.forward_scratch = {scratch_};
    if (!y.needs_gradient) return;
    memory.saved = {this->inputs()[kX], this->inputs()[kW]};
    back_scratch_ = builder.add_buffer(convolution_->scratch_bytes());
    memory.backward_scratch = {back_scratch_};
  }

  std::string kernel() const override { return std::string(convolution_->kernel()); }
  int64_t multiply_accumulates() const override { return shape_.multiply_accumulates(); }

  void forward() override {
    // Without gradients they are packed there, and stay so.
    const auto set_weights = [&] { convolution_->set_weights(input(kW).floats()); };
    if (back_scratch_ != kNoId) {
      set_weights();
    } else {
      packed_.renew({&input(kW)}, set_weights);
    }
    const Timed timed(primitive_seconds_);
    convolution_->forward(input(kX).floats(), has_bias_ ? input(kBias).floats() : nullptr,
                          output().floats(), buffer(scratch_));
  }

  void backward() override {
    const Timed timed(primitive_seconds_);
    if (float* dx = input_gradient(kX)) {
      convolution_->backward_data(output().gradient, dx, buffer(back_scratch_));
    }
    float* dw = input_gradient(kW);
    float* dbias = has_bias_ ? input_gradient(kBias) : nullptr;
    if (dw == nullptr && dbias == nullptr) return;
    convolution_->backward_weights(input(kX).floats(), output().gradient, dw, dbias,
                                   buffer(back_scratch_));
  }

 private:
  BufferId scratch_ = kNoId, back_scratch_ = kNoId;
  DerivedFrom packed_;
  kernels::ConvolutionShape shape_;
  bool has_bias_ = false;
  std::optional<kernels::FloatConvolution> convolution_;
};

}  // namespace

kernels::Layout convolution_layout(int64_t channels) {
  return channels < 8 ? kernels::Layout::kPlain : kernels::onednn::fast_float_layout(channels);
}

kernels::Layout quantized_layout(int64_t channels) {
  return quantized_layout(convolution_layout(channels));
}

kernels::Layout quantized_layout(kernels::Layout layout) {
  return layout == kernels::Layout::kBlocked16 ? kernels::Layout::kChannelsLast : layout;
}

bool add_float_convolution(Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const Attributes& attributes = function.attributes;
  if (!std::holds_alternative<Convolution>(attributes) &&
      !std::holds_alternative<DepthwiseConvolution>(attributes)) {
    return false;
  }
  const VariableId y = function.outputs[0];
  const auto shape =
      convolution_shape_of(attributes, builder.type(function.inputs[kX]).shape,
                           builder.type(function.inputs[kW]).shape, builder.type(y).shape);
  if (!shape) return false;
  for (size_t i = 0; i < function.inputs.size(); ++i) {
    const Value& value = builder.made(function.inputs[i]);
    if (!value.is_float() || (i != kX && value.layout != kernels::Layout::kPlain)) return false;
  }
  std::vector<ValueId> inputs{
      builder.as_floats(function.inputs[kX], convolution_layout(shape->in_channels))};
  for (size_t i = kW; i < function.inputs.size(); ++i) {
    inputs.push_back(builder.value_of(function.inputs[i]));
  }
  const ValueId output =
      builder.add_value(y, ElementType::kFloat32, convolution_layout(shape->out_channels), inputs);
  builder.add_step(std::make_unique<FloatConvolutionStep>(builder, builder.graph().display_name(id),
                                                          std::move(inputs),
                                                          std::vector<ValueId>{output}, *shape));
  return true;
}

}  // namespace octet::plan
