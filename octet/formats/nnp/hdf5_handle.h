// What every use of HDF5's C interface here needs: handles that close themselves, and its own error
// printing switched off.
#pragma once

#include <H5Ipublic.h>

#include <mutex>
#include <utility>

namespace octet {

// Owns an HDF5 identifier of any class (file, group, dataset, type, property list ...).
class Hdf5Handle {
 public:
  Hdf5Handle() = default;
  explicit Hdf5Handle(hid_t id) : id_(id) {}
  ~Hdf5Handle();
  Hdf5Handle(Hdf5Handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  Hdf5Handle& operator=(Hdf5Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }

  bool valid() const { return id_ >= 0; }
  hid_t get() const { return id_; }

 private:
  hid_t id_ = -1;
};

// One user of the library at a time (it need not be built thread safe), silent while in scope.
class Hdf5Session {
 public:
  Hdf5Session();
  ~Hdf5Session();
  Hdf5Session(const Hdf5Session&) = delete;
  Hdf5Session& operator=(const Hdf5Session&) = delete;

 private:
  std::lock_guard<std::mutex> lock_;
  void* previous_data_ = nullptr;
  int (*previous_print_)(hid_t, void*) = nullptr;
};

}  // namespace octet
