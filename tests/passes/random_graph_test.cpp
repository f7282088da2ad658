// The passes on random networks: those that promise the same values keep them, and none has more to
// do when it runs a second time.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/passes/fold_batch_norm.h"
#include "octet/passes/fold_batch_norm_opposite.h"
#include "octet/passes/release_batch_size.h"
#include "octet/passes/self_fold_batch_norm.h"
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

// All passes of RECORDING one after the other: recorders watch values, they do not change them.
TEST_F(RandomGraphPassTest, RecordingKeepsTheValues) {
  expect_same_values([](Graph graph, PassContext& ctx) {
    return run_passes(recording_passes(), std::move(graph), ctx);
  });
}

}  // namespace
}  // namespace octet
