#include "octet/plan/arena.h"

#include <gtest/gtest.h>

#include <random>

namespace octet::plan {
namespace {

bool overlap_in_time(const BufferPlan& a, const BufferPlan& b) {
  return a.first <= b.last && b.first <= a.last;
}

bool overlap_in_memory(const BufferPlan& a, const BufferPlan& b) {
  return a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}

TEST(PlaceBuffers, WhatIsNeededAtTheSameTimeLiesApart) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    std::vector<BufferPlan> buffers(100);
    int64_t sum = 0, largest = 0;
    for (BufferPlan& buffer : buffers) {
      buffer.bytes = 1 + static_cast<int64_t>(random() % 5000);
      buffer.first = static_cast<int64_t>(random() % 50);
      buffer.last = buffer.first + static_cast<int64_t>(random() % 10);
      sum += (buffer.bytes + 63) / 64 * 64;
      largest = std::max(largest, buffer.bytes);
    }
    const int64_t total = place_buffers(buffers);
    EXPECT_LE(total, sum);
    EXPECT_GE(total, largest);
    for (size_t i = 0; i < buffers.size(); ++i) {
      EXPECT_EQ(buffers[i].offset % 64, 0);
      EXPECT_LE(buffers[i].offset + buffers[i].bytes, total);
      for (size_t j = 0; j < i; ++j) {
        const bool clash =
            overlap_in_time(buffers[i], buffers[j]) && overlap_in_memory(buffers[i], buffers[j]);
        EXPECT_FALSE(clash) << i << " and " << j;
      }
    }
  }
}

TEST(PlaceBuffers, AChainNeedsTwoBuffers) {
  std::vector<BufferPlan> chain(10);
  for (int64_t i = 0; i < 10; ++i) chain[i] = {.bytes = 640, .first = i, .last = i + 1};
  EXPECT_EQ(place_buffers(chain), 2 * 640);
}

TEST(PlaceBuffers, WhatIsNeverNeededTakesNoMemory) {
  std::vector<BufferPlan> buffers(2);
  buffers[0].bytes = 1 << 20;
  buffers[1].bytes = 64;
  buffers[1].need_at(3);
  EXPECT_EQ(place_buffers(buffers), 64);
}

TEST(BufferPlan, TheTimesOfAllNeedsAreCovered) {
  BufferPlan buffer;
  buffer.need_at(5);
  EXPECT_EQ(buffer.first, 5);
  EXPECT_EQ(buffer.last, 5);
  buffer.need_at(9);
  buffer.need_at(2);
  EXPECT_EQ(buffer.first, 2);
  EXPECT_EQ(buffer.last, 9);
}

}  // namespace
}  // namespace octet::plan
