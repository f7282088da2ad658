// Memory that is needed soon. Loops whose operands lie in caches fetch it line by line on their
// way, so that the loop behind them does not wait for it.
#pragma once

#include <cstdint>

namespace octet::kernels {

class MemoryAhead {
 public:
  static constexpr int64_t kLine = 64;

  void add(const void* memory, int64_t bytes) {
    const auto* first = static_cast<const char*>(memory);
    ranges_[count_++] = {first, first + bytes};
  }

  // Up to `lines` lines side by side, which are no longer ahead then.
  struct Lines {
    const char* first = nullptr;
    int64_t count = 0;
  };
  Lines take(int64_t lines) {
    if (at_ == count_) return {};
    Range& range = ranges_[at_];
    const int64_t left = (range.end - range.next + kLine - 1) / kLine;
    if (left <= lines) ++at_;
    const Lines taken{range.next, left < lines ? left : lines};
    range.next += taken.count * kLine;
    return taken;
  }

 private:
  static constexpr int kMost = 3;
  struct Range {
    const char* next = nullptr;
    const char* end = nullptr;
  };
  Range ranges_[kMost];
  int count_ = 0, at_ = 0;
};

}  // namespace octet::kernels
