// Tables with an entry for each integer, as kernels look them up.
#pragma once

#include <ATen/ATen.h>

#include <array>

#include "octet/kernels/lookup.h"
#include "octet/plan/value.h"

namespace octet::plan {

// The entries of a table that begins at the lowest integer, by the bits of the integers.
template <class T>
std::array<T, kernels::kBytes> by_bytes(const T* entries, bool is_signed) {
  std::array<T, kernels::kBytes> table{};
  for (int i = 0; i < kernels::kBytes; ++i) table[is_signed ? i ^ 0x80 : i] = entries[i];
  return table;
}

// Of integers x: what `table` makes of them, for a result that is signed or not.
inline std::array<uint8_t, kernels::kBytes> bytes_of_table(const Value& table, const Value& x,
                                                           bool result_is_signed) {
  const at::Tensor entries = table.tensor.to(result_is_signed ? at::kChar : at::kByte).contiguous();
  return by_bytes(static_cast<const uint8_t*>(entries.data_ptr()), x.is_signed());
}

inline std::array<float, kernels::kBytes> floats_of_table(const Value& table, const Value& x) {
  const at::Tensor entries = table.tensor.to(at::kFloat).contiguous();
  return by_bytes(entries.data_ptr<float>(), x.is_signed());
}

}  // namespace octet::plan
