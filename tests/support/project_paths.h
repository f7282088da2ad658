// Where this build's things are. The one place that knows, since paths among the definitions of
// every test would keep compilers' caches from being shared by two checkouts.
#pragma once

#include <filesystem>
#include <string>

namespace octet {

std::filesystem::path source_dir();

// The program `octet`.
std::string program_path();

// A Python that may have onnx and onnxruntime: the one that the environment variable OCTET_PYTHON
// names, else the virtual environment that tools/install_onnxruntime.sh makes, else python3.
std::string onnx_python();

}  // namespace octet
