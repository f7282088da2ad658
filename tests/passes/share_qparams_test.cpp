#include "octet/passes/share_qparams.h"

#include "octet/passes/insert_recorders.h"
#include "tests/quant/test_support.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

class ShareQParams : public PassTest {
 protected:
  // The groups of the recorders by name.
  std::map<std::string, int64_t> groups(std::string_view text) {
    ctx_.config.skip_inputs_layers = {};
    const Graph graph = share_qparams(insert_recorders(load(text), ctx_), ctx_);
    verify(graph);
    std::map<std::string, int64_t> result;
    for (const FunctionId id : graph.topological_order(ctx_.outputs)) {
      const auto* recorder = std::get_if<Recorder>(&graph.function(id).attributes);
      if (recorder != nullptr) result[graph.function(id).name] = recorder->group;
    }
    return result;
  }
};

TEST_F(ShareQParams, OfAdditionAndConcatenation) {
  const auto found = groups(R"(graph net {
  input a: float32 (-1, 4, 6, 6)
  input b: float32 (-1, 4, 6, 6)
  input c: float32 (-1, 2, 6, 6)
  s = Add2(a, b)
  t = Tanh(s)
  y = Concatenate(t, c) {axis=1}
  z = Tanh(y)
  output z
}
)");
  EXPECT_EQ(found, (std::map<std::string, int64_t>{{"Add2-0/x0", 0},
                                                   {"Add2-0/x1", 0},
                                                   {"Tanh-1/x0", -1},
                                                   {"Concatenate-2/x0", 1},
                                                   {"Concatenate-2/x1", 1},
                                                   {"Tanh-3/x0", -1}}));
}

TEST_F(ShareQParams, GroupsThatMeetBecomeOne) {
  const auto found = groups(R"(graph net {
  input a: float32 (-1, 4)
  input b: float32 (-1, 4)
  input c: float32 (-1, 4)
  s = Add2(a, b)
  t = Add2(b, c)
  y = Mul2(s, t)
  output y
}
)");
  EXPECT_EQ(found.at("Add2-0/x0"), 0);
  EXPECT_EQ(found.at("Add2-1/x1"), 0);
  EXPECT_EQ(found.at("Mul2-2/x0"), -1);
}

TEST_F(ShareQParams, AConstantKeepsItsOwn) {
  const auto found = groups(R"(graph net {
  input a: float32 (-1, 4)
  parameter c: float32 (1, 4)
  y = Add2(a, c)
  output y
}
)");
  EXPECT_EQ(found.at("Add2-0/x0"), -1);
  EXPECT_EQ(found.at("Add2-0/x1"), -1);
}

TEST_F(ShareQParams, AComputedConstantKeepsItsOwnToo) {
  const auto found = groups(R"(graph net {
  input a: float32 (-1, 4)
  parameter c: float32 (1, 4)
  parameter d: float32 (1, 4)
  p = Mul2(c, d)
  y = Add2(a, p)
  output y
}
)");
  EXPECT_EQ(found, (std::map<std::string, int64_t>{{"Add2-1/x0", -1}, {"Add2-1/x1", -1}}));
}

constexpr std::string_view kSum = R"(graph net {
  input a: float32 (-1, 4)
  input b: float32 (-1, 4)
  y = Add2(a, b)
  output y
}
)";

TEST_F(ShareQParams, AValidationNetworkThatSharesOtherwiseIsAnError) {
  ctx_.config.skip_inputs_layers = {};
  insert_recorders(load(kSum), ctx_);
  ctx_.training = false;
  const Graph graph = insert_recorders(load(kSum), ctx_);
  EXPECT_EQ(
      message_of([&] { share_qparams(graph, ctx_); }),
      "[QATScheduler] validation network net shares one range among Add2-0/x0, Add2-0/x1, its "
      "training network among none");
}

}  // namespace
}  // namespace octet
