#include "octet/cli/model_formats.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "octet/base/error.h"
#include "octet/cli/text_graph_file.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/onnx/onnx.h"

namespace octet::cli {

namespace {

Model read_nnp_model(const std::string& path, c10::Device device, uint64_t seed) {
  NnpModel model = read_nnp(path, {.device = device, .seed = seed});
  return {std::move(model.graph), std::move(model.parameters), std::move(model.extra)};
}

NnpWriteOptions nnp_options(const Model& model, const ModelWriteOptions& options) {
  NnpWriteOptions result;
  if (options.parameter_format == "protobuf") result.parameter_format = ParameterFormat::kProtobuf;
  result.extra = model.extra;
  return result;
}

void write_nnp_model(const std::string& path, const Model& model,
                     const ModelWriteOptions& options) {
  write_nnp(path, model.graph, *model.parameters, nnp_options(model, options));
}

void write_nntxt_model(const std::string& path, const Model& model,
                       const ModelWriteOptions& options) {
  write_nntxt(path, model.graph, *model.parameters, nnp_options(model, options));
}

Model read_onnx_model(const std::string& path, c10::Device device, uint64_t) {
  OnnxModel model = read_onnx(path, {.device = device});
  return {std::move(model.graph), std::move(model.parameters)};
}

void write_onnx_model(const std::string& path, const Model& model,
                      const ModelWriteOptions& options) {
  write_onnx(path, model.graph, *model.parameters,
             {.opset = options.opset, .check = options.check});
}

constexpr std::array<std::string_view, 1> kNnp{".nnp"};
constexpr std::array<std::string_view, 2> kNntxt{".nntxt", ".prototxt"};
constexpr std::array<std::string_view, 1> kOnnx{".onnx"};
constexpr std::array<std::string_view, 2> kText{".txt", ".octet"};

constexpr std::array kFormats{
    ModelFormat{kNnp, "NNabla's archive", true, false, read_nnp_model, write_nnp_model},
    ModelFormat{kNntxt, "NNabla's text", true, false, read_nnp_model, write_nntxt_model},
    ModelFormat{kOnnx, "ONNX", true, true, read_onnx_model, write_onnx_model},
    ModelFormat{kText, "text graph, without parameters", false, false, read_text_graph,
                write_text_graph},
};

}  // namespace

std::span<const ModelFormat> model_formats() {
  return kFormats;
}

const ModelFormat& format_of(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  std::vector<std::string_view> known;
  for (const ModelFormat& format : kFormats) {
    if (std::ranges::find(format.extensions, extension) != format.extensions.end()) return format;
    known.insert(known.end(), format.extensions.begin(), format.extensions.end());
  }
  throw_file_error(path, "the extension says no format of a model; there are {}",
                   fmt::join(known, ", "));
}

}  // namespace octet::cli
