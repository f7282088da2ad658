#include "octet/passes/fold_batch_norm_opposite.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "tests/quant/test_support.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

class FoldBatchNormOpposite : public PassTest {
 protected:
  FoldBatchNormOpposite() { ctx_.config.bn_folding = true; }

  static std::string network(const std::string& layer, const std::string& parameters) {
    std::string text = "graph net {\n  input x: float32 (-1, 4, 6, 6)\n" + parameters;
    for (const char* name : {"beta", "gamma", "mean", "var"}) {
      text += fmt::format("  parameter bn/{}: float32 (1, 4, 1, 1)\n", name);
    }
    return text +
           "  h = BatchNormalization(x, bn/beta, bn/gamma, bn/mean, bn/var) {batch_stat=false}\n" +
           layer + "  output y\n}\n";
  }

  void expect_folded(const std::string& text) {
    const Graph graph = load(text);
    const Graph folded = fold_batch_norm_opposite(graph, ctx_);
    verify(folded);
    EXPECT_EQ(print(compact(folded)).find("BatchNormalization"), std::string::npos);
    // Sums of up to 144 products of magnitude 1: about 144 eps = 1.7e-5.
    EXPECT_LT(difference(graph, folded), 3e-5);
  }
};

TEST_F(FoldBatchNormOpposite, ConvolutionAtTheNetworksInput) {
  expect_folded(network("  y = Convolution(h, c/W, c/b)\n",
                        "  parameter c/W: float32 (5, 4, 3, 3)\n  parameter c/b: float32 (5)\n"));
}

TEST_F(FoldBatchNormOpposite, GroupedConvolutionWithoutBias) {
  expect_folded(
      network("  y = Convolution(h, c/W) {group=2}\n", "  parameter c/W: float32 (6, 2, 3, 3)\n"));
}

TEST_F(FoldBatchNormOpposite, DepthwiseConvolution) {
  expect_folded(network("  y = DepthwiseConvolution(h, c/W) {multiplier=2}\n",
                        "  parameter c/W: float32 (8, 3, 3)\n"));
}

TEST_F(FoldBatchNormOpposite, AffineOverFlattenedImage) {
  expect_folded(network("  y = Affine(h, c/W, c/b)\n",
                        "  parameter c/W: float32 (144, 5)\n  parameter c/b: float32 (5)\n"));
}

TEST_F(FoldBatchNormOpposite, LeavesAPaddedConvolution) {
  const std::string text = network("  y = Convolution(h, c/W) {pad=(1, 1)}\n",
                                   "  parameter c/W: float32 (5, 4, 3, 3)\n");
  const Graph graph = load(text);
  EXPECT_TRUE(equal(fold_batch_norm_opposite(graph, ctx_), graph));
}

TEST_F(FoldBatchNormOpposite, FoldsAPaddedConvolutionIfZeroStaysZero) {
  const std::string text = network("  y = Convolution(h, c/W) {pad=(1, 1)}\n",
                                   "  parameter c/W: float32 (5, 4, 3, 3)\n");
  parameters_.set("bn/beta", at::zeros({1, 4, 1, 1}), true);
  parameters_.set("bn/mean", at::zeros({1, 4, 1, 1}), false);
  expect_folded(text);
}

// The bias has the shape of the outputs; a sum over all but the first of them would broadcast or
// not fit at all.
TEST_F(FoldBatchNormOpposite, AffineWithSeveralOutputDimensions) {
  expect_folded(network("  y = Affine(h, c/W, c/b)\n",
                        "  parameter c/W: float32 (144, 5, 5)\n  parameter c/b: float32 (5, 5)\n"));
  expect_folded(network("  y = Affine(h, d/W)\n", "  parameter d/W: float32 (144, 5, 2)\n"));
}

TEST_F(FoldBatchNormOpposite, LeavesANormalizationWithoutRunningStatistics) {
  const std::string text =
      network("  y = Convolution(h, c/W)\n", "  parameter c/W: float32 (5, 4, 3, 3)\n");
  const Graph graph = load(replaced(text, ", bn/mean, bn/var) {batch_stat=false}", ")"));
  EXPECT_TRUE(equal(fold_batch_norm_opposite(graph, ctx_), graph));
}

TEST_F(FoldBatchNormOpposite, SaysThatSomebodyOutsideReadsTheNormalizedValue) {
  std::string text =
      network("  y = Convolution(h, c/W)\n", "  parameter c/W: float32 (5, 4, 3, 3)\n");
  text.replace(text.find("  output y"), 10,
               std::string("  loss = Tanh(h)\n  output y\n  output loss"));
  const Graph graph = load(text);
  ctx_.outputs.resize(1);
  const LogCapture log;
  EXPECT_TRUE(equal(fold_batch_norm_opposite(graph, ctx_), graph));
  EXPECT_EQ(log.text(),
            "warning: [h] is not folded: h is read outside of the registered outputs too\n");
}

}  // namespace
}  // namespace octet
