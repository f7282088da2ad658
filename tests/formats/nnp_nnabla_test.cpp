// NNabla itself runs what is written for the target `nnabla`: every operation, by the samples of
// tests/support/op_samples.h, and networks of QATScheduler.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/random.h"
#include "octet/formats/file_io.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/targets/check_graph.h"
#include "tests/qat/small_job.h"
#include "tests/support/nnabla_runner.h"
#include "tests/support/one_layer.h"
#include "tests/support/temporary_folder.h"

namespace octet {
namespace {

// At most `tolerance` of the largest value apart.
void expect_near(const at::Tensor& actual, const at::Tensor& expected, double tolerance) {
  ASSERT_EQ(actual.sizes(), expected.sizes());
  const at::Tensor a = actual.to(at::kDouble);
  const at::Tensor b = expected.to(at::kDouble);
  const at::Tensor equal = a.eq(b).logical_or(a.isnan().logical_and(b.isnan()));
  const at::Tensor difference = (a - b).abs().masked_fill(equal, 0);
  const double largest = b.nan_to_num(0, 0, 0).abs().max().item<double>();
  EXPECT_LE(difference.max().item<double>(), tolerance * std::max(1.0, largest));
}

// Two implementations of the elementary functions, each right to some eps, in compositions of
// several.
constexpr double kFloatTolerance = 16 * std::numeric_limits<float>::epsilon();
// A sum that is rounded otherwise may put a value on the other side of a half: a step of 1/255 of
// the range, which later layers carry on.
constexpr double kQuantizedTolerance = 0.05;

// All but random numbers, and a value that nobody reads.
bool is_comparable(const Attributes& attributes) {
  for (const std::string_view type :
       {Rand::kType, Randint::kType, Randn::kType, Dropout::kType, Sink::kType}) {
    if (type_name(attributes) == type) return false;
  }
  return true;
}

// NNabla has images with channels last on GPUs alone.
bool needs_a_gpu(const std::string& error) {
  return error.find("channel_last") != std::string::npos &&
         error.find("not supported") != std::string::npos;
}

TEST(NnpInNnabla, EveryOperationComputesTheSame) {
  if (!nnabla_runner_present()) GTEST_SKIP() << kNoNnablaRunner;
  std::vector<const OpSample*> samples;
  std::vector<NnablaRun> runs;
  for (const OpSample& sample : op_samples()) {
    const OneLayer layer(sample);
    const std::vector<Finding> findings =
        check_graph(layer.graph, layer.parameters, Target::NNABLA);
    if (std::ranges::any_of(findings, &Finding::refused)) continue;
    NnpWriteOptions options;
    options.variable_batch_size = !sample.batch.empty();
    NnablaRun run{format_nnp(layer.graph, layer.parameters, options), {}};
    for (size_t i = 0; i < layer.inputs.size(); ++i) {
      run.inputs[layer.input_names[i]] = layer.inputs[i].to(at::kFloat);
    }
    samples.push_back(&sample);
    runs.push_back(std::move(run));
  }
  const std::vector<NnablaRunResult> results = run_nnabla(runs);
  for (size_t i = 0; i < samples.size(); ++i) {
    SCOPED_TRACE(describe(*samples[i]));
    if (needs_a_gpu(results[i].error)) continue;
    EXPECT_EQ(results[i].error, "");
    if (!results[i].error.empty() || !is_comparable(samples[i]->attributes)) continue;
    RandomState random;
    ForwardContext context{&random, "sweep"};
    const OutputTensors expected = run_forward(samples[i]->attributes, samples[i]->inputs, context);
    ASSERT_EQ(results[i].outputs.size(), expected.size());
    for (size_t k = 0; k < expected.size(); ++k) {
      expect_near(results[i].outputs[k], expected[k], kFloatTolerance);
    }
  }
  RecordProperty("samples", static_cast<int>(samples.size()));
}

// While ranges are recorded (as float) and behind that, with the members of a training beside the
// network.
TEST(NnpInNnabla, NetworksThatAreTrainedOn) {
  if (!nnabla_runner_present()) GTEST_SKIP() << kNoNnablaRunner;
  const TemporaryFolder folder;
  QATConfig config = short_config();
  config.target = Target::NNABLA;
  config.skip_bias = true;
  config.channel_wise = true;
  std::vector<NnablaRun> runs;
  std::vector<at::Tensor> expected;
  for (const int64_t steps : {4, 7}) {
    Job job(config);
    job.steps(steps);
    const std::string path = folder.file("training.nnp");
    job.qat.save(path, job.nets.vimage, {.training_state = true});
    runs.push_back({read_file(path), {{"x0", job.nets.data[0]}}});
    expected.push_back(job.nets.validate().clone());
  }
  const std::vector<NnablaRunResult> results = run_nnabla(runs);
  for (size_t i = 0; i < runs.size(); ++i) {
    ASSERT_EQ(results[i].error, "");
    expect_near(results[i].outputs.at(0), expected[i],
                i == 0 ? kFloatTolerance : kQuantizedTolerance);
  }
}

}  // namespace
}  // namespace octet
