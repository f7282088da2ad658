// Named tensors that outlive a graph: weights, running statistics, recorded ranges, scales. Shared
// by the training and the validation network; the same name is the same tensor.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "octet/base/random.h"
#include "octet/base/shape.h"
#include "octet/graph/initializer.h"

namespace octet {

struct Parameter {
  std::string name;
  at::Tensor value;  // a leaf of autograd; requires_grad() as need_grad says
  bool need_grad = true;
  // What a solver counts the value in: it moves value / unit, by the gradient with respect to that.
  // Broadcasts to the value; undefined is 1. Where it is 0 the value rests.
  at::Tensor unit = {};
  // Whether weight decay pulls it towards 0. Not where 0 means nothing: the logarithm of a scale.
  bool decays = true;
};

class ParameterStore {
 public:
  // Parameters are made on `device`, with random numbers drawn from `seed`.
  explicit ParameterStore(uint64_t seed = 0, c10::Device device = c10::kCPU);

  c10::Device device() const { return device_; }

  // The parameter of that name, made with the initializer if there is none. Throws Error if one of
  // another shape exists.
  Parameter& get_or_create(const std::string& name, const Shape& shape, const Initializer& initial,
                           bool need_grad = true);
  // Adds or replaces; the value is copied to the store's device. If the shape stays, the tensor
  // stays too, so that whoever holds it sees the new value.
  Parameter& set(const std::string& name, const at::Tensor& value, bool need_grad);

  // Null if there is none.
  Parameter* find(const std::string& name);
  const Parameter* find(const std::string& name) const;
  // Throws Error if there is none.
  Parameter& at(const std::string& name);
  const Parameter& at(const std::string& name) const;
  void erase(const std::string& name);

  // In the order of creation.
  std::vector<std::string> names() const;
  size_t size() const { return by_name_.size(); }

  // A deep copy: new tensors, same values.
  ParameterStore clone() const;

 private:
  c10::Device device_;
  RandomState random_;
  uint64_t next_order_ = 0;
  struct Entry {
    uint64_t order;
    Parameter parameter;
  };
  std::unordered_map<std::string, Entry> by_name_;
};

}  // namespace octet
