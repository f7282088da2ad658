// Parameters as HDF5 (`parameter.h5` in a .nnp).
//
// A parameter "conv1/conv/W" is the dataset "W" in the group "conv1/conv"; the datasets carry the
// attributes `need_grad` (an enumeration of int8, FALSE and TRUE) and `index` (int64, the order).
// Files are written as h5py and NNabla write them: superblock version 0, contiguous storage, no
// filters, no times, so that equal parameters give equal bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "octet/formats/nnp/stored_parameter.h"

namespace octet {

// The parameters sorted by `index`; those without one come last, by name. Values keep their type
// where tensors have it (float32, float64, int8 .. int64, uint8, bool); float16 becomes float32,
// unsigned integers of 2 and 4 bytes the next larger signed type.
//
// Throws FileError, prefixed with `where`, for bytes that are not HDF5 and for a dataset that is
// not a parameter: more elements than the file can hold, another layout or filter, links or
// storage outside the file.
std::vector<StoredParameter> parse_parameter_hdf5(std::string_view bytes, const std::string& where);

// Values are stored with their own type (float16 and bfloat16 as float32). Throws Error for names
// that HDF5 cannot hold: an empty part ("a//b"), ".", or one parameter inside another ("a" and
// "a/b").
std::string format_parameter_hdf5(const std::vector<StoredParameter>& parameters);

// For the main() of a program, before anything else of HDF5: the library does not clean up when the
// program ends. Reading a damaged object leaves memory inside the library (1.10.8), of which it
// would otherwise complain then on standard error ("infinite loop closing library"). Nothing here
// needs that cleaning: every identifier is closed where it was opened.
void leave_hdf5_as_it_is_at_exit();

}  // namespace octet
