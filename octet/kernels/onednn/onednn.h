// oneDNN as Octet uses it. The one place that knows of the differences between its releases: 2.x
// describes an operation before the primitive, 3.x does both at once.
#pragma once

#include <dnnl.hpp>

#include <unordered_map>

#include "octet/kernels/convolution_shape.h"
#include "octet/kernels/layout.h"

namespace octet::kernels::onednn {

// One engine and one stream for the process; primitives are run from one thread at a time.
const dnnl::engine& engine();
dnnl::stream& stream();

// (N, C, H, W) in `layout`.
dnnl::memory::desc activation_desc(int64_t n, int64_t c, int64_t h, int64_t w, Layout layout,
                                   dnnl::memory::data_type type);

// Whether this processor has the instruction set and everything below it, within the limits of
// ONEDNN_MAX_CPU_ISA.
bool has_isa(dnnl::cpu_isa isa);

// The layout in which this processor's float kernels are quickest for a value of `channels`.
Layout fast_float_layout(int64_t channels);

// Memory that somebody else owns.
dnnl::memory wrap(const dnnl::memory::desc& desc, const void* data);

void run(const dnnl::primitive& primitive, const std::unordered_map<int, dnnl::memory>& arguments);

// ---- what differs between releases -----------------------------------------------------------

struct ConvolutionDescs {
  dnnl::memory::desc x, w, bias, y;  // bias may be empty
};
dnnl::convolution_forward::primitive_desc convolution_forward(const ConvolutionShape& shape,
                                                              const ConvolutionDescs& descs,
                                                              bool training);
dnnl::convolution_backward_data::primitive_desc convolution_backward_data(
    const ConvolutionShape& shape, const ConvolutionDescs& descs,
    const dnnl::convolution_forward::primitive_desc& forward);
dnnl::convolution_backward_weights::primitive_desc convolution_backward_weights(
    const ConvolutionShape& shape, const ConvolutionDescs& descs,
    const dnnl::convolution_forward::primitive_desc& forward);

// `bias` may be empty.
dnnl::matmul::primitive_desc matrix_product(const dnnl::memory::desc& a,
                                            const dnnl::memory::desc& b,
                                            const dnnl::memory::desc& bias,
                                            const dnnl::memory::desc& c);

}  // namespace octet::kernels::onednn
