// The passes on random networks: those that promise the same values keep them, and none has more to
// do when it runs a second time.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/passes/fold_batch_norm.h"
#include "octet/passes/fold_batch_norm_opposite.h"
#include "octet/passes/freeze_learned_scales.h"
#include "octet/passes/insert_recorders.h"
#include "octet/passes/lower_int8.h"
#include "octet/passes/quantize_parameters.h"
#include "octet/passes/release_batch_size.h"
#include "octet/passes/remove_recorders.h"
#include "octet/passes/self_fold_batch_norm.h"
#include "octet/passes/share_qparams.h"
#include "octet/passes/unfuse_batch_norm.h"
#include "tests/support/pass_fixture.h"
#include "tests/support/random_graph.h"

namespace octet {
namespace {

constexpr uint64_t kSeeds = 25;

class RandomGraphPassTest : public PassTest {
 protected:
  RandomGraphPassTest() {
    ctx_.config.bn_folding = true;
    ctx_.config.bn_self_folding = true;
  }

  Graph draw(uint64_t seed) {
    parameters_ = ParameterStore(seed);
    Graph graph = random_graph(seed, parameters_);
    ctx_.outputs = graph.outputs();
    memory_ = {};
    return graph;
  }

  double largest_value(const Graph& graph) {
    double largest = 1.0;
    for (const at::Tensor& y : values(graph)) {
      largest = std::max(largest, y.abs().max().item<double>());
    }
    return largest;
  }

  // Folding rounds weights once more in each of a dozen layers, and every layer amplifies the error
  // of those before it: 1e-4 is about a thousand eps.
  void expect_same_values(Pass pass) {
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      SCOPED_TRACE(seed);
      const Graph before = draw(seed);
      const Graph after = pass(before, ctx_);
      verify(after);
      EXPECT_LT(difference(before, after), 1e-4 * largest_value(before));
    }
  }

  void expect_idempotent(Pass pass) {
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      SCOPED_TRACE(seed);
      const Graph once = pass(draw(seed), ctx_);
      EXPECT_EQ(print(compact(pass(once, ctx_))), print(compact(once)));
    }
  }
};

struct Promise {
  std::string_view name;
  Pass pass;
};

TEST_F(RandomGraphPassTest, FoldingAndPreparingKeepTheValues) {
  for (const Promise& promise : {Promise{"unfuse_batch_norm", unfuse_batch_norm},
                                 Promise{"fold_batch_norm", fold_batch_norm},
                                 Promise{"fold_batch_norm_opposite", fold_batch_norm_opposite},
                                 Promise{"self_fold_batch_norm", self_fold_batch_norm},
                                 Promise{"release_batch_size", release_batch_size}}) {
    SCOPED_TRACE(promise.name);
    expect_same_values(promise.pass);
    expect_idempotent(promise.pass);
  }
}

// Recorders can be put in and taken out without a trace; a second insertion finds nothing new to do
// to the layers of a network whose values share their ranges.
TEST_F(RandomGraphPassTest, RemovingRecordersUndoesTheirInsertion) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    const Graph before = draw(seed);
    const Graph recorded = share_qparams(insert_recorders(before, ctx_), ctx_);
    verify(recorded);
    EXPECT_TRUE(equal(share_qparams(recorded, ctx_), recorded)) << "not idempotent";
    const Graph removed = remove_recorders(recorded, ctx_);
    verify(removed);
    std::string difference;
    EXPECT_TRUE(equal(compact(removed), compact(before), &difference)) << difference;
  }
}

// Into TRAINING, with scales that are taken from ranges and with scales that are learned; then, as
// for saving, with the learned ones frozen. What is random are the graphs: their values lie on the
// quantization grid of 8 bits afterwards, so there is no bound on the difference worth a name.
TEST_F(RandomGraphPassTest, EveryRecorderBecomesQuantizersThatKeepTheirScale) {
  for (const bool learned : {false, true}) {
    ctx_.config.recorder_activation = learned ? RecorderSpec::learned() : RecorderSpec::max_mva();
    ctx_.config.recorder_weight =
        learned ? RecorderSpec::learned() : RecorderSpec::min_max_min_max();
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      SCOPED_TRACE(fmt::format("learned {} seed {}", learned, seed));
      const Graph recorded = run_passes(recording_passes(), draw(seed), ctx_);
      values(recorded);
      const Graph trained = run_passes(training_passes(), recorded, ctx_);
      EXPECT_EQ(print(compact(trained)).find("Recorder"), std::string::npos);
      EXPECT_TRUE(equal(run_passes(training_passes(), trained, ctx_), trained)) << "not idempotent";
      for (const at::Tensor& y : values(trained)) EXPECT_TRUE(at::isfinite(y).all().item<bool>());
      const Graph frozen = freeze_learned_scales(trained, ctx_);
      verify(frozen);
      EXPECT_EQ(print(compact(frozen)).find("LearnedScale"), std::string::npos);
      EXPECT_EQ(difference(trained, frozen), 0);
      EXPECT_TRUE(equal(freeze_learned_scales(frozen, ctx_), frozen)) << "not idempotent";
    }
  }
}

// The Q/DQ graph of a random network, its ranges recorded on its own values.
class RandomIntegerGraphTest : public RandomGraphPassTest {
 protected:
  Graph draw_quantized(uint64_t seed) {
    ctx_.config.precision_mode = PrecisionMode::SIM_QNN;
    const Graph recorded = run_passes(recording_passes(), draw(seed), ctx_);
    values(recorded);
    Graph quantized = run_passes(training_passes(), recorded, ctx_);
    ctx_.config.precision_mode = PrecisionMode::MIXED_QNN;
    return quantized;
  }
  static bool has_integer_layers(const Graph& graph) {
    return print(compact(graph)).find("= Quantized") != std::string::npos;
  }
  // Weights as stored integers: to the bit the same, and a second time nothing to do.
  void expect_deployed_the_same(const Graph& graph) {
    const Graph deployed = quantize_parameters(graph, ctx_);
    verify(deployed);
    EXPECT_NE(print(compact(deployed)).find(": int8 ("), std::string::npos);
    EXPECT_EQ(difference(graph, deployed), 0);
    EXPECT_TRUE(equal(quantize_parameters(deployed, ctx_), deployed)) << "not idempotent";
  }
};

// Products and sums of small integers times powers of two are exact, so the integer functions give
// what the float ones between Q/DQ pairs give.
TEST_F(RandomIntegerGraphTest, IntegersGiveTheSameWhereScalesArePowersOfTwo) {
  ctx_.config.pow2 = Pow2::ROUND;
  int64_t lowered = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    const Graph quantized = draw_quantized(seed);
    const Graph integers = lower_int8(quantized, ctx_);
    verify(integers);
    lowered += has_integer_layers(integers) ? 1 : 0;
    EXPECT_EQ(difference(quantized, integers), 0);
    EXPECT_TRUE(equal(lower_int8(integers, ctx_), integers)) << "not idempotent";
  }
  EXPECT_EQ(lowered, kSeeds);
}

// With any scales a value that lies between two integers may become either, which the layers behind
// it carry on.
TEST_F(RandomIntegerGraphTest, IntegersStayNearWithAnyScales) {
  ctx_.config.dtype = DType::kUInt8;
  ctx_.config.zero_point = true;
  ctx_.config.channel_wise = true;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    const Graph quantized = draw_quantized(seed);
    const Graph integers = lower_int8(quantized, ctx_);
    verify(integers);
    EXPECT_TRUE(has_integer_layers(integers));
    // 255 steps of the largest output; one value that rounds the other way is worth about one.
    EXPECT_LT(difference(quantized, integers), 2 * largest_value(quantized) / 255);
  }
}

TEST_F(RandomIntegerGraphTest, DeployedParametersKeepTheValues) {
  for (const bool integers : {false, true}) {
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      SCOPED_TRACE(fmt::format("integers {} seed {}", integers, seed));
      const Graph quantized = draw_quantized(seed);
      expect_deployed_the_same(integers ? lower_int8(quantized, ctx_) : quantized);
    }
  }
}

// All passes of RECORDING one after the other: recorders watch values, they do not change them.
TEST_F(RandomGraphPassTest, RecordingKeepsTheValues) {
  expect_same_values([](Graph graph, PassContext& ctx) {
    return run_passes(recording_passes(), std::move(graph), ctx);
  });
}

}  // namespace
}  // namespace octet
