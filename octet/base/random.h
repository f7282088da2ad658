// Random numbers that are the same for the same seed, on every device of one kind.
#pragma once

#include <ATen/core/Generator.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace octet {

// One seeded generator per device, made when first asked for. Plain data when saved.
class RandomState {
 public:
  explicit RandomState(uint64_t seed = 0) : seed_(seed) {}

  at::Generator& generator(c10::Device device);
  // Starts again from `seed`.
  void reseed(uint64_t seed);

  // The CPU generator's state as bytes, for checkpoints. CUDA generators are reseeded on load.
  std::string save() const;
  void load(const std::string& bytes);

 private:
  uint64_t seed_;
  std::map<std::string, at::Generator> generators_;
};

}  // namespace octet
