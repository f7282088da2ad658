// What was made from a parameter holds as long as the parameter stays as it is.
#pragma once

#include "octet/plan/value.h"

namespace octet::plan {

class DerivedFrom {
 public:
  // Whether it has to be made, since `value` is not the parameter of the last call, or has changed;
  // what a step makes counts as new in every run.
  bool renew(const Value& value) {
    const int64_t version = value.tensor._version();
    const bool same = value.is_leaf && version_ == version && source_.defined() &&
                      source_.data_ptr() == value.tensor.data_ptr();
    source_ = value.tensor;
    version_ = version;
    return !same;
  }

 private:
  at::Tensor source_;  // held, so that no other parameter comes to lie there
  int64_t version_ = -1;
};

}  // namespace octet::plan
