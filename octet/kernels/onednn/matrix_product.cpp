#include "octet/kernels/onednn/matrix_product.h"

#include "octet/kernels/onednn/onednn.h"

namespace octet::kernels {

using dnnl::memory;
using onednn::wrap;

namespace {

memory::desc matrix(int64_t rows, int64_t columns, bool transposed) {
  return {{rows, columns},
          memory::data_type::f32,
          transposed ? memory::format_tag::ba : memory::format_tag::ab};
}

}  // namespace

struct MatrixProduct::State {
  memory::desc a, b, bias, c;
  bool has_bias = false;
  dnnl::matmul primitive;
};

MatrixProduct::MatrixProduct(int64_t rows, int64_t inner, int64_t columns, const Options& options)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.a = matrix(rows, inner, options.transposed_a);
  s.b = matrix(inner, columns, options.transposed_b);
  s.c = matrix(rows, columns, false);
  s.has_bias = options.bias;
  if (options.bias) s.bias = matrix(1, columns, false);
  s.primitive = dnnl::matmul(onednn::matrix_product(s.a, s.b, s.bias, s.c));
}

MatrixProduct::~MatrixProduct() = default;
MatrixProduct::MatrixProduct(MatrixProduct&&) noexcept = default;

void MatrixProduct::run(const float* a, const float* b, const float* bias, float* c) const {
  const State& s = *state_;
  std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, wrap(s.a, a)}, {DNNL_ARG_WEIGHTS, wrap(s.b, b)}, {DNNL_ARG_DST, wrap(s.c, c)}};
  if (s.has_bias) arguments.emplace(DNNL_ARG_BIAS, wrap(s.bias, bias));
  onednn::run(s.primitive, arguments);
}

}  // namespace octet::kernels
