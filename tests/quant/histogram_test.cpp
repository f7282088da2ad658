#include "octet/quant/histogram.h"

#include "tests/quant/test_support.h"

namespace octet {
namespace {

constexpr int64_t kBins = 16;

struct Rows {
  at::Tensor counts;
  at::Tensor limit;

  explicit Rows(int64_t rows)
      : counts(at::zeros({rows, kBins}, at::kLong)), limit(at::zeros({rows}, at::kFloat)) {}

  void add(const at::Tensor& x) {
    const at::Tensor rows = x.view({counts.size(0), -1});
    add_to_histogram(counts, limit, rows, rows.abs().amax(1));
  }
};

std::vector<int64_t> row(const Rows& rows, int64_t i) {
  const int64_t* data = rows.counts.data_ptr<int64_t>() + i * kBins;
  return {data, data + kBins};
}

TEST(Histogram, CountsIntoBinsAroundZero) {
  Rows rows(1);
  rows.add(floats({0, 0.1f, 0.49f, 0.5f, 3.99f, -0.1f, -0.5f, -0.51f, -3.99f}));
  EXPECT_EQ(rows.limit.item<float>(), 4);  // bins of 0.5
  EXPECT_EQ(row(rows, 0), (std::vector<int64_t>{1, 0, 0, 0, 0, 0, 1, 2, 3, 1, 0, 0, 0, 0, 0, 1}));
}

TEST(Histogram, TheLimitIsAboveTheLargestValue) {
  Rows rows(1);
  rows.add(floats({4.0f, -4.0f}));
  EXPECT_EQ(rows.limit.item<float>(), 8);
  EXPECT_EQ(row(rows, 0)[4], 1);
  EXPECT_EQ(row(rows, 0)[12], 1);
}

TEST(Histogram, GrowsWithoutLosingACount) {
  const at::Tensor small = bell(1000);
  const at::Tensor large = bell(300) * 20;
  Rows grown(1);
  grown.add(small);
  grown.add(large);
  Rows at_once(1);
  at_once.add(at::cat({large, small}));
  EXPECT_EQ(grown.counts.sum().item<int64_t>(), 1300);
  EXPECT_TRUE(at::equal(grown.counts, at_once.counts));
  EXPECT_TRUE(at::equal(grown.limit, at_once.limit));
}

TEST(Histogram, NeedsNoLimitForZeros) {
  Rows rows(1);
  rows.add(at::zeros({5}));
  EXPECT_EQ(rows.limit.item<float>(), 0);
  rows.add(floats({1e-3f, -1e-3f}));
  EXPECT_EQ(rows.limit.item<float>(), 0x1p-9f);
  EXPECT_EQ(row(rows, 0)[kBins / 2], 5);
  EXPECT_EQ(rows.counts.sum().item<int64_t>(), 7);
}

TEST(Histogram, KeepsChannelsApart) {
  Rows rows(3);
  rows.add(floats({0, 0, 1, -1, 100, 7}));
  rows.add(floats({5, 0, 1, -1, 100, 7}));
  EXPECT_EQ(to_vector(rows.limit), (std::vector<float>{8, 2, 128}));
  EXPECT_EQ(to_vector(rows.counts.sum(1)), (std::vector<float>{4, 4, 4}));
  EXPECT_EQ(row(rows, 0)[kBins / 2 + 5], 1);
  EXPECT_EQ(row(rows, 1)[kBins / 2 + 4], 2);
  EXPECT_EQ(row(rows, 1)[kBins / 2 - 4], 2);
  EXPECT_EQ(row(rows, 2)[kBins / 2 + 6], 2);
}

TEST(Histogram, TakesTheExtremesOfFloat32) {
  Rows rows(1);
  rows.add(floats({3.4e38f, -3.4e38f, 1e-45f}));
  EXPECT_EQ(rows.counts.sum().item<int64_t>(), 3);
  EXPECT_EQ(row(rows, 0)[0], 1);
  EXPECT_EQ(row(rows, 0)[kBins - 1], 1);
  Rows tiny(1);
  tiny.add(floats({1e-45f, -1e-45f, 0}));
  EXPECT_EQ(tiny.counts.sum().item<int64_t>(), 3);
}

TEST(Histogram, CountsMoreThanAChunk) {
  Rows rows(1);
  rows.add(at::ones({(int64_t{1} << 20) + 3}));
  EXPECT_EQ(row(rows, 0)[kBins / 2 + 4], (int64_t{1} << 20) + 3);
}

}  // namespace
}  // namespace octet
