// Values of NNabla's binary messages as tensors.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "octet/formats/nnp/parameter.pb.h"

namespace octet {

// float32, on the CPU. Throws FileError, prefixed with `where`, unless the shape has exactly as
// many elements as there are values; `what` names them, "parameter 'w'".
at::Tensor tensor_of(const nnp::Shape& shape, const google::protobuf::RepeatedField<float>& data,
                     const std::string& what, const std::string& where);

}  // namespace octet
