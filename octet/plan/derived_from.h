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
    const bool same = value.is_leaf && source_ == value.data && version_ == version;
    source_ = value.data;
    version_ = version;
    return !same;
  }

 private:
  const void* source_ = nullptr;
  int64_t version_ = -1;
};

}  // namespace octet::plan
