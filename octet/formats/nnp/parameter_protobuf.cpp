#include "octet/formats/nnp/parameter_protobuf.h"

#include <ATen/ATen.h>

#include <limits>

#include "octet/base/error.h"
#include "octet/formats/nnp/protobuf_tensor.h"

namespace octet {
namespace {

constexpr size_t kMaxBytes = std::numeric_limits<int32_t>::max();

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
    at::Tensor value = tensor_of(message.shape(), message.data(),
                                 fmt::format("parameter '{}'", message.variable_name()), where);
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
