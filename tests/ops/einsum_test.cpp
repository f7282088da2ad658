// Einsum and LRN.
#include "octet/ops/einsum.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/random_tensor.h"
#include "tests/support/run_operation.h"

namespace octet {
namespace {

TEST(Einsum, ProductsTracesAndTransposes) {
  const at::Tensor a = random_double({2, 3, 4}, 1);
  const at::Tensor b = random_double({2, 4, 5}, 2);
  EXPECT_TRUE(at::allclose(run_one(Einsum{.equation = "bij, bjk -> bik"}, {a, b}), a.bmm(b)));
  EXPECT_TRUE(at::equal(run_one(Einsum{.equation = "...ij->...ji"}, {a}), a.transpose(1, 2)));
  EXPECT_TRUE(at::allclose(run_one(Einsum{.equation = "bij->b"}, {a}), a.sum(IntList{1, 2})));
  const at::Tensor square = doubles({1, 2, 3, 4}).reshape({2, 2});
  EXPECT_EQ(run_one(Einsum{.equation = "ii"}, {square}).item<double>(), 5);
  EXPECT_TRUE(at::equal(run_one(Einsum{.equation = "ba"}, {square}), square.t()));
  const at::Tensor counts = at::arange(3);
  EXPECT_EQ(run_one(Einsum{.equation = "i,i"}, {counts, counts}).item<int64_t>(), 5);
}

TEST(Einsum, FreeBatch) {
  EXPECT_EQ(inferred_shape(Einsum{.equation = "bij,jk->bik"}, {{kFreeDim, 3, 4}, {4, 5}}),
            Shape({kFreeDim, 3, 5}));
  EXPECT_EQ(inferred_shape(Einsum{.equation = "...i,ji->...j"}, {{kFreeDim, 3, 4}, {5, 4}}),
            Shape({kFreeDim, 3, 5}));
}

TEST(Einsum, NamesWhatIsWrong) {
  const auto error = [](const std::string& equation, const std::vector<Shape>& shapes) {
    return infer_error(Einsum{.equation = equation}, shapes);
  };
  EXPECT_EQ(error("ij,jk", {{2, 3}}), "[Einsum] equation 'ij,jk' has 2 terms for 1 inputs");
  EXPECT_EQ(error("ij,jk", {{2, 3}, {4, 5}}),
            "[Einsum] dimension 'j' of equation 'ij,jk' is both 3 and 4");
  EXPECT_EQ(error("ij", {{2, 3, 4}}),
            "[Einsum] input (2, 3, 4) does not have the dimensions 'ij' of equation 'ij'");
  EXPECT_EQ(error("i1", {{2, 3}}),
            "[Einsum] 'i1' in equation 'i1' is not letters and at most one '...'");
  EXPECT_EQ(error("i...j...", {{2, 3}}),
            "[Einsum] 'i...j...' in equation 'i...j...' is not letters and at most one '...'");
  EXPECT_EQ(error("ij->ik", {{2, 3}}),
            "[Einsum] the result of equation 'ij->ik' must name dimensions of the inputs, each "
            "once");
  EXPECT_EQ(error("...i->i", {{2, 3}}),
            "[Einsum] the result of equation '...i->i' must have '...' as the inputs have");
  EXPECT_EQ(run_error(Einsum{.equation = "i,i"}, {at::ones({2}), doubles({1, 2})}),
            "[Einsum] inputs of type float32 and float64 do not go together");
}

TEST(LRN, DividesByTheNeighbourhood) {
  // size 2 reaches the channel itself and the one behind it.
  const at::Tensor x = doubles({1, 2, 3}).reshape({1, 3});
  const at::Tensor y = run_one(LRN{.size = 2, .alpha = 2, .beta = 0.5F, .bias = 4}, {x});
  EXPECT_TRUE(at::allclose(
      y, doubles({1 / std::sqrt(4 + 5.0), 2 / std::sqrt(4 + 13.0), 3 / std::sqrt(4 + 9.0)})
             .reshape({1, 3})));
  EXPECT_LE(gradient_error(LRN{.size = 3, .alpha = 1}, {random_double({2, 4, 3}, 1)}), 1e-7);
  EXPECT_EQ(infer_error(LRN{}, {{2}}),
            "[LRN] input (2) must have at least 2 dimensions: (N, C, ...)");
  EXPECT_EQ(infer_error(LRN{.size = 0}, {{2, 3}}), "[LRN] size 0 must not be below 1");
}

}  // namespace
}  // namespace octet
