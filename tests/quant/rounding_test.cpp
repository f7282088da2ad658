#include "octet/quant/rounding.h"

#include "tests/quant/test_support.h"

namespace octet {
namespace {

TEST(Round, SendsHalvesToTheEvenNeighbour) {
  const at::Tensor x = floats({-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f, 0.4f, 0.6f, -0.6f});
  EXPECT_EQ(to_vector(round(x, RoundMode::HALF_TO_EVEN)),
            (std::vector<float>{-2, -2, 0, 0, 2, 2, 0, 1, -1}));
}

TEST(Round, SendsHalvesAwayFromZero) {
  const at::Tensor x = floats({-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f, 0.4f, 0.6f, -0.6f});
  EXPECT_EQ(to_vector(round(x, RoundMode::HALF_AWAY_FROM_ZERO)),
            (std::vector<float>{-3, -2, -1, 1, 2, 3, 0, 1, -1}));
}

// |x| + 0.5 is itself rounded for these.
TEST(Round, IsExactWhereAddingAHalfIsNot) {
  const at::Tensor x = floats({0.49999997f, -0.49999997f, 8388609.0f, -8388611.0f, 3.4e38f});
  for (const auto mode : {RoundMode::HALF_TO_EVEN, RoundMode::HALF_AWAY_FROM_ZERO}) {
    EXPECT_EQ(to_vector(round(x, mode)),
              (std::vector<float>{0, 0, 8388609.0f, -8388611.0f, 3.4e38f}));
  }
}

TEST(Round, KeepsInfinityNanAndType) {
  const double infinity = std::numeric_limits<double>::infinity();
  const at::Tensor x = doubles({infinity, -infinity, std::nan(""), 1e300, 2.5});
  for (const auto mode : {RoundMode::HALF_TO_EVEN, RoundMode::HALF_AWAY_FROM_ZERO}) {
    const at::Tensor y = round(x, mode);
    EXPECT_EQ(y.scalar_type(), at::kDouble);
    EXPECT_EQ(y[0].item<double>(), infinity);
    EXPECT_EQ(y[1].item<double>(), -infinity);
    EXPECT_TRUE(std::isnan(y[2].item<double>()));
    EXPECT_EQ(y[3].item<double>(), 1e300);
  }
}

}  // namespace
}  // namespace octet
