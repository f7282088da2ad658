// Memory for vectors: zeros, beginning at a cache line.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace octet::kernels {

inline constexpr std::align_val_t kCacheLine{64};

template <class T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size)
      : data_(static_cast<T*>(::operator new(size * sizeof(T), kCacheLine))) {
    std::fill_n(data_.get(), size, T());
  }
  T* data() const { return data_.get(); }

 private:
  struct Delete {
    void operator()(T* data) const { ::operator delete(data, kCacheLine); }
  };
  std::unique_ptr<T[], Delete> data_;
};

}  // namespace octet::kernels
