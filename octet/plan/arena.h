// One block of memory for everything that a plan computes, shared by buffers that are never needed
// at the same time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "octet/plan/value.h"

namespace octet::plan {

// A buffer is needed at the times first, first + 1, ..., last; none while last < first.
struct BufferPlan {
  int64_t bytes = 0;
  int64_t first = 0;
  int64_t last = -1;
  int64_t offset = 0;

  void need_at(int64_t time);
};

// Gives each buffer its offset so that buffers whose times overlap do not; returns the bytes in
// all. Larger buffers first, each at the lowest offset that is free (Pisarchyk and Lee 2020,
// "Efficient memory management for deep neural net inference", greedy by size).
int64_t place_buffers(std::vector<BufferPlan>& buffers);

class Arena {
 public:
  BufferId add(int64_t bytes);
  BufferPlan& plan(BufferId id) { return buffers_[id]; }
  // Fixes all offsets and takes the memory. With `poisoned` it is filled with NaN first.
  void allocate(bool poisoned);
  void* pointer(BufferId id) const;
  int64_t bytes() const { return bytes_; }

 private:
  struct Free {
    void operator()(void* memory) const;
  };
  std::vector<BufferPlan> buffers_;
  std::unique_ptr<void, Free> memory_;
  int64_t bytes_ = 0;
};

}  // namespace octet::plan
