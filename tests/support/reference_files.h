// The files that the reference system left: inputs, outputs and gradients of its layers as .npy.
//
// They are found through the environment variable OCTET_REFERENCE_DIR, else beside the source
// directory. Tests that need them begin with
//   if (!reference_present()) GTEST_SKIP() << "no reference files in " << reference_dir();
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>

namespace octet {

// The directory that holds layers/, qat/ and train/; it need not exist.
std::filesystem::path reference_dir();

bool reference_present();

// A float32 tensor on the CPU from a NumPy file (.npy version 1 to 3, little endian, C order).
// Throws FileError "[path] ..." for a file that is missing, damaged or of another kind.
at::Tensor load_npy(const std::filesystem::path& path);

}  // namespace octet
