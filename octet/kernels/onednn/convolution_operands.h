// What the convolutions of oneDNN read and write, in scratch memory where their order is another.
#pragma once

#include "octet/kernels/onednn/operand.h"

namespace octet::kernels::onednn {

// (out_channels, in_channels / groups, kernel_h, kernel_w), or whatever a primitive wants.
enum class WeightOrder : uint8_t { kPlain, kAny };

inline dnnl::memory::desc weight_desc(const ConvolutionShape& s, dnnl::memory::data_type type,
                                      WeightOrder order) {
  using tag = dnnl::memory::format_tag;
  const bool any = order == WeightOrder::kAny;
  if (s.groups == 1) {
    return {
        {s.out_channels, s.in_channels, s.kernel_h, s.kernel_w}, type, any ? tag::any : tag::oihw};
  }
  return {{s.groups, s.out_channels / s.groups, s.in_channels / s.groups, s.kernel_h, s.kernel_w},
          type,
          any ? tag::any : tag::goihw};
}

// The operands of one primitive, one behind the other in the scratch memory.
struct Operands {
  Operand x, w, y;

  int64_t bytes() const { return x.bytes() + w.bytes() + y.bytes(); }
  void* place_x(void* scratch) const { return scratch; }
  void* place_w(void* scratch) const { return at(scratch, x.bytes()); }
  void* place_y(void* scratch) const { return at(scratch, x.bytes() + w.bytes()); }

 private:
  static void* at(void* scratch, int64_t offset) { return static_cast<char*>(scratch) + offset; }
};

}  // namespace octet::kernels::onednn
