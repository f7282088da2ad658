// Every operation that is written to ONNX, run in ONNX Runtime: the samples of
// tests/support/op_samples.h.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <set>

#include "octet/base/error.h"
#include "octet/base/random.h"
#include "octet/formats/onnx/exporters.h"
#include "octet/formats/onnx/onnx.h"
#include "tests/support/one_layer.h"
#include "tests/support/onnx_runner.h"

namespace octet {
namespace {

struct Exported {
  const OpSample* sample;
  OnnxRun run;
};

// What the samples become, without those that are refused; their types go to `refused`.
std::vector<Exported> exported_samples(int64_t opset, std::set<std::string_view>* refused) {
  std::vector<Exported> exported;
  for (const OpSample& sample : op_samples()) {
    const OneLayer layer(sample);
    OnnxWriteOptions options;
    options.opset = opset;
    options.variable_batch_size = !sample.batch.empty();
    try {
      exported.push_back(
          {&sample, {format_onnx(layer.graph, layer.parameters, options), layer.inputs}});
    } catch (const Error& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("[layer] "))
          << describe(sample) << ": " << error.what();
      refused->insert(type_name(sample.attributes));
    }
  }
  return exported;
}

void expect_near(const at::Tensor& actual, const at::Tensor& expected) {
  ASSERT_EQ(actual.sizes(), expected.sizes());
  const at::Tensor a = actual.to(at::kDouble);
  const at::Tensor b = expected.to(at::kDouble);
  const at::Tensor equal = a.eq(b).logical_or(a.isnan().logical_and(b.isnan()));
  const at::Tensor difference = (a - b).abs().masked_fill(equal, 0);
  const double largest = b.nan_to_num(0, 0, 0).abs().max().item<double>();
  // Two implementations of the elementary functions, each right to some eps, in compositions of
  // several.
  constexpr double kEps = std::numeric_limits<float>::epsilon();
  EXPECT_LE(difference.max().item<double>(), 16 * kEps * std::max(1.0, largest));
}

// ONNX Runtime has LRN only over an odd number of channels.
void expect_ran(const OnnxRunResult& result) {
  if (result.error.find("nn/lrn.h") == std::string::npos) {
    EXPECT_EQ(result.error, "");
  }
}

TEST(OnnxExport, KnowsEveryOperation) {
  for (const std::string_view type : operation_types()) {
    EXPECT_NE(find_exporter(type), nullptr)
        << type << " has no row in octet/formats/onnx/exporters.inc";
  }
}

TEST(OnnxExport, EveryOperationComputesTheSameInOnnxRuntime) {
  if (!onnx_runner_present()) GTEST_SKIP() << kNoOnnxRunner;
  std::set<std::string_view> refused;
  const std::vector<Exported> exported = exported_samples(17, &refused);
  std::vector<OnnxRun> runs;
  for (const Exported& e : exported) runs.push_back(e.run);
  const std::vector<OnnxRunResult> results = run_onnx(runs);
  for (size_t i = 0; i < exported.size(); ++i) {
    SCOPED_TRACE(describe(*exported[i].sample));
    EXPECT_EQ(results[i].check, "");
    expect_ran(results[i]);
    if (!results[i].error.empty()) continue;
    RandomState random;
    ForwardContext context{&random, "sweep"};
    const OutputTensors expected =
        run_forward(exported[i].sample->attributes, exported[i].sample->inputs, context);
    const std::vector<at::Tensor>& actual = results[i].outputs.at("all");
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t k = 0; k < expected.size(); ++k) expect_near(actual[k], expected[k]);
  }
  RecordProperty("samples", static_cast<int>(exported.size()));
}

// What opsets have in common and what they do not, as ONNX's newest checker sees it.
TEST(OnnxExport, EveryOpsetPassesTheChecker) {
  if (!onnx_runner_present()) GTEST_SKIP() << kNoOnnxRunner;
  for (const int64_t opset : {13, 15, 18, 19, 20, 21}) {
    std::set<std::string_view> refused;
    const std::vector<Exported> exported = exported_samples(opset, &refused);
    EXPECT_EQ(refused.contains("ScatterAdd"), opset < 16);
    std::vector<OnnxRun> runs;
    for (const Exported& e : exported) {
      runs.push_back(e.run);
      // The oldest and the newest are run too; for all, that takes a minute.
      if (opset != 13 && opset != 21) runs.back().levels.clear();
    }
    const std::vector<OnnxRunResult> results = run_onnx(runs);
    for (size_t i = 0; i < exported.size(); ++i) {
      SCOPED_TRACE(fmt::format("opset {}: {}", opset, describe(*exported[i].sample)));
      EXPECT_EQ(results[i].check, "");
      expect_ran(results[i]);
    }
  }
}

TEST(OnnxExport, RefusesWhatOnnxDoesNotHave) {
  std::set<std::string_view> refused;
  exported_samples(17, &refused);
  const std::set<std::string_view> expected{
      "AbsoluteError", "BatchNormalization", "BinaryCrossEntropy", "BinaryError",
      "CategoricalCrossEntropy", "ConfusionMatrix", "Dropout", "EpsilonInsensitiveLoss",
      "FusedBatchNormalization", "HuberLoss", "KLMultinomial",
      "MaxPooling",  // indices through (N, H, W, C)
      "MeanSubtraction", "NegativeLogLikelihood", "QuantizeLinear",
      // integers in floats, as samples are
      "QuantizedAffine", "QuantizedBatchMatmul",
      "QuantizedConcatenate",  // its scales are inputs here
      "QuantizedConvolution", "QuantizedDeconvolution", "QuantizedDepthwiseConvolution",
      "QuantizedDepthwiseDeconvolution", "Rand", "Randint", "Randn",
      "ScatterElements",  // the maximum needs opset 18
      "SigmoidCrossEntropy", "Sink", "SoftmaxCrossEntropy", "SpectralNorm", "SquaredError",
      "TopNError"};
  EXPECT_EQ(refused, expected);
}

}  // namespace
}  // namespace octet
