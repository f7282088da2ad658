#pragma once

#include <c10/core/CPUAllocator.h>

#include <cstdint>

namespace octet {

// While it lives it counts what libtorch takes for tensors on the CPU.
class CountingAllocator : public c10::Allocator {
 public:
  CountingAllocator() : base_(c10::GetCPUAllocator()) { c10::SetCPUAllocator(this, 255); }
  ~CountingAllocator() override { c10::SetCPUAllocator(base_, 255); }
  c10::DataPtr allocate(size_t bytes) const override {
    ++count_;
    return base_->allocate(bytes);
  }
  c10::DeleterFnPtr raw_deleter() const override { return base_->raw_deleter(); }
  int64_t count() const { return count_; }

 private:
  c10::Allocator* base_;
  mutable int64_t count_ = 0;
};

}  // namespace octet
