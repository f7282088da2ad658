#include "tests/support/project_paths.h"

#include <cstdlib>

namespace octet {

std::filesystem::path source_dir() {
  return OCTET_SOURCE_DIR;
}

std::string program_path() {
  return OCTET_PROGRAM;
}

std::string onnx_python() {
  if (const char* named = std::getenv("OCTET_PYTHON")) return named;
  const std::filesystem::path installed = source_dir() / "build/onnxruntime/bin/python";
  return std::filesystem::exists(installed) ? installed.string() : "python3";
}

}  // namespace octet
