// What was made from parameters holds as long as these stay as they are.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "octet/plan/value.h"

namespace octet::plan {

class DerivedFrom {
 public:
  // Calls make() unless the last call that did not throw was for the same parameters, and none has
  // changed; what a step makes counts as new in every run.
  template <class Make>
  void renew(std::initializer_list<const Value*> values, const Make& make) {
    if (is_current(values)) return;
    sources_.clear();
    make();
    for (const Value* value : values) {
      sources_.emplace_back(value->tensor, value->tensor._version());
    }
  }

 private:
  bool is_current(std::initializer_list<const Value*> values) const {
    return std::ranges::equal(values, sources_, [](const Value* value, const auto& source) {
      return value->is_leaf && value->tensor.data_ptr() == source.first.data_ptr() &&
             value->tensor._version() == source.second;
    });
  }

  // Held, so that no other parameter comes to lie there.
  std::vector<std::pair<at::Tensor, int64_t>> sources_;
};

}  // namespace octet::plan
