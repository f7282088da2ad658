#include "octet/plan/arena.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "octet/base/error.h"

namespace octet::plan {

namespace {

// Of a cache line, which is also what the widest vector wants.
constexpr int64_t kAlignment = 64;

int64_t aligned(int64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

bool overlap(const BufferPlan& a, const BufferPlan& b) {
  return a.first <= b.last && b.first <= a.last;
}

// The lowest offset with room for `bytes` beside `placed`, which are in the order of offsets.
int64_t lowest_gap(const std::vector<const BufferPlan*>& placed, int64_t bytes) {
  int64_t offset = 0;
  for (const BufferPlan* other : placed) {
    if (offset + bytes <= other->offset) break;
    offset = std::max(offset, other->offset + aligned(other->bytes));
  }
  return offset;
}

}  // namespace

void BufferPlan::need_at(int64_t time) {
  if (last < first) {
    first = last = time;
  } else {
    first = std::min(first, time);
    last = std::max(last, time);
  }
}

int64_t place_buffers(std::vector<BufferPlan>& buffers) {
  std::vector<size_t> order(buffers.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return buffers[a].bytes > buffers[b].bytes; });
  std::vector<const BufferPlan*> placed;  // in the order of offsets
  int64_t total = 0;
  for (const size_t index : order) {
    BufferPlan& buffer = buffers[index];
    if (buffer.last < buffer.first) continue;
    std::vector<const BufferPlan*> rivals;
    for (const BufferPlan* other : placed) {
      if (overlap(*other, buffer)) rivals.push_back(other);
    }
    buffer.offset = lowest_gap(rivals, aligned(buffer.bytes));
    total = std::max(total, buffer.offset + aligned(buffer.bytes));
    const auto behind =
        std::upper_bound(placed.begin(), placed.end(), buffer.offset,
                         [](int64_t offset, const BufferPlan* b) { return offset < b->offset; });
    placed.insert(behind, &buffer);
  }
  return total;
}

BufferId Arena::add(int64_t bytes) {
  buffers_.push_back({.bytes = bytes});
  return static_cast<BufferId>(buffers_.size() - 1);
}

void Arena::Free::operator()(void* memory) const {
  std::free(memory);
}

void Arena::allocate(bool poisoned) {
  bytes_ = std::max(place_buffers(buffers_), kAlignment);
  memory_.reset(std::aligned_alloc(kAlignment, static_cast<size_t>(bytes_)));
  OCTET_CHECK(memory_ != nullptr, "plan", "there is no memory for {} bytes", bytes_);
  // 0xff in every byte is a NaN in each float.
  if (poisoned) std::memset(memory_.get(), 0xff, static_cast<size_t>(bytes_));
}

void* Arena::pointer(BufferId id) const {
  return static_cast<char*>(memory_.get()) + buffers_[id].offset;
}

}  // namespace octet::plan
