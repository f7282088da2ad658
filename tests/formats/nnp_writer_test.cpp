// write_nnp: what the files look like, and that reading gives the same model again.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "octet/formats/archive.h"
#include "octet/formats/nnp/network_writer.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/nnp/parameter_files.h"
#include "octet/graph/free_batch.h"
#include "octet/graph/text.h"
#include "tests/formats/format_test_support.h"

namespace octet {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kGraph = R"(graph net {
  input x: float32 (4, 3, 8, 8)
  parameter c/W: float32 (2, 3, 3, 3)
  parameter c/b: float32 (2)
  h = Convolution[c](x, c/W, c/b) {pad=(1, 1)}
  y = ReLU(h)
  output y
})";

// Parameters for every parameter of the graph, and one more.
ParameterStore store_for(const Graph& graph) {
  ParameterStore store;
  float start = 0.1f;
  for (const VariableId id : graph.leaves(graph.outputs())) {
    const Variable& variable = graph.variable(id);
    if (variable.kind != VariableKind::kParameter) continue;
    const int64_t count = variable.type.shape.num_elements();
    store.set(variable.name,
              at::arange(count).to(at::kFloat).add(start).reshape(variable.type.shape), true);
    start *= 3;
  }
  store.set("unused", at::ones({5}), false);
  return store;
}

std::vector<ArchiveMember> members_of(const Graph& graph, const ParameterStore& store,
                                      const NnpWriteOptions& options = {}) {
  return parse_zip(format_nnp(graph, store, options), "a.nnp");
}

NnpModel written_and_read(const Graph& graph, const ParameterStore& store,
                          const NnpWriteOptions& options = {}) {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.nnp");
  write_nnp(path, graph, store, options);
  return read_nnp(path);
}

void expect_same(const Graph& actual, const Graph& expected) {
  std::string difference;
  EXPECT_TRUE(equal(actual, expected, &difference)) << difference;
}

TEST(NnpWriter, WritesWhatNnablaWrites) {
  const Graph graph = parse_graph(kGraph);
  const auto members = members_of(graph, store_for(graph), {.batch_size = 4});
  ASSERT_EQ(members.size(), 4u);
  EXPECT_EQ(members[0].name, "nnp_version.txt");
  EXPECT_EQ(members[0].bytes, "0.1\n");
  EXPECT_EQ(members[1].name, "network.nntxt");
  EXPECT_EQ(members[2].name, "parameter.h5");
  EXPECT_EQ(members[3].name, "octet.json");
  EXPECT_EQ(members[1].bytes, R"(network {
  name: "net"
  batch_size: 4
  variable {
    name: "x"
    type: "Buffer"
    shape {
      dim: -1
      dim: 3
      dim: 8
      dim: 8
    }
  }
  variable {
    name: "h"
    type: "Buffer"
    shape {
      dim: -1
      dim: 2
      dim: 8
      dim: 8
    }
  }
  variable {
    name: "y"
    type: "Buffer"
    shape {
      dim: -1
      dim: 2
      dim: 8
      dim: 8
    }
  }
  variable {
    name: "c/W"
    type: "Parameter"
    shape {
      dim: 2
      dim: 3
      dim: 3
      dim: 3
    }
  }
  variable {
    name: "c/b"
    type: "Parameter"
    shape {
      dim: 2
    }
  }
  function {
    name: "c"
    type: "Convolution"
    input: "x"
    input: "c/W"
    input: "c/b"
    output: "h"
    convolution_param {
      base_axis: 1
      pad {
        dim: 1
        dim: 1
      }
      stride {
        dim: 1
        dim: 1
      }
      dilation {
        dim: 1
        dim: 1
      }
      group: 1
    }
  }
  function {
    name: "@net/ReLU"
    type: "ReLU"
    input: "h"
    output: "y"
    relu_param {
    }
  }
}
executor {
  name: "runtime"
  network_name: "net"
  data_variable {
    variable_name: "x"
    data_name: "x"
  }
  output_variable {
    variable_name: "y"
    data_name: "y"
  }
  parameter_variable {
    variable_name: "c/W"
  }
  parameter_variable {
    variable_name: "c/b"
  }
}
)");
}

TEST(NnpWriter, ReadsBackTheSame) {
  const Graph graph = parse_graph(kGraph);
  const ParameterStore store = store_for(graph);
  for (const ParameterFormat format : {ParameterFormat::kHdf5, ParameterFormat::kProtobuf}) {
    const NnpModel model = written_and_read(graph, store, {.parameter_format = format});
    expect_same(model.graph, with_free_batch(graph));
    // Only what the network uses is saved.
    EXPECT_EQ(model.parameters->names(), (std::vector<std::string>{"c/W", "c/b"}));
    EXPECT_TRUE(at::equal(model.parameters->at("c/W").value, store.at("c/W").value));
  }
  const NnpModel fixed = written_and_read(graph, store, {.variable_batch_size = false});
  expect_same(fixed.graph, graph);
}

TEST(NnpWriter, SameModelGivesSameBytes) {
  const Graph graph = parse_graph(kGraph);
  const ParameterStore store = store_for(graph);
  EXPECT_TRUE(format_nnp(graph, store) == format_nnp(graph, store));
  const NnpModel model = written_and_read(graph, store);
  EXPECT_TRUE(format_nnp(model.graph, *model.parameters) == format_nnp(graph, store));
}

TEST(NnpWriter, KeepsWhatNnablaHasNoFieldFor) {
  const Graph graph = parse_graph(R"(graph net {
    input x: float32 (-1, 3)
    parameter s: float32 (1, 1)
    parameter z: float32 (1, 1)
    q = QuantizeLinear(x, s, z) {dtype=2, bits=4, ste="STRAIGHT"}
    y = DequantizeLinear(q, s, z)
    output y
  })");
  ParameterStore store = store_for(graph);
  store.set("z", at::ones({1, 1}), false);
  const auto members = members_of(graph, store);
  EXPECT_THAT(members[1].bytes, HasSubstr("    quantize_linear_param {\n"
                                          "      round_mode: \"HALF_TO_EVEN\"\n"
                                          "      dtype: 2\n"
                                          "    }\n"));
  EXPECT_EQ(members[1].bytes.find("bits"), std::string::npos);
  EXPECT_EQ(members[1].bytes.find("STRAIGHT"), std::string::npos);
  expect_same(written_and_read(graph, store).graph, graph);
}

TEST(NnpWriter, KeepsTypesAndQuantization) {
  Graph graph = parse_graph(R"(graph net {
    input x: float32 (3, 4)
    parameter s: float32 (1, 1)
    parameter z: float32 (1, 1)
    q = QuantizeLinear(x, s, z)
    y = DequantizeLinear(q, s, z)
    output y
  })");
  const QParams qparams{.format = full_format(DType::kInt8), .scale = {0.1f}, .zero_point = {3}};
  const VariableId q = graph.find_variable("q");
  graph.mutable_variable(q).type.qparams = qparams;
  ParameterStore store = store_for(graph);
  store.set("z", at::full({1, 1}, 3), false);
  const NnpModel model = written_and_read(graph, store);
  EXPECT_EQ(model.graph.variable(model.graph.find_variable("q")).type.qparams, qparams);
}

TEST(NnpWriter, KeepsExtraJson) {
  const Graph graph = parse_graph(kGraph);
  const NnpModel model =
      written_and_read(graph, store_for(graph), {.extra = R"({"step": 7, "lr": 0.5})"});
  EXPECT_EQ(model.extra, R"({"lr":0.5,"step":7})");
  EXPECT_THAT(error_of<Error>([&] { format_nnp(graph, store_for(graph), {.extra = "{"}); }),
              HasSubstr("[octet.json] cannot be written: "));
}

TEST(NnpWriter, GivesFunctionsDifferentNames) {
  const Graph graph = parse_graph(R"(graph net {
    input x: float32 (-1, 3)
    a = ReLU[act](x)
    b = ReLU[act](a)
    c = ReLU(b)
    d = ReLU(c)
    output d
  })");
  const auto members = members_of(graph, ParameterStore());
  for (const char* name : {"\"act\"", "\"act_1\"", "\"@net/ReLU\"", "\"@net/ReLU_1\""}) {
    EXPECT_THAT(members[1].bytes, HasSubstr(name));
  }
  const NnpModel model = written_and_read(graph, ParameterStore());
  std::vector<std::string> names;
  for (const FunctionId id : model.graph.topological_order()) {
    names.push_back(model.graph.function(id).name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"act", "act", "", ""}));
}

TEST(NnpWriter, LeavesOutWhatTheOutputsDoNotNeed) {
  const Graph graph = parse_graph(R"(graph net {
    input x: float32 (2, 3)
    input unused: float32 (2, 3)
    y = ReLU(x)
    z = ReLU(unused)
    output y
  })");
  const std::string text = members_of(graph, ParameterStore())[1].bytes;
  EXPECT_EQ(text.find("unused"), std::string::npos);
}

TEST(NnpWriter, SaysWhatCannotBeSaved) {
  const Graph graph = parse_graph(kGraph);
  EXPECT_EQ(error_of<Error>([&] { format_nnp(graph, ParameterStore()); }),
            "[c/W] the network uses this parameter, but it has no value");
  EXPECT_EQ(error_of<Error>([] { format_nnp(Graph("empty"), ParameterStore()); }),
            "[empty] the network has no outputs to save");
  ParameterStore store = store_for(graph);
  store.set("c/b", at::full({2}, (1 << 24) + 1, at::kInt), false);
  EXPECT_EQ(error_of<Error>([&] {
              format_nnp(graph, store, {.parameter_format = ParameterFormat::kProtobuf});
            }),
            "[c/b] the Int values of this parameter are not exact in parameter.protobuf, which "
            "holds float32; save with parameter.h5");
}

TEST(NnpWriter, LeavesNothingBehindWhenItFails) {
  const TemporaryFolder folder;
  const Graph graph = parse_graph(kGraph);
  EXPECT_THROW(write_nnp(folder.file("a.nnp"), graph, ParameterStore()), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ParameterFiles, SaveAndLoad) {
  const TemporaryFolder folder;
  ParameterStore store;
  store.set("a/w", at::rand({2, 3}), true);
  store.set("n", at::full({1}, 5, at::kLong), false);
  for (const char* name : {"p.h5", "p.protobuf"}) {
    save_parameters(folder.file(name), store);
    ParameterStore loaded;
    load_parameters(folder.file(name), loaded);
    EXPECT_EQ(loaded.names(), store.names());
    EXPECT_TRUE(at::equal(loaded.at("a/w").value, store.at("a/w").value));
    EXPECT_TRUE(loaded.at("a/w").need_grad);
    EXPECT_EQ(loaded.at("n").value.item<int64_t>(), 5);
  }
  EXPECT_EQ(error_of<Error>([&] { save_parameters("p.txt", store); }),
            "[p.txt] parameters are saved as .h5 or .protobuf");
}

}  // namespace
}  // namespace octet
