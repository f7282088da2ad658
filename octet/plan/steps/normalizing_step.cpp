#include "octet/plan/steps/normalizing_step.h"

#include <ATen/ATen.h>

#include "octet/plan/steps/integer_layer.h"

namespace octet::plan {

namespace {

// Of the bits that say where the gradient passes, if it does not everywhere.
int64_t mask_bytes(const Finish& finish, const kernels::ChannelRows& rows) {
  const bool cuts = finish.quantize || finish.activation != kernels::Activation::kNone;
  return cuts ? kernels::RowPieces(rows).bit_bytes() : 0;
}

}  // namespace

std::optional<FusedNormalization> normalization_of(const Builder& builder, FunctionId id) {
  const Function& function = builder.graph().function(id);
  const auto* op = std::get_if<BatchNormalization>(&function.attributes);
  if (op == nullptr || op->axes != IntList{1}) return std::nullopt;
  const Shape& x = builder.type(function.inputs[0]).shape;
  if (x.rank() != 4) return std::nullopt;
  // The reference says what is wrong with one value per channel.
  if (op->batch_stat && x[0] * x[2] * x[3] <= 1) return std::nullopt;
  FusedNormalization fused{.function = id,
                           .op = *op,
                           .own_inputs = function.inputs.size() - 1,
                           .finish = finish_of(builder, function.outputs[0]),
                           .name = builder.graph().display_name(id)};
  for (size_t i = 1; i < function.inputs.size(); ++i) {
    // Parameters are made before every function.
    if (!builder.is_made(function.inputs[i])) return std::nullopt;
    const Value& value = builder.made(function.inputs[i]);
    if (!value.is_float() || !value.is_leaf) return std::nullopt;
    fused.inputs.push_back(builder.value_of(function.inputs[i]));
  }
  if (fused.finish.quantize) {
    const std::vector<ValueId>& more = fused.finish.quantize->inputs;
    fused.inputs.insert(fused.inputs.end(), more.begin(), more.end());
  }
  return fused;
}

std::optional<FusedNormalization> fusable_normalization(const Builder& builder, VariableId x) {
  const FunctionId reader = builder.only_reader(x);
  return reader == kNoId ? std::nullopt : normalization_of(builder, reader);
}

ValueId add_normalized(Builder& builder, const FusedNormalization& normalization,
                       kernels::Layout layout, const std::vector<ValueId>& inputs) {
  for (const FunctionId function : normalization.finish.in_between) builder.leave_out(function);
  return builder.add_value(normalization.finish.y, normalization.type(), layout, inputs);
}

NormalizingStep::NormalizingStep(Builder& builder, std::string name, std::vector<ValueId> inputs,
                                 ValueId y, const std::optional<FusedNormalization>& normalization,
                                 const kernels::ChannelRows& rows,
                                 const kernels::Requantization& otherwise,
                                 int64_t mask_bytes_otherwise)
    : RoundingStep(builder, std::move(name), std::move(inputs), {y},
                   normalization && normalization->finish.quantize
                       ? normalization->finish.quantize->requantization
                       : otherwise,
                   normalization ? mask_bytes(normalization->finish, rows) : mask_bytes_otherwise),
      fused_(normalization),
      elements_(rows.elements()),
      channels_(rows.channels()) {
  if (!fused_) return;
  first_ = this->inputs().size() - fused_->inputs.size();
  at_.emplace(fused_->op, fused_->own_inputs + 1);
  normalization_.emplace(
      rows, kernels::Normalization::Options{.epsilon = fused_->op.eps,
                                            .batch_statistics = fused_->op.batch_stat});
  if (!builder.value(y).needs_gradient) return;
  backward_sums_ = builder.add_buffer(normalization_->scratch_bytes());
  memory.backward_scratch.push_back(backward_sums_);
}

std::string NormalizingStep::normalizing_kernel() const {
  if (!fused_) return "";
  const bool activates = fused_->finish.activation != kernels::Activation::kNone;
  return std::string("normalize") + (activates ? "+relu" : "") +
         (fused_->finish.quantize ? "+quantize" : "");
}

void NormalizingStep::normalize(const float* x) {
  if (!needs_statistics()) {
    normalization_->set_statistics(floats_of(at_->mean), floats_of(at_->variance));
  } else if (at_->mean >= 0) {
    update_running_statistics();
  }
  normalization_->set_parameters(floats_of(at_->gamma), floats_of(at_->beta));
  if (fused_->finish.quantize) return quantize(x);
  normalization_->normalize(x, fused_->finish.activation, output().floats(), passes());
}

void NormalizingStep::quantize(const float* x) {
  const float scale = scale_of(of_quantize(kQuantizeScale));
  requantization_.zero_point = static_cast<int32_t>(scalar_of(of_quantize(kQuantizeZeroPoint)));
  if (normalization_->quantize(x, requantization_, scale, output().data, passes())) return;
  const at::Tensor normalized = at::empty({elements_}, at::kFloat);
  normalization_->normalize(x, kernels::Activation::kNone, normalized.data_ptr<float>(), nullptr);
  throw_not_finite(normalized, fused_->finish.activation, fused_->finish.quantize->name);
}

// In place: the parameters' own memory (batch_normalization.h).
void NormalizingStep::update_running_statistics() {
  const int64_t count = elements_ / channels_;
  const auto values = static_cast<float>(count);
  const float keep = fused_->op.decay_rate, take = 1 - keep;
  const float unbiased = values / (values - 1);
  float* mean = floats_of(at_->mean);
  float* variance = floats_of(at_->variance);
  for (int64_t c = 0; c < channels_; ++c) {
    mean[c] = keep * mean[c] + take * normalization_->mean()[c];
    variance[c] = keep * variance[c] + take * unbiased * normalization_->variance()[c];
  }
}

void NormalizingStep::normalize_backward(const float* x, const kernels::Gradient& dx) {
  const bool quantizes = fused_->finish.quantize.has_value();
  const kernels::Normalization::Incoming incoming{
      .dy = output().any_gradient(),
      .passes = passes(),
      .factor = quantizes ? 1.0F / scale_of(of_quantize(kQuantizeScale)) : 1.0F};
  float* dgamma = gradient_of(at_->gamma);
  float* dbeta = gradient_of(at_->beta);
  if (fused_->op.batch_stat || dgamma != nullptr || dbeta != nullptr) {
    normalization_->parameter_gradients(x, incoming, dgamma, dbeta, float_buffer(backward_sums_));
  }
  if (dx) normalization_->input_gradient(x, incoming, dx);
}

}  // namespace octet::plan
