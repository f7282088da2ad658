// What holds for every operation, checked on the samples of tests/support/op_samples.h.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "octet/base/error.h"
#include "octet/base/random.h"
#include "octet/ops/attribute_text.h"
#include "tests/support/gradient_check.h"
#include "tests/support/op_samples.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

using Tensors = std::vector<at::Tensor>;

Tensors copies(const Tensors& tensors) {
  Tensors result;
  for (const at::Tensor& tensor : tensors) result.push_back(tensor.clone());
  return result;
}

// Runs on the tensors themselves, which an operation with running statistics changes.
OutputTensors run_in_place(const Attributes& attributes, const Tensors& inputs) {
  RandomState random(5);
  ForwardContext context{&random, "sweep"};
  return run_forward(attributes, inputs, context);
}

OutputTensors run_on_copies(const Attributes& attributes, const Tensors& inputs) {
  return run_in_place(attributes, copies(inputs));
}

std::vector<VariableType> types_of(const Tensors& inputs) {
  std::vector<VariableType> types;
  for (const at::Tensor& input : inputs) types.push_back(type_of(input));
  return types;
}

bool same_values(const at::Tensor& a, const at::Tensor& b) {
  if (a.sizes() != b.sizes() || a.scalar_type() != b.scalar_type()) return false;
  return a.eq(b).logical_or(a.ne(a).logical_and(b.ne(b))).all().item<bool>();
}

// Whether the tensor is of the type; a free dimension fits any extent.
bool fits(const VariableType& type, const at::Tensor& tensor, bool integers_in_floats) {
  bool result = type.shape.rank() == tensor.dim();
  for (int64_t i = 0; result && i < tensor.dim(); ++i) {
    result = type.shape[i] == kFreeDim || type.shape[i] == tensor.size(i);
  }
  return result && (type.dtype == type_of(tensor).dtype || integers_in_floats);
}

void expect_types(const OpSample& sample, const OutputTypes& types, const OutputTensors& outputs) {
  ASSERT_EQ(types.size(), outputs.size());
  for (size_t i = 0; i < types.size(); ++i) {
    EXPECT_TRUE(fits(types[i], outputs[i], sample.integers_in_floats))
        << "output " << i << " is inferred as " << to_string(types[i].dtype) << " "
        << to_string(types[i].shape) << ", but is " << outputs[i].toString() << " "
        << outputs[i].sizes();
  }
}

TEST(OpSweep, EveryOperationHasASample) {
  std::set<std::string_view> sampled;
  for (const OpSample& sample : op_samples()) sampled.insert(type_name(sample.attributes));
  // They draw their output: there is nothing to compare it with.
  const std::set<std::string_view> random{"Rand", "Randint", "Randn"};
  for (const std::string_view type : operation_types()) {
    EXPECT_TRUE(random.contains(type) || sampled.contains(type))
        << type << " has no sample in tests/support/op_samples_*";
  }
}

TEST(OpSweep, InferredTypesAreThoseOfTheOutputs) {
  for (const OpSample& sample : op_samples()) {
    SCOPED_TRACE(describe(sample));
    const OutputTypes types = infer_types(sample.attributes, types_of(sample.inputs));
    for (const VariableType& type : types) EXPECT_FALSE(type.shape.has_free_dim());
    expect_types(sample, types, run_on_copies(sample.attributes, sample.inputs));
  }
}

TEST(OpSweep, AFreeBatchFitsAnyBatchSize) {
  for (const OpSample& sample : op_samples()) {
    if (sample.batch.empty()) continue;
    SCOPED_TRACE(describe(sample));
    std::vector<VariableType> free = types_of(sample.inputs);
    Tensors doubled = sample.inputs;
    for (const size_t i : sample.batch) {
      free[i].shape[0] = kFreeDim;
      doubled[i] = at::cat({doubled[i], doubled[i]});
    }
    const OutputTypes types = infer_types(sample.attributes, free);
    expect_types(sample, types, run_on_copies(sample.attributes, sample.inputs));
    expect_types(sample, types, run_on_copies(sample.attributes, doubled));
  }
}

TEST(OpSweep, TheSameRunGivesTheSameResult) {
  for (const OpSample& sample : op_samples()) {
    SCOPED_TRACE(describe(sample));
    const OutputTensors first = run_on_copies(sample.attributes, sample.inputs);
    const OutputTensors second = run_on_copies(sample.attributes, sample.inputs);
    for (size_t i = 0; i < first.size(); ++i) {
      EXPECT_TRUE(same_values(first[i], second[i])) << "output " << i;
    }
  }
}

TEST(OpSweep, MemoryLayoutDoesNotMatter) {
  for (const OpSample& sample : op_samples()) {
    // Its mask is drawn element by element in memory order.
    if (std::holds_alternative<Dropout>(sample.attributes)) continue;
    SCOPED_TRACE(describe(sample));
    Tensors strided;
    for (const at::Tensor& input : sample.inputs) {
      // The same values with the dimensions stored in reverse order.
      std::vector<int64_t> reversed(static_cast<size_t>(input.dim()));
      for (int64_t i = 0; i < input.dim(); ++i) reversed[i] = input.dim() - 1 - i;
      strided.push_back(input.permute(reversed).contiguous().permute(reversed));
    }
    const OutputTensors expected = run_on_copies(sample.attributes, sample.inputs);
    const OutputTensors actual = run_in_place(sample.attributes, strided);
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(actual[i].sizes(), expected[i].sizes());
      // Sums may be taken in another order: some eps of values around 10.
      EXPECT_TRUE(at::allclose(actual[i].to(at::kDouble), expected[i].to(at::kDouble), 1e-5, 1e-5,
                               /*equal_nan=*/true))
          << "output " << i;
    }
  }
}

TEST(OpSweep, OnlyParametersChange) {
  for (const OpSample& sample : op_samples()) {
    SCOPED_TRACE(describe(sample));
    const Tensors inputs = copies(sample.inputs);
    run_in_place(sample.attributes, inputs);
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (input_spec(sample.attributes, i).parameter) continue;
      EXPECT_TRUE(same_values(inputs[i], sample.inputs[i])) << "input " << i;
    }
  }
}

TEST(OpSweep, GradientsAreDerivatives) {
  for (const OpSample& sample : op_samples()) {
    if (sample.gradients.empty()) continue;
    // By definition it hands a gradient of one to each input, whatever its output is.
    if (std::holds_alternative<Sink>(sample.attributes)) continue;
    SCOPED_TRACE(describe(sample));
    const TensorFunction function = [&](const Tensors& inputs) {
      return run_in_place(sample.attributes, inputs);
    };
    constexpr uint64_t kSeed = 11;
    // Central differences over 1e-6 in float64 have about 1e-9 of rounding error for values near
    // 10, and 1e-12 times the third derivative.
    EXPECT_LT(gradient_check(function, sample.inputs, sample.gradients, kSeed), 1e-6)
        << "seed " << kSeed;
  }
}

TEST(OpSweep, WrongNumbersOfInputsAreErrors) {
  for (const OpSample& sample : op_samples()) {
    SCOPED_TRACE(describe(sample));
    const auto specs = input_specs(sample.attributes);
    const auto required = std::count_if(specs.begin(), specs.end(),
                                        [](const InputSpec& spec) { return !spec.optional; });
    const bool variadic = !specs.empty() && specs.back().variadic;
    std::vector<VariableType> types = types_of(sample.inputs);
    if (required > 0) {
      types.resize(static_cast<size_t>(required) - 1);
      EXPECT_THROW(infer_types(sample.attributes, types), Error);
    }
    types.resize(specs.size() + 1);
    if (!variadic) {
      EXPECT_THROW(infer_types(sample.attributes, types), Error);
    }
  }
}

TEST(OpSweep, AttributesSurviveTheirTextForm) {
  for (const OpSample& sample : op_samples()) {
    SCOPED_TRACE(describe(sample));
    Attributes read = *default_attributes(type_name(sample.attributes));
    visit_fields(sample.attributes, [&](std::string_view name, const auto& value) {
      set_attribute(read, name, attribute_text(value));
    });
    EXPECT_TRUE(read == sample.attributes);
  }
}

}  // namespace
}  // namespace octet
