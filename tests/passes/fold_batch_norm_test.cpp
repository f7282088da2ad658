#include "octet/passes/fold_batch_norm.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "tests/quant/test_support.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

class FoldBatchNorm : public PassTest {
 protected:
  FoldBatchNorm() { ctx_.config.bn_folding = true; }

  // layer: the statement(s) that make h of x; channels of h; and the shape of its statistics.
  std::string network(const std::string& layer, const std::string& parameters, int channels,
                      const std::string& x = "(-1, 4, 6, 6)", const std::string& ones = ", 1, 1") {
    std::string text = fmt::format("graph net {{\n  input x: float32 {}\n{}", x, parameters);
    for (const char* name : {"beta", "gamma", "mean", "var"}) {
      text += fmt::format("  parameter bn/{}: float32 (1, {}{})\n", name, channels, ones);
    }
    return text + layer +
           "  y = BatchNormalization(h, bn/beta, bn/gamma, bn/mean, bn/var) {batch_stat=false}\n"
           "  output y\n}\n";
  }

  // The fold removes the normalization and changes no value by more than float rounding: sums of
  // up to 100 products of magnitude 1 carry an error of about 100 eps = 1.2e-5.
  void expect_folded(const std::string& text, const std::string& operation) {
    const Graph graph = load(text);
    const Graph folded = fold_batch_norm(graph, ctx_);
    verify(folded);
    const std::string printed = print(compact(folded));
    EXPECT_EQ(printed.find("BatchNormalization"), std::string::npos) << printed;
    EXPECT_NE(printed.find("y = " + operation), std::string::npos) << printed;
    EXPECT_LT(difference(graph, folded), 2e-5);
    EXPECT_TRUE(equal(fold_batch_norm(folded, ctx_), folded)) << "not idempotent";
  }
};

TEST_F(FoldBatchNorm, RewritesTheGraph) {
  const std::string text = network("  h = Convolution[conv](x, c/W) {pad=(1, 1)}\n",
                                   "  parameter c/W: float32 (5, 4, 3, 3)\n", 5);
  EXPECT_EQ(after(fold_batch_norm, load(text)), R"(graph net {
  input x: float32 (-1, 4, 6, 6)
  parameter c/w-folded: float32 (5, 4, 3, 3)
  parameter c/b-folded: float32 (5)
  y = Convolution[conv](x, c/w-folded, c/b-folded) {pad=(1, 1)}
  output y
}
)");
}

TEST_F(FoldBatchNorm, Convolution) {
  expect_folded(network("  h = Convolution(x, c/W, c/b)\n",
                        "  parameter c/W: float32 (5, 4, 3, 3)\n  parameter c/b: float32 (5)\n", 5),
                "Convolution");
}

TEST_F(FoldBatchNorm, GroupedConvolution) {
  expect_folded(network("  h = Convolution(x, c/W) {group=2}\n",
                        "  parameter c/W: float32 (6, 2, 3, 3)\n", 6),
                "Convolution");
}

TEST_F(FoldBatchNorm, DepthwiseConvolution) {
  expect_folded(network("  h = DepthwiseConvolution(x, c/W, c/b) {multiplier=2, pad=(1, 1)}\n",
                        "  parameter c/W: float32 (8, 3, 3)\n  parameter c/b: float32 (8)\n", 8),
                "DepthwiseConvolution");
}

TEST_F(FoldBatchNorm, Deconvolution) {
  expect_folded(network("  h = Deconvolution(x, c/W) {stride=(2, 2)}\n",
                        "  parameter c/W: float32 (4, 5, 3, 3)\n", 5),
                "Deconvolution");
}

TEST_F(FoldBatchNorm, GroupedDeconvolution) {
  expect_folded(network("  h = Deconvolution(x, c/W, c/b) {group=2, stride=(2, 2)}\n",
                        "  parameter c/W: float32 (4, 3, 3, 3)\n  parameter c/b: float32 (6)\n", 6),
                "Deconvolution");
}

TEST_F(FoldBatchNorm, DepthwiseDeconvolution) {
  expect_folded(network("  h = DepthwiseDeconvolution(x, c/W) {divisor=2}\n",
                        "  parameter c/W: float32 (4, 3, 3)\n", 2),
                "DepthwiseDeconvolution");
}

TEST_F(FoldBatchNorm, Affine) {
  expect_folded(network("  h = Affine(x, c/W, c/b)\n",
                        "  parameter c/W: float32 (144, 5)\n  parameter c/b: float32 (5)\n", 5,
                        "(-1, 4, 6, 6)", ""),
                "Affine");
}

TEST_F(FoldBatchNorm, LeavesAConvolutionThatHasAnotherReader) {
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 4, 6, 6)
  parameter c/W: float32 (4, 4, 1, 1)
  parameter bn/beta: float32 (1, 4, 1, 1)
  parameter bn/gamma: float32 (1, 4, 1, 1)
  parameter bn/mean: float32 (1, 4, 1, 1)
  parameter bn/var: float32 (1, 4, 1, 1)
  h = Convolution(x, c/W)
  n = BatchNormalization(h, bn/beta, bn/gamma, bn/mean, bn/var) {batch_stat=false}
  y = Add2(n, h)
  output y
}
)");
  EXPECT_TRUE(equal(fold_batch_norm(graph, ctx_), graph));
}

TEST_F(FoldBatchNorm, LeavesAConvolutionWhoseValueIsAnOutput) {
  Graph graph =
      load(network("  h = Convolution(x, c/W)\n", "  parameter c/W: float32 (5, 4, 3, 3)\n", 5));
  ctx_.outputs = {graph.find_variable("y"), graph.find_variable("h")};
  graph.set_outputs(ctx_.outputs);
  EXPECT_TRUE(equal(fold_batch_norm(graph, ctx_), graph));
}

TEST_F(FoldBatchNorm, FoldsOnceForTwoNetworks) {
  const std::string text =
      network("  h = Convolution(x, c/W)\n", "  parameter c/W: float32 (5, 4, 3, 3)\n", 5);
  const Graph graph = load(text);
  const Graph first = fold_batch_norm(graph, ctx_);
  const at::Tensor folded = parameters_.at("c/w-folded").value.clone();
  const Graph second = fold_batch_norm(graph, ctx_);
  EXPECT_TRUE(equal(first, second));
  EXPECT_TRUE(at::equal(parameters_.at("c/w-folded").value, folded));
}

TEST_F(FoldBatchNorm, TheWeightIsTrainedInTheUnitOfItsScale) {
  const Graph graph =
      load(network("  h = Convolution(x, c/W)\n", "  parameter c/W: float32 (5, 4, 3, 3)\n", 5));
  fold_batch_norm(graph, ctx_);
  const Parameter& folded = parameters_.at("c/w-folded");
  ASSERT_TRUE(folded.unit.defined());
  EXPECT_EQ(folded.unit.sizes(), at::IntArrayRef({5, 1, 1, 1}));
  // One rounding of the product in double, and one of each factor.
  EXPECT_LT((parameters_.at("c/W").value * folded.unit - folded.value).abs().max().item<float>(),
            3 * std::numeric_limits<float>::epsilon() * folded.value.abs().max().item<float>());
  EXPECT_FALSE(parameters_.at("c/b-folded").unit.defined());
}

TEST_F(FoldBatchNorm, TheWeightHasNoUnitWithoutKeepStep) {
  ctx_.config.bn_folding_keep_step = false;
  fold_batch_norm(
      load(network("  h = Convolution(x, c/W)\n", "  parameter c/W: float32 (5, 4, 3, 3)\n", 5)),
      ctx_);
  EXPECT_FALSE(parameters_.at("c/w-folded").unit.defined());
  EXPECT_EQ(parameters_.find("c/w-folded-unit"), nullptr);
}

// A channel that never varies (its input is a dead ReLU) has a variance of zero, and by the formula
// a scale of gamma / sqrt(eps), which would leave its neighbours no quantization steps.
TEST_F(FoldBatchNorm, AConstantChannelBecomesItsShift) {
  const Graph graph = load(
      network("  h = DepthwiseConvolution(x, c/W)\n", "  parameter c/W: float32 (4, 3, 3)\n", 4));
  at::Tensor& variance = parameters_.at("bn/var").value;
  variance.detach().select(1, 2).fill_(0.9e-11);  // below eps * 1e-6: constant
  variance.detach().select(1, 3).fill_(1.2e-11);  // above
  const Graph folded = fold_batch_norm(graph, ctx_);
  const at::Tensor weight = parameters_.at("c/w-folded").value;
  const at::Tensor bias = parameters_.at("c/b-folded").value;
  EXPECT_TRUE(weight[2].eq(0).all().item<bool>());
  EXPECT_EQ(bias[2].item<float>(), parameters_.at("bn/beta").value.flatten()[2].item<float>());
  for (const int channel : {0, 1, 3}) EXPECT_TRUE(weight[channel].ne(0).any().item<bool>());
}

// Channel 3 hardly varies in front of the normalization: by the formula its weights are a thousand
// times its neighbours'.
class WideChannel : public FoldBatchNorm {
 protected:
  WideChannel()
      : graph_(load(network("  h = DepthwiseConvolution(x, c/W, c/b)\n",
                            "  parameter c/W: float32 (4, 3, 3)\n  parameter c/b: float32 (4)\n",
                            4))) {
    parameters_.at("bn/var").value.detach().select(1, 3).fill_(1e-9);
  }
  // The largest weight of each channel.
  at::Tensor largest() const { return parameters_.at("c/w-folded").value.abs().amax({1, 2}); }
  double ratio() const { return largest()[3].item<double>() / largest().median().item<double>(); }

  Graph graph_;
};

TEST_F(WideChannel, IsBoundedByTheLimit) {
  ctx_.config.bn_folding_limit = 16;
  fold_batch_norm(graph_, ctx_);
  EXPECT_NEAR(ratio(), 16, 16 * 2e-7);  // the weight is rounded to float once, the median too
}

TEST_F(WideChannel, KeepsItsMean) {
  ctx_.config.bn_folding_limit = 16;
  fold_batch_norm(graph_, ctx_);
  // An input whose convolution gives the running mean: the normalization then gives beta.
  const auto value = [&](const std::string& name) {
    return parameters_.at(name).value.detach().flatten()[3].item<double>();
  };
  const double kept = parameters_.at("c/w-folded").value[3].flatten()[0].item<double>() /
                      parameters_.at("c/W").value[3].flatten()[0].item<double>();
  EXPECT_NEAR(value("c/b-folded"), value("bn/beta") + kept * (value("c/b") - value("bn/mean")),
              1e-6 * std::abs(kept));
}

TEST_F(WideChannel, IsAsTheFormulaSaysWithoutALimit) {
  ctx_.config.bn_folding_limit = 0;
  fold_batch_norm(graph_, ctx_);
  EXPECT_GT(ratio(), 50);
}

TEST_F(WideChannel, MayBeWideInALayerThatStaysFloat) {
  ctx_.config.bn_folding_limit = 16;
  ctx_.config.skip_inputs_layers = {"DepthwiseConvolution"};
  fold_batch_norm(graph_, ctx_);
  EXPECT_GT(ratio(), 50);
}

TEST_F(WideChannel, HasAScaleOfItsOwnChannelWise) {
  ctx_.config.bn_folding_limit = 16;
  ctx_.config.channel_wise = true;
  fold_batch_norm(graph_, ctx_);
  EXPECT_GT(ratio(), 50);
}

TEST_F(FoldBatchNorm, SharedWeightsWithTwoNormalizationsGetTwoFoldedWeights) {
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 4, 6, 6)
  parameter c/W: float32 (4, 4, 1, 1)
  parameter bn1/beta: float32 (1, 4, 1, 1)
  parameter bn1/gamma: float32 (1, 4, 1, 1)
  parameter bn1/mean: float32 (1, 4, 1, 1)
  parameter bn1/var: float32 (1, 4, 1, 1)
  parameter bn2/beta: float32 (1, 4, 1, 1)
  parameter bn2/gamma: float32 (1, 4, 1, 1)
  parameter bn2/mean: float32 (1, 4, 1, 1)
  parameter bn2/var: float32 (1, 4, 1, 1)
  h1 = Convolution(x, c/W)
  n1 = BatchNormalization(h1, bn1/beta, bn1/gamma, bn1/mean, bn1/var) {batch_stat=false}
  h2 = Convolution(n1, c/W)
  y = BatchNormalization(h2, bn2/beta, bn2/gamma, bn2/mean, bn2/var) {batch_stat=false}
  output y
}
)");
  const Graph folded = fold_batch_norm(graph, ctx_);
  EXPECT_NE(parameters_.find("c/w-folded-1"), nullptr);
  EXPECT_LT(difference(graph, folded), 2e-5);
}

TEST_F(FoldBatchNorm, NamesTheNormalizationWithANegativeVariance) {
  const Graph graph =
      load(network("  h = Convolution(x, c/W)\n", "  parameter c/W: float32 (5, 4, 3, 3)\n", 5));
  parameters_.set("bn/var", at::full({1, 5, 1, 1}, -1.0), false);
  try {
    fold_batch_norm(graph, ctx_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "[y] cannot be folded: its statistics or parameters are NaN, infinite, or a variance "
        "is negative");
  }
}

TEST_F(FoldBatchNorm, LeavesANormalizationWithoutRunningStatistics) {
  std::string text =
      network("  h = Convolution(x, c/W)\n", "  parameter c/W: float32 (5, 4, 3, 3)\n", 5);
  const std::string running = ", bn/mean, bn/var) {batch_stat=false}";
  text.replace(text.find(running), running.size(), std::string(")"));
  const Graph graph = load(text);
  EXPECT_TRUE(equal(fold_batch_norm(graph, ctx_), graph));
}

TEST_F(FoldBatchNorm, SaysThatSomebodyOutsideReadsWhatItWouldTakeAway) {
  std::string text = network("  h = Convolution(x, c/W)\n  loss = Tanh(h)\n",
                             "  parameter c/W: float32 (5, 4, 3, 3)\n", 5);
  text.replace(text.find("  output y"), 10, std::string("  output y\n  output loss"));
  const Graph graph = load(text);
  ctx_.outputs.resize(1);
  const LogCapture log;
  EXPECT_TRUE(equal(fold_batch_norm(graph, ctx_), graph));
  EXPECT_EQ(log.text(),
            "warning: [y] is not folded: h is read outside of the registered outputs too\n");
}

TEST_F(FoldBatchNorm, FrozenLayersStayFrozen) {
  struct Case {
    std::vector<std::string> frozen;
    bool weight, bias;
  };
  for (const Case& c : {Case{{}, true, true}, Case{{"c/W"}, false, true},
                        Case{{"c/W", "c/b"}, false, true}, Case{{"c/b", "bn/beta"}, true, false},
                        Case{{"c/W", "c/b", "bn/beta", "bn/gamma"}, false, false}}) {
    SCOPED_TRACE(fmt::format("{}", fmt::join(c.frozen, " ")));
    parameters_ = ParameterStore(7);
    memory_ = {};
    const Graph graph =
        load(network("  h = Convolution(x, c/W, c/b)\n",
                     "  parameter c/W: float32 (5, 4, 3, 3)\n  parameter c/b: float32 (5)\n", 5));
    for (const std::string& name : c.frozen) {
      parameters_.set(name, parameters_.at(name).value, /*need_grad=*/false);
    }
    fold_batch_norm(graph, ctx_);
    EXPECT_EQ(parameters_.at("c/w-folded").need_grad, c.weight);
    EXPECT_EQ(parameters_.at("c/w-folded").value.requires_grad(), c.weight);
    EXPECT_EQ(parameters_.at("c/b-folded").need_grad, c.bias);
    EXPECT_EQ(memory_.replaced.at("c/w-folded"), std::vector<std::string>{"c/W"});
    EXPECT_EQ(memory_.replaced.at("c/b-folded"), (std::vector<std::string>{"c/b", "bn/beta"}));
  }
}

}  // namespace
}  // namespace octet
