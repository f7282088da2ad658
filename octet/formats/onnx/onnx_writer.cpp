// format_onnx and write_onnx.
#include <limits>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"
#include "octet/formats/onnx/check_written.h"
#include "octet/formats/onnx/graph_writer.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/graph/free_batch.h"

namespace octet {
namespace {

Graph prepared(const Graph& graph, const OnnxWriteOptions& options) {
  OCTET_CHECK(!graph.outputs().empty(), graph.name(), "the network has no outputs to save");
  const Graph saved = compact(graph);
  return options.variable_batch_size ? with_free_batch(saved) : saved;
}

std::string format_prepared(const Graph& graph, const ParameterStore& parameters,
                            const OnnxWriteOptions& options) {
  const onnx::ModelProto model = onnx_model(graph, parameters, options.opset);
  const size_t bytes = model.ByteSizeLong();
  OCTET_CHECK(bytes <= static_cast<size_t>(std::numeric_limits<int32_t>::max()), graph.name(),
              "the network has {} bytes, more than the 2 GiB that an ONNX file can have", bytes);
  return model.SerializeAsString();
}

}  // namespace

std::string format_onnx(const Graph& graph, const ParameterStore& parameters,
                        const OnnxWriteOptions& options) {
  return format_prepared(prepared(graph, options), parameters, options);
}

void write_onnx(const std::string& path, const Graph& graph, const ParameterStore& parameters,
                const OnnxWriteOptions& options) {
  const Graph saved = prepared(graph, options);
  const std::string bytes = format_prepared(saved, parameters, options);
  if (options.check) check_written_onnx(bytes, path, saved, parameters);
  write_file_atomically(path, bytes);
}

}  // namespace octet
