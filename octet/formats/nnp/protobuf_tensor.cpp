#include "octet/formats/nnp/protobuf_tensor.h"

#include <ATen/ATen.h>

#include <cstring>

#include "octet/base/error.h"
#include "octet/base/shape.h"

namespace octet {

at::Tensor tensor_of(const nnp::Shape& stated, const google::protobuf::RepeatedField<float>& data,
                     const std::string& what, const std::string& where) {
  const Shape shape(std::vector<int64_t>(stated.dim().begin(), stated.dim().end()));
  const int64_t count = data.size();
  int64_t product = 1;
  bool fits = true;
  for (const int64_t dim : shape) {
    fits = fits && dim >= 0 && (product == 0 || dim <= count / product);
    if (fits) product *= dim;
  }
  OCTET_CHECK_FILE(fits && product == count, where, "{} has shape {}, but {} values", what,
                   to_string(shape), count);
  at::Tensor value = at::empty(shape, at::kFloat);
  if (count > 0) std::memcpy(value.data_ptr(), data.data(), value.nbytes());
  return value;
}

}  // namespace octet
