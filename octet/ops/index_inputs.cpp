#include "octet/ops/index_inputs.h"

#include <algorithm>

namespace octet {
namespace {

constexpr IndexInput kIndexInputs[] = {
    {Embed::kType, "x0"},
    {Gather::kType, "indices"},
    {GatherNd::kType, "indices"},
    {GatherElements::kType, "indices"},
    {ScatterAdd::kType, "indices"},
    {ScatterElements::kType, "indices"},
    {ScatterNd::kType, "indices"},
    {OneHot::kType, "x"},
    {ReverseSequence::kType, "lengths"},
    // One name for two inputs: a cell state of zero is as good as any.
    {Recurrence::kType, "initial_c_or_lengths"},
    {Recurrence::kType, "lengths"},
    {RoiAlign::kType, "batch_indices"},
    {SoftmaxCrossEntropy::kType, "target"},
    {CategoricalCrossEntropy::kType, "target"},
    {NegativeLogLikelihood::kType, "target"},
    {TopNError::kType, "target"},
    {ConfusionMatrix::kType, "target"},
};

}  // namespace

std::span<const IndexInput> index_inputs() {
  return kIndexInputs;
}

bool is_index_input(const Attributes& attributes, size_t index) {
  const std::string_view type = type_name(attributes);
  const std::string_view input = input_spec(attributes, index).name;
  return std::ranges::any_of(
      kIndexInputs, [&](const IndexInput& row) { return row.type == type && row.input == input; });
}

}  // namespace octet
