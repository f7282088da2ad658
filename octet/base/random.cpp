#include "octet/base/random.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include <cstring>
#include <mutex>

#include "octet/base/error.h"

namespace octet {

at::Generator& RandomState::generator(c10::Device device) {
  auto [entry, inserted] = generators_.try_emplace(device.str());
  if (inserted) {
    // A clone of the device's default generator is of the right kind for that device, but libtorch
    // 1.13 never frees it: there is one only where the kind is not known here.
    entry->second = device.is_cpu() ? at::make_generator<at::CPUGeneratorImpl>()
                                    : at::globalContext().defaultGenerator(device).clone();
    entry->second.set_current_seed(seed_);
  }
  return entry->second;
}

void RandomState::reseed(uint64_t seed) {
  seed_ = seed;
  generators_.clear();
}

std::string RandomState::save() const {
  const auto cpu = generators_.find("cpu");
  std::string bytes(reinterpret_cast<const char*>(&seed_), sizeof seed_);
  if (cpu != generators_.end()) {
    const at::Tensor state = cpu->second.get_state();
    bytes.append(static_cast<const char*>(state.data_ptr()), state.numel());
  }
  return bytes;
}

void RandomState::load(const std::string& bytes) {
  OCTET_CHECK(bytes.size() >= sizeof seed_, "random state", "{} bytes are too few", bytes.size());
  std::memcpy(&seed_, bytes.data(), sizeof seed_);
  generators_.clear();
  if (bytes.size() == sizeof seed_) return;
  at::Tensor state = at::empty({static_cast<int64_t>(bytes.size() - sizeof seed_)}, at::kByte);
  std::memcpy(state.data_ptr(), bytes.data() + sizeof seed_, state.numel());
  generator(at::kCPU).set_state(state);
}

}  // namespace octet
