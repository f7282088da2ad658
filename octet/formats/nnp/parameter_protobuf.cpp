#include "octet/formats/nnp/parameter_protobuf.h"

#include <ATen/ATen.h>

#include <cstring>
#include <limits>

#include "octet/base/error.h"
#include "octet/base/shape.h"
#include "octet/formats/nnp/parameter.pb.h"

namespace octet {
namespace {

constexpr size_t kMaxBytes = std::numeric_limits<int32_t>::max();

// The shape if it has exactly `count` elements.
Shape checked_shape(const nnp::Parameter& message, const std::string& where) {
  Shape shape(std::vector<int64_t>(message.shape().dim().begin(), message.shape().dim().end()));
  const int64_t count = message.data_size();
  int64_t product = 1;
  bool fits = true;
  for (const int64_t dim : shape) {
    fits = fits && dim >= 0 && (product == 0 || dim <= count / product);
    if (fits) product *= dim;
  }
  OCTET_CHECK_FILE(fits && product == count, where, "parameter '{}' has shape {}, but {} values",
                   message.variable_name(), to_string(shape), count);
  return shape;
}

}  // namespace

std::vector<StoredParameter> parse_parameter_protobuf(std::string_view bytes,
                                                      const std::string& where) {
  OCTET_CHECK_FILE(bytes.size() <= kMaxBytes, where, "has {} bytes, more than protobuf's limit {}",
                   bytes.size(), kMaxBytes);
  nnp::ParameterFile file;
  OCTET_CHECK_FILE(file.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())), where,
                   "is not a protobuf file of parameters");
  std::vector<StoredParameter> parameters;
  parameters.reserve(static_cast<size_t>(file.parameter_size()));
  for (const nnp::Parameter& message : file.parameter()) {
    const Shape shape = checked_shape(message, where);
    at::Tensor value = at::empty(shape, at::kFloat);
    if (message.data_size() > 0) {
      std::memcpy(value.data_ptr(), message.data().data(), value.nbytes());
    }
    parameters.push_back({message.variable_name(), std::move(value), message.need_grad()});
  }
  return parameters;
}

std::string format_parameter_protobuf(const std::vector<StoredParameter>& parameters) {
  nnp::ParameterFile file;
  for (const StoredParameter& parameter : parameters) {
    const at::Tensor value = parameter.value.detach().to(at::kCPU, at::kFloat).contiguous();
    nnp::Parameter& message = *file.add_parameter();
    message.set_variable_name(parameter.name);
    // Present even for a scalar, whose shape is empty.
    nnp::Shape& shape = *message.mutable_shape();
    for (const int64_t dim : value.sizes()) shape.add_dim(dim);
    const float* data = value.data_ptr<float>();
    message.mutable_data()->Add(data, data + value.numel());
    message.set_need_grad(parameter.need_grad);
  }
  OCTET_CHECK(file.ByteSizeLong() <= kMaxBytes, "parameter.protobuf",
              "the parameters take {} bytes, more than protobuf's limit {}; save as .h5 instead",
              file.ByteSizeLong(), kMaxBytes);
  return file.SerializeAsString();
}

}  // namespace octet
