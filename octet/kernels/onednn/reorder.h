// A value of shape (N, C, H, W) from one layout to another, by oneDNN.
#pragma once

#include <memory>

#include "octet/kernels/layout.h"

namespace octet::kernels {

class Reorder {
 public:
  // Elements are float32, or, with `bytes`, 8-bit integers.
  Reorder(const Shape& shape, Layout from, Layout to, bool bytes);
  ~Reorder();
  Reorder(Reorder&&) noexcept;

  void run(const void* from, void* to) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace octet::kernels
