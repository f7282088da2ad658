// A parameter as the files hold it.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace octet {

struct StoredParameter {
  std::string name;  // scopes joined by '/', such as "conv1/conv/W"
  at::Tensor value;  // on the CPU; float32 unless the file stores another type
  bool need_grad = false;
};

}  // namespace octet
