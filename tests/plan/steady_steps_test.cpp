// Steps of a plan that has run before take no memory.
#include <gtest/gtest.h>

#include <fstream>

#include "octet/formats/nnp/nnp.h"
#include "octet/graph/parametric_functions.h"
#include "octet/models/mobilenet_v1.h"
#include "octet/plan/plan_engine.h"
#include "tests/support/counting_allocator.h"
#include "tests/support/dataset_files.h"
#include "tests/support/quantized_job.h"

namespace octet {
namespace {

// Each kind of step once: convolutions, a residual addition, pooling, a step of ATen, products.
VariableRef every_step(const VariableRef& image, const models::ModelOptions& options) {
  const auto layer = [&](const VariableRef& x, const std::string& name) {
    const VariableRef h = PF::convolution(x, name, 8, {3, 3}, {.pad = {1, 1}, .with_bias = false});
    return PF::batch_normalization(h, name + "_bn", {.batch_stat = !options.test});
  };
  VariableRef h = F::relu(layer(image, "first"));
  h = F::relu(F::add2(layer(h, "second"), h));
  h = F::max_pooling(h, {.kernel = {2, 2}, .stride = {2, 2}});
  h = F::sigmoid(PF::depthwise_convolution(h, "third", {3, 3}, {.pad = {1, 1}}));
  return PF::affine(F::global_average_pooling(h), "fc", options.num_classes);
}

int64_t resident_pages() {
  std::ifstream file("/proc/self/statm");
  int64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident;
}

TEST(SteadySteps, TenThousandTakeNoMemory) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer keeps what is freed";
#endif
  QATConfig config;
  config.precision_mode = PrecisionMode::QNN;
  QuantizedJob job(every_step, config, /*image_size=*/8);
  job.loss.network().set_engine(std::make_shared<PlanEngine>());
  for (int i = 0; i < 100; ++i) job.step();
  const int64_t before = resident_pages();
  for (int i = 0; i < 10'000; ++i) job.step();
  // 16 bytes lost in each step would be 39 pages of 4 KB.
  EXPECT_LT(resident_pages() - before, 39);
}

// A deployed network, all of whose steps are kernels: what is taken is what the caller gets.
TEST(SteadySteps, InferenceTakesNoTensorButItsOutput) {
  QATConfig config;
  config.precision_mode = PrecisionMode::QNN;
  QuantizedJob job(models::mobilenet_v1, config);
  const test::TemporaryFolder folder;
  job.qat.save(folder.path("net.nnp"), job.image, {.deploy = true});
  NnpModel model = read_nnp(folder.path("net.nnp"));
  const Values inputs{{model.graph.find_variable("x0"), job.image.d()}};
  PlanEngine engine;
  RandomState random(1);
  const auto infer = [&] {
    return engine.forward(model.graph, *model.parameters, inputs, model.graph.outputs()[0], random,
                          {});
  };
  for (int i = 0; i < 2; ++i) infer();
  ASSERT_NE(engine.last_plan(), nullptr);
  const CountingAllocator allocator;
  const Values outputs = infer();
  EXPECT_LE(allocator.count(), 1);
}

}  // namespace
}  // namespace octet
