#include "tests/fuzz/readers.h"

#include <ATen/ATen.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "octet/base/error.h"
#include "octet/formats/archive.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/nnp/parameter_hdf5.h"
#include "octet/formats/nnp/parameter_protobuf.h"
#include "octet/formats/npy/npy.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/graph/text.h"
#include "octet/qat/qat_config.h"
#include "octet/train/idx_dataset.h"

namespace octet::fuzz {

namespace {

constexpr std::string_view kGraph = R"(graph net {
  input x0: float32 (-1, 3, 8, 8)
  parameter c/W: float32 (2, 3, 3, 3)
  parameter c/b: float32 (2)
  parameter s: float32 (1, 1, 1, 1)
  parameter z: float32 (1, 1, 1, 1)
  h = Convolution[conv](x0, c/W, c/b) {pad=(1, 1), stride=(1, 1), dilation=(1, 1)}
  q = QuantizeLinear(h, s, z) {ste="STRAIGHT"}
  d = DequantizeLinear(q, s, z)
  m = MaxPooling(d) {kernel=(2, 2), stride=(2, 2)}
  a, b = Split(m) {axis=1}
  r = Reshape(m) {shape=(-1, 32)}
  y0 = ReLU(r)
  output y0
}
)";

struct SmallModel {
  Graph graph = parse_graph(kGraph);
  ParameterStore parameters;

  SmallModel() {
    for (const VariableId id : graph.leaves(graph.outputs())) {
      const Variable& variable = graph.variable(id);
      if (variable.kind == VariableKind::kInput) continue;
      parameters.set(variable.name, at::ones(variable.type.shape), true);
    }
  }
};

std::vector<StoredParameter> stored() {
  return {{"c/W", at::arange(54).to(at::kDouble).reshape({2, 3, 3, 3}), true},
          {"c/b", at::ones({2}), true},
          {"n", at::full({}, 3, at::kChar), false}};
}

void read_nnp_bytes(std::string_view bytes) {
  parse_nnp(bytes, "fuzz.nnp");
}

std::vector<std::string> nnp_seeds() {
  const SmallModel model;
  return {
      format_nnp(model.graph, model.parameters),
      format_nnp(model.graph, model.parameters, {.parameter_format = ParameterFormat::kProtobuf})};
}

void read_nntxt_bytes(std::string_view bytes) {
  parse_nnp(bytes, "fuzz.nntxt");
}

// The texts of the archives, with the parameters made by initializers.
std::vector<std::string> nntxt_seeds() {
  std::vector<std::string> seeds;
  for (const ArchiveMember& member : parse_zip(nnp_seeds()[0], "seed")) {
    if (member.name != "network.nntxt") continue;
    std::string text = member.bytes;
    const std::string type = "type: \"Parameter\"\n";
    const std::string initializer = "initializer { type: \"Constant\" multiplier: 1.0 }\n";
    for (size_t at = text.find(type); at != std::string::npos; at = text.find(type, at)) {
      at += type.size();
      text.insert(at, initializer);
    }
    seeds.push_back(std::move(text));
  }
  return seeds;
}

void read_onnx_bytes(std::string_view bytes) {
  parse_onnx_model(std::string(bytes), "fuzz.onnx");
}

std::vector<std::string> onnx_seeds() {
  const SmallModel model;
  return {format_onnx(model.graph, model.parameters)};
}

void read_hdf5_bytes(std::string_view bytes) {
  parse_parameter_hdf5(bytes, "fuzz.h5");
}

void read_protobuf_bytes(std::string_view bytes) {
  parse_parameter_protobuf(bytes, "fuzz.protobuf");
}

void read_npy_bytes(std::string_view bytes) {
  parse_npy(bytes, "fuzz.npy");
}

std::vector<std::string> npy_seeds() {
  return {format_npy(at::arange(24).to(at::kFloat).reshape({2, 3, 4})),
          format_npy(at::ones({}, at::kLong)), format_npy(at::zeros({0, 3}, at::kByte))};
}

void read_text_graph_bytes(std::string_view bytes) {
  parse_graph(bytes, "fuzz.txt");
}

void read_config_bytes(std::string_view bytes) {
  QATConfig config;
  read_config_text(bytes, "fuzz.toml", config);
}

// A file in memory that can be opened by its path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written <= 0) std::abort();
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  std::string path() const { return fmt::format("/proc/self/fd/{}", descriptor_); }

 private:
  int descriptor_;
};

// Two images of 3 x 4, and their labels.
std::string idx_images() {
  return std::string("\0\0\x08\x03\0\0\0\2\0\0\0\3\0\0\0\4", 16) + std::string(24, 'x');
}
std::string idx_labels() {
  return std::string("\0\0\x08\x01\0\0\0\2\1\0", 10);
}

void read_idx_bytes(std::string_view bytes) {
  const MemoryFile images(bytes);
  const MemoryFile labels(idx_labels());
  read_idx_dataset(images.path(), labels.path(), {"a", "b"});
}

constexpr std::array kReaders{
    Reader{"nnp", read_nnp_bytes, nnp_seeds},
    Reader{"nntxt", read_nntxt_bytes, nntxt_seeds},
    Reader{"onnx", read_onnx_bytes, onnx_seeds},
    Reader{"hdf5", read_hdf5_bytes,
           [] { return std::vector<std::string>{format_parameter_hdf5(stored())}; }},
    Reader{"protobuf", read_protobuf_bytes,
           [] { return std::vector<std::string>{format_parameter_protobuf(stored())}; }},
    Reader{"npy", read_npy_bytes, npy_seeds},
    Reader{"text_graph", read_text_graph_bytes,
           [] { return std::vector<std::string>{std::string(kGraph)}; }},
    Reader{"config", read_config_bytes,
           [] { return std::vector<std::string>{config_to_toml(QATTensorRTConfig())}; }},
    Reader{"idx", read_idx_bytes, [] { return std::vector<std::string>{idx_images()}; }},
};

}  // namespace

std::span<const Reader> readers() {
  return kReaders;
}

const Reader* find_reader(std::string_view name) {
  for (const Reader& reader : kReaders) {
    if (reader.name == name) return &reader;
  }
  return nullptr;
}

}  // namespace octet::fuzz
