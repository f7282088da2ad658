#include "octet/passes/insert_recorders.h"

#include "octet/base/error.h"
#include "tests/quant/test_support.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

class InsertRecorders : public PassTest {
 protected:
  InsertRecorders() {
    ctx_.config.recorder_activation = RecorderSpec::abs_max();
    ctx_.config.skip_inputs_layers = {};
    ctx_.config.skip_outputs_layers = {};
  }

  // Recorders of the result as "function(label), ...": their names in network order.
  std::vector<std::string> recorders(const Graph& graph) {
    const Graph result = insert_recorders(graph, ctx_);
    verify(result);
    std::vector<std::string> names;
    for (const FunctionId id : result.topological_order(ctx_.outputs)) {
      const Function& function = result.function(id);
      if (std::holds_alternative<Recorder>(function.attributes)) names.push_back(function.name);
    }
    return names;
  }
};

constexpr std::string_view kResidual = R"(graph net {
  input x: float32 (-1, 4, 6, 6)
  parameter c1/W: float32 (4, 4, 1, 1)
  parameter c1/b: float32 (4)
  parameter c2/W: float32 (4, 4, 1, 1)
  parameter fc/W: float32 (144, 3)
  h = Convolution[c1](x, c1/W, c1/b)
  r = ReLU(h)
  g = Convolution[c2](r, c2/W)
  s = Add2(r, g)
  y = Affine[fc](s, fc/W)
  output y
}
)";

TEST_F(InsertRecorders, RecordsInputsAndWeights) {
  ctx_.config.activation_fusion = false;
  EXPECT_EQ(after(insert_recorders, load(kResidual)), R"(graph net {
  input x: float32 (-1, 4, 6, 6)
  parameter Convolution-0/m-x0: float32 ()
  parameter Convolution-0/M-x0: float32 ()
  parameter Convolution-0/count-x0: int64 ()
  parameter c1/W: float32 (4, 4, 1, 1)
  parameter Convolution-0/m-w0: float32 ()
  parameter Convolution-0/M-w0: float32 ()
  parameter Convolution-0/count-w0: int64 ()
  parameter c1/b: float32 (4)
  parameter ReLU-1/m-x0: float32 ()
  parameter ReLU-1/M-x0: float32 ()
  parameter ReLU-1/count-x0: int64 ()
  parameter Convolution-2/m-x0: float32 ()
  parameter Convolution-2/M-x0: float32 ()
  parameter Convolution-2/count-x0: int64 ()
  parameter c2/W: float32 (4, 4, 1, 1)
  parameter Convolution-2/m-w0: float32 ()
  parameter Convolution-2/M-w0: float32 ()
  parameter Convolution-2/count-w0: int64 ()
  parameter Add2-3/m-x1: float32 ()
  parameter Add2-3/M-x1: float32 ()
  parameter Add2-3/count-x1: int64 ()
  parameter Affine-4/m-x0: float32 ()
  parameter Affine-4/M-x0: float32 ()
  parameter Affine-4/count-x0: int64 ()
  parameter fc/W: float32 (144, 3)
  parameter Affine-4/m-w0: float32 ()
  parameter Affine-4/M-w0: float32 ()
  parameter Affine-4/count-w0: int64 ()
  x_recorded = Recorder[Convolution-0/x0](x, Convolution-0/m-x0, Convolution-0/M-x0, Convolution-0/count-x0) {recorder="AbsMax"}
  c1/W_recorded = Recorder[Convolution-0/w0](c1/W, Convolution-0/m-w0, Convolution-0/M-w0, Convolution-0/count-w0)
  h = Convolution[c1](x_recorded, c1/W_recorded, c1/b)
  h_recorded = Recorder[ReLU-1/x0](h, ReLU-1/m-x0, ReLU-1/M-x0, ReLU-1/count-x0) {recorder="AbsMax"}
  r = ReLU(h_recorded)
  r_recorded = Recorder[Convolution-2/x0](r, Convolution-2/m-x0, Convolution-2/M-x0, Convolution-2/count-x0) {recorder="AbsMax"}
  c2/W_recorded = Recorder[Convolution-2/w0](c2/W, Convolution-2/m-w0, Convolution-2/M-w0, Convolution-2/count-w0)
  g = Convolution[c2](r_recorded, c2/W_recorded)
  g_recorded = Recorder[Add2-3/x1](g, Add2-3/m-x1, Add2-3/M-x1, Add2-3/count-x1) {recorder="AbsMax"}
  s = Add2(r_recorded, g_recorded)
  s_recorded = Recorder[Affine-4/x0](s, Affine-4/m-x0, Affine-4/M-x0, Affine-4/count-x0) {recorder="AbsMax"}
  fc/W_recorded = Recorder[Affine-4/w0](fc/W, Affine-4/m-w0, Affine-4/M-w0, Affine-4/count-w0)
  y = Affine[fc](s_recorded, fc/W_recorded)
  output y
}
)");
}

TEST_F(InsertRecorders, ChangesNoValue) {
  const Graph graph = load(kResidual);
  EXPECT_EQ(difference(graph, insert_recorders(graph, ctx_)), 0.0);
}

using Names = std::vector<std::string>;

TEST_F(InsertRecorders, SkipsTheFirstAndTheLastLayers) {
  ctx_.config.skip_inputs_layers = {"Convolution"};
  ctx_.config.skip_outputs_layers = {"Affine"};
  EXPECT_EQ(recorders(load(kResidual)),
            Names({"Convolution-2/x0", "Convolution-2/w0", "Add2-3/x1"}));
}

TEST_F(InsertRecorders, LeavesWhatALayerHandsToItsActivationAlone) {
  // With BOTH, the outputs of layers get one too: of these those that a convolution or an addition
  // reads have theirs already, and nothing reads y.
  for (const bool outputs_too : {false, true}) {
    ConversionMemory memory;
    ctx_.memory = &memory;
    ctx_.config.recorder_position = outputs_too ? RecorderPosition::BOTH : RecorderPosition::BEFORE;
    EXPECT_EQ(recorders(load(kResidual)),
              Names({"Convolution-0/x0", "Convolution-0/w0", "Convolution-2/x0", "Convolution-2/w0",
                     "Add2-3/x1", "Affine-4/x0", "Affine-4/w0"}));
  }
}

TEST_F(InsertRecorders, RecordsOnlyTheListedTypes) {
  ctx_.config.record_layers = {"Affine"};
  EXPECT_EQ(recorders(load(kResidual)), Names({"Affine-4/x0", "Affine-4/w0"}));
}

TEST_F(InsertRecorders, IncludesAndExcludesByPattern) {
  ctx_.config.include = {"c*", "fc"};
  ctx_.config.exclude = {"c1"};
  EXPECT_EQ(recorders(load(kResidual)),
            Names({"Convolution-2/x0", "Convolution-2/w0", "Affine-4/x0", "Affine-4/w0"}));
}

TEST_F(InsertRecorders, NamesAPatternThatMatchesNothing) {
  ctx_.config.exclude = {"conv9*"};
  try {
    insert_recorders(load(kResidual), ctx_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "[QATConfig] exclude pattern 'conv9*' matches no layer of network net");
  }
}

TEST_F(InsertRecorders, LeavesTheFusedBranchOfAResidualAddition) {
  ctx_.config.residual_fusion = true;
  ctx_.config.record_layers = {"Convolution", "Add2"};
  EXPECT_EQ(recorders(load(kResidual)), Names({"Convolution-0/x0", "Convolution-0/w0",
                                               "Convolution-2/x0", "Convolution-2/w0"}));
}

TEST_F(InsertRecorders, RecordsOutputsTooIfBoth) {
  ctx_.config.recorder_position = RecorderPosition::BOTH;
  ctx_.config.record_layers = {"Convolution"};
  // h is read by a layer that is not recorded, and still gets one; y is the network's output.
  EXPECT_EQ(recorders(load(kResidual)),
            Names({"Convolution-0/x0", "Convolution-0/w0", "Convolution-0/y0", "Convolution-2/x0",
                   "Convolution-2/w0", "Convolution-2/y0"}));
}

TEST_F(InsertRecorders, RecordsWeightsPerOutputChannel) {
  ctx_.config.channel_wise = true;
  const std::string printed = after(insert_recorders, load(kResidual));
  EXPECT_NE(printed.find("parameter Convolution-0/M-w0: float32 (4)"), std::string::npos);
  EXPECT_NE(printed.find("parameter Affine-4/M-w0: float32 (3)"), std::string::npos);
  EXPECT_NE(printed.find("parameter Affine-4/M-x0: float32 ()"), std::string::npos);
}

TEST_F(InsertRecorders, AValidationNetworkWithDropoutLessSharesTheRanges) {
  const Graph graph = load(kResidual);
  std::string with_dropout(kResidual);
  with_dropout.replace(with_dropout.find("y = Affine[fc](s"), 16,
                       "d = Dropout(s)\n  y = Affine[fc](d");
  const Graph training = insert_recorders(load(with_dropout), ctx_);
  load(kResidual);
  ctx_.training = false;
  const Graph validation = insert_recorders(graph, ctx_);
  EXPECT_NE(print(validation).find("Affine-4/M-x0"), std::string::npos);
  EXPECT_NE(print(training).find("Affine-4/M-x0"), std::string::npos);
  EXPECT_NE(print(validation).find("observe=false"), std::string::npos);
}

TEST_F(InsertRecorders, SaysWhereAValidationNetworkDiffers) {
  insert_recorders(load(kResidual), ctx_);
  const Graph graph = load(replaced(std::string(kResidual), "r = ReLU(h)", "r = Tanh(h)"));
  ctx_.training = false;
  try {
    insert_recorders(graph, ctx_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "[QATScheduler] validation network net has no training network with the same "
                 "layers, so it has no ranges: function 1 is Tanh here and ReLU there");
  }
}

TEST_F(InsertRecorders, LeavesTheFusedBranchIfBothToo) {
  ctx_.config.residual_fusion = true;
  ctx_.config.recorder_position = RecorderPosition::BOTH;
  ctx_.config.record_layers = {"Convolution", "Add2"};
  EXPECT_EQ(recorders(load(kResidual)),
            Names({"Convolution-0/x0", "Convolution-0/w0", "Convolution-0/y0", "Convolution-2/x0",
                   "Convolution-2/w0", "Add2-3/y0"}));
}

// A weight is a weight, however it is made of parameters; what makes it is not quantized itself.
TEST_F(InsertRecorders, ComputedWeightsAreWeights) {
  ctx_.config.channel_wise = true;
  for (const char* weight :
       {"WeightNormalization(c/W, c/g)", "WeightStandardization(c/W)", "Mul2(c/W, c/mask)"}) {
    SCOPED_TRACE(weight);
    memory_ = {};
    const Graph graph = load(fmt::format(R"(graph net {{
  input x: float32 (-1, 4, 6, 6)
  parameter c/W: float32 (3, 4, 1, 1)
  parameter c/g: float32 (3)
  parameter c/mask: float32 (3, 4, 1, 1)
  w = {}
  y = Convolution[c](x, w)
  output y
}}
)",
                                         weight));
    EXPECT_EQ(recorders(graph), Names({"Convolution-1/x0", "Convolution-1/w0"}));
    memory_ = {};
    const std::string printed = after(insert_recorders, graph);
    EXPECT_NE(printed.find("Recorder[Convolution-1/w0](w, Convolution-1/m-w0, Convolution-1/M-w0, "
                           "Convolution-1/count-w0) {axis=0}"),
              std::string::npos)
        << printed;
  }
}

TEST_F(InsertRecorders, LeavesIndicesAndStatesAsTheyAre) {
  const auto found = [&](const std::string& function, const std::string& parameters = "") {
    memory_ = {};
    return recorders(
        load("graph net {\n  input x: float32 (4, 3)\n  input i: float32 (4, 3)\n"
             "  input u: float32 (4, 3)\n" +
             parameters + "  y = " + function + "\n  output y\n}\n"));
  };
  EXPECT_EQ(found("ScatterElements(x, i, u)"),
            Names({"ScatterElements-0/x0", "ScatterElements-0/x2"}));
  EXPECT_EQ(found("ScatterAdd(x, i, u)"), Names({"ScatterAdd-0/x0", "ScatterAdd-0/x2"}));
  EXPECT_EQ(found("GatherElements(x, i)"), Names({"GatherElements-0/x0"}));
  EXPECT_EQ(found("Where(i, x, u)"), Names({"Where-0/x1", "Where-0/x2"}));
  EXPECT_EQ(found("MeanSubtraction(x, m/mean, m/t)",
                  "  parameter m/mean: float32 (3)\n  parameter m/t: float32 (1)\n"),
            Names({"MeanSubtraction-0/x0"}));
}

constexpr std::string_view kWithoutDropout = R"(graph net {
  input x: float32 (-1, 4, 6, 6)
  parameter c1/W: float32 (4, 4, 1, 1)
  parameter c2/W: float32 (4, 4, 1, 1)
  h = Convolution[c1](x, c1/W)
  r = ReLU(h)
  g = Convolution[c2](r, c2/W)
  y = Add2(g, r)
  output y
}
)";

// kWithoutDropout with one line for another.
std::string with_line(const std::string& line, const std::string& lines) {
  std::string result(kWithoutDropout);
  return result.replace(result.find(line), line.size(), lines);
}

// The branch's value is that of the other one: one range, which the addition shares.
TEST_F(InsertRecorders, LooksThroughADropoutOnABranch) {
  const Names expected{"Convolution-0/x0", "Convolution-0/w0", "Convolution-2/x0",
                       "Convolution-2/w0", "Add2-3/x0"};
  EXPECT_EQ(recorders(load(kWithoutDropout)), expected);
  memory_ = {};
  const Graph branched = load(
      with_line("g = Convolution[c2](r, c2/W)", "d = Dropout(r)\n  g = Convolution[c2](d, c2/W)"));
  const std::string printed = after(insert_recorders, branched);
  EXPECT_NE(printed.find("d = Dropout(r_recorded)"), std::string::npos) << printed;
  EXPECT_NE(printed.find("y = Add2(g_recorded, r_recorded)"), std::string::npos) << printed;
  ctx_.training = false;
  EXPECT_EQ(recorders(load(kWithoutDropout)), expected);
}

TEST_F(InsertRecorders, LooksThroughADropoutInFrontOfAFusedActivation) {
  const Names expected{"Convolution-0/x0", "Convolution-0/w0", "Convolution-2/x0",
                       "Convolution-2/w0", "Add2-3/x0"};
  EXPECT_EQ(recorders(load(with_line("r = ReLU(h)", "d = Dropout(h)\n  r = ReLU(d)"))), expected);
}

TEST_F(InsertRecorders, PassesAnIdentityBy) {
  const std::string printed =
      after(insert_recorders, load(with_line("r = ReLU(h)", "q = ReLU(h)\n  r = Identity(q)")));
  EXPECT_NE(printed.find("g = Convolution[c2](q_recorded"), std::string::npos) << printed;
  EXPECT_EQ(printed.find("Identity"), std::string::npos) << printed;
}

// What an auxiliary loss reads is not the network's business.
TEST_F(InsertRecorders, ReadersOutsideOfTheOutputsChangeNothing) {
  const Graph graph = load(with_line("  output y", "  loss = Tanh(h)\n  output y\n  output loss"));
  ctx_.outputs.resize(1);
  EXPECT_EQ(recorders(graph), Names({"Convolution-0/x0", "Convolution-0/w0", "Convolution-2/x0",
                                     "Convolution-2/w0", "Add2-3/x0"}));
}

TEST_F(InsertRecorders, AValidationNetworkThatReadsOtherValuesIsAnError) {
  const auto product = [](const char* operands) {
    return fmt::format(
        "graph net {{\n  input a: float32 (-1, 4)\n  input b: float32 (-1, 4)\n  y = Mul2({})\n"
        "  output y\n}}\n",
        operands);
  };
  const auto error = [&](const char* training, const char* validation) {
    memory_ = {};
    ctx_.training = true;
    insert_recorders(load(product(training)), ctx_);
    ctx_.training = false;
    const Graph graph = load(product(validation));
    return message_of([&] { insert_recorders(graph, ctx_); });
  };
  EXPECT_EQ(error("a, a", "a, b"),
            "[QATScheduler] validation network net quantizes other values than its training "
            "network: Mul2-0/x1 is recorded only here");
  EXPECT_EQ(error("a, b", "a, a"),
            "[QATScheduler] validation network net quantizes other values than its training "
            "network: Mul2-0/x1 is recorded only there");
}

}  // namespace
}  // namespace octet
