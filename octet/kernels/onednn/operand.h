// A value that a primitive reads or writes, perhaps in another order of memory than it has outside.
#pragma once

#include <string_view>

#include "octet/kernels/onednn/onednn.h"
#include "octet/kernels/whole_multiples.h"

namespace octet::kernels::onednn {

// Whether a primitive is oneDNN's slow reference implementation: what it takes for layouts that its
// kernels do not know, channels last with four channels, say.
template <class PrimitiveDesc>
bool is_slow(const PrimitiveDesc& desc) {
  return std::string_view(desc.impl_info_str()).starts_with("ref");
}

// make(any): with the layouts as they are, or if that is slow with those that it would have.
template <class Make>
auto quick(const Make& make) {
  auto pd = make(false);
  return is_slow(pd) ? make(true) : pd;
}

class Operand {
 public:
  Operand() = default;
  Operand(const dnnl::memory::desc& outside, const dnnl::memory::desc& inside)
      : outside_(outside), inside_(inside), adapts_(!(outside == inside)) {
    if (!adapts_) return;
    in_ = dnnl::reorder(wrap(outside, nullptr), wrap(inside, nullptr));
    out_ = dnnl::reorder(wrap(inside, nullptr), wrap(outside, nullptr));
  }

  // Bytes of the place that the calls below need.
  int64_t bytes() const {
    constexpr int64_t kLine = 64;
    const auto size = static_cast<int64_t>(inside_.get_size());
    return adapts_ ? rounded_up(size, kLine) : 0;
  }

  // What the primitive reads.
  dnnl::memory read(const void* data, void* place) const {
    if (!adapts_) return wrap(outside_, data);
    const dnnl::memory inside = wrap(inside_, place);
    run(in_, {{DNNL_ARG_FROM, wrap(outside_, data)}, {DNNL_ARG_TO, inside}});
    return inside;
  }

  // Where the primitive writes, and what brings it out behind it.
  dnnl::memory target(void* data, void* place) const {
    return adapts_ ? wrap(inside_, place) : wrap(outside_, data);
  }
  void bring_out(const dnnl::memory& made, void* data) const {
    if (!adapts_) return;
    run(out_, {{DNNL_ARG_FROM, made}, {DNNL_ARG_TO, wrap(outside_, data)}});
  }

 private:
  dnnl::memory::desc outside_, inside_;
  bool adapts_ = false;
  dnnl::reorder in_, out_;
};

}  // namespace octet::kernels::onednn
