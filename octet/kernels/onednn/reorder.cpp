#include "octet/kernels/onednn/reorder.h"

#include "octet/base/error.h"
#include "octet/kernels/onednn/onednn.h"

namespace octet::kernels {

struct Reorder::State {
  dnnl::memory::desc from, to;
  dnnl::reorder primitive;
};

Reorder::Reorder(const Shape& shape, Layout from, Layout to, bool bytes)
    : state_(std::make_unique<State>()) {
  OCTET_INTERNAL_CHECK(shape.rank() == 4);
  // Signed or not: the bytes are only moved.
  const auto type = bytes ? dnnl::memory::data_type::s8 : dnnl::memory::data_type::f32;
  state_->from = onednn::activation_desc(shape[0], shape[1], shape[2], shape[3], from, type);
  state_->to = onednn::activation_desc(shape[0], shape[1], shape[2], shape[3], to, type);
  state_->primitive =
      dnnl::reorder(onednn::wrap(state_->from, nullptr), onednn::wrap(state_->to, nullptr));
}

Reorder::~Reorder() = default;
Reorder::Reorder(Reorder&&) noexcept = default;

void Reorder::run(const void* from, void* to) const {
  onednn::run(state_->primitive, {{DNNL_ARG_FROM, onednn::wrap(state_->from, from)},
                                  {DNNL_ARG_TO, onednn::wrap(state_->to, to)}});
}

}  // namespace octet::kernels
