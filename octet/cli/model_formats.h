// The files that hold a model: one row per format. Reading, writing, and the messages that list
// what there is go by this table.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"
#include "octet/targets/target.h"

namespace octet::cli {

struct Model {
  Graph graph;
  std::shared_ptr<ParameterStore> parameters;
  std::string extra = {};  // what QATScheduler::save left in a .nnp: its state as JSON
};

struct ModelWriteOptions {
  std::string parameter_format = "h5";  // in a .nnp: h5 or protobuf
  Target target = Target::DEFAULT;
  int64_t opset = 17;   // of a .onnx
  bool deploy = false;  // quantized weights and biases as integers
  bool check = true;    // read back and compare before anything is said to be done
};

struct ModelFormat {
  std::span<const std::string_view> extensions;
  std::string_view name;
  bool keeps_parameters;
  bool checks_itself;  // write() does what `check` asks for
  Model (*read)(const std::string& path, c10::Device device, uint64_t seed);
  void (*write)(const std::string& path, const Model& model, const ModelWriteOptions& options);
};

std::span<const ModelFormat> model_formats();

// By the extension of `path`; throws FileError that lists the extensions if there is none.
const ModelFormat& format_of(const std::string& path);

}  // namespace octet::cli
