// What is written holds only what NNabla's loaders know: they refuse a file with any other field.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <unordered_set>

#include "octet/formats/archive.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/nnp/text_tree.h"
#include "octet/graph/text.h"
#include "octet/models/zoo.h"
#include "octet/targets/nnabla_functions.h"
#include "tests/formats/format_test_support.h"

namespace octet {
namespace {

// nnabla.proto's messages that a written file may have, without those of the functions' arguments.
const std::map<std::string, std::set<std::string>> kFields{
    {"", {"network", "executor", "parameter"}},
    {"network", {"name", "batch_size", "variable", "function"}},
    {"variable", {"name", "type", "shape"}},
    {"shape", {"dim"}},
    {"function", {"name", "type", "input", "output"}},
    {"executor",
     {"name", "network_name", "data_variable", "output_variable", "parameter_variable"}},
    {"data_variable", {"variable_name", "data_name"}},
    {"output_variable", {"variable_name", "data_name"}},
    {"parameter_variable", {"variable_name"}},
    {"parameter", {"variable_name", "shape", "data", "need_grad"}},
};

void expect_argument_fields(const TextField& arguments, const NnablaFunction& schema) {
  EXPECT_EQ(arguments.name, schema.message);
  for (const TextField& field : arguments.message.fields) {
    EXPECT_NE(schema.find(field.name), nullptr) << schema.message << " has no " << field.name;
  }
}

void expect_known_fields(const TextMessage& message, const std::string& kind) {
  const std::set<std::string>& known = kFields.at(kind);
  const TextField* type = kind == "function" ? find_field(message, "type") : nullptr;
  const NnablaFunction* schema = type == nullptr ? nullptr : nnabla_function(type->text);
  for (const TextField& field : message.fields) {
    if (schema != nullptr && field.name == schema->message) {
      expect_argument_fields(field, *schema);
      continue;
    }
    ASSERT_TRUE(known.contains(field.name)) << kind << " has no field " << field.name;
    if (field.kind == TextKind::kMessage) expect_known_fields(field.message, field.name);
  }
}

// Every input of a function is an input of the network, a parameter, or made above.
void expect_producers_first(const TextMessage& network) {
  std::unordered_set<std::string> produced;
  for (const TextField& function : network.fields) {
    if (function.name != "function") continue;
    for (const TextField& output : function.message.fields) {
      if (output.name == "output") produced.insert(output.text);
    }
  }
  std::unordered_set<std::string> made;
  for (const TextField& function : network.fields) {
    if (function.name != "function") continue;
    for (const TextField& field : function.message.fields) {
      if (field.name == "input" && produced.contains(field.text)) {
        EXPECT_TRUE(made.contains(field.text)) << field.text;
      }
    }
    for (const TextField& field : function.message.fields) {
      if (field.name == "output") made.insert(field.text);
    }
  }
}

void expect_for_nnabla(const Graph& graph, const ParameterStore& parameters) {
  const std::string bytes = format_nnp(graph, parameters);
  EXPECT_EQ(format_nnp(graph, parameters), bytes);
  for (const ArchiveMember& member : parse_zip(bytes, graph.name())) {
    // NNabla passes by every member whose extension it does not know.
    EXPECT_TRUE(member.name == "nnp_version.txt" || member.name == "network.nntxt" ||
                member.name == "parameter.h5" || member.name == "octet.json")
        << member.name;
    if (member.name != "network.nntxt") continue;
    const TextMessage text = parse_text(member.bytes, member.name);
    expect_known_fields(text, "");
    expect_producers_first(find_field(text, "network")->message);
    EXPECT_EQ(find_field(find_field(text, "executor")->message, "name")->text, "runtime");
    for (const TextField& field : find_field(text, "network")->message.fields) {
      if (field.name != "variable" || find_field(field.message, "type")->text != "Buffer") continue;
      EXPECT_EQ(find_field(field.message, "shape")->message.fields.at(0).text, "-1");
    }
  }
}

TEST(NnpSchema, ModelsOfTheZoo) {
  for (const std::string_view name : models::model_names()) {
    SCOPED_TRACE(name);
    auto parameters = std::make_shared<ParameterStore>(1);
    Network network(parameters);
    const VariableRef image = network.input("x0", {2, 3, 32, 32});
    const VariableRef pred = models::build_model(std::string(name), image,
                                                 {.test = true, .num_classes = 4, .width = 0.25});
    Graph graph = network.graph();
    graph.set_outputs({pred.id()});
    expect_for_nnabla(graph, *parameters);
  }
}

TEST(NnpSchema, WhatNnablaHasNoFieldFor) {
  const Graph graph = parse_graph(R"(graph net {
    input x0: float32 (4, 3)
    parameter s: float32 (1, 1)
    parameter z: float32 (1, 1)
    q = QuantizeLinear[mine](x0, s, z) {bits=4, ste="STRAIGHT"}
    d = DequantizeLinear(q, s, z)
    y0 = Softmax(d)
    output y0
  })");
  ParameterStore parameters;
  parameters.get_or_create("s", {1, 1}, constant_initializer(1));
  parameters.get_or_create("z", {1, 1}, constant_initializer(0));
  expect_for_nnabla(graph, parameters);
}

// NNabla knows no 0 in the shape of a Reshape, and takes -1 in front for the batch size.
TEST(NnpSchema, ReshapesStateTheirExtents) {
  const Graph graph = parse_graph(R"(graph net {
    input x0: float32 (-1, 3, 4, 4)
    a = Reshape(x0) {shape=(0, 0, -1)}
    y0 = Reshape(a) {shape=(0, 48)}
    output y0
  })");
  const std::string bytes = format_nnp(graph, ParameterStore());
  std::vector<std::string> shapes;
  for (const ArchiveMember& member : parse_zip(bytes, "a.nnp")) {
    if (member.name != "network.nntxt") continue;
    const TextMessage text = parse_text(member.bytes, member.name);
    for (const TextField& field : find_field(text, "network")->message.fields) {
      if (field.name != "function") continue;
      std::string shape;
      const TextField* arguments = find_field(field.message, "reshape_param");
      for (const TextField& dim : find_field(arguments->message, "shape")->message.fields) {
        shape += dim.text + " ";
      }
      shapes.push_back(shape);
    }
  }
  EXPECT_EQ(shapes, (std::vector<std::string>{"-1 3 16 ", "-1 48 "}));
  std::string difference;
  EXPECT_TRUE(equal(parse_nnp(bytes, "a.nnp").graph, graph, &difference)) << difference;
}

TEST(NnpSchema, ParametersInTheText) {
  const Graph graph = parse_graph(R"(graph net {
    input x0: float32 (4, 3)
    parameter w: float32 (3, 2)
    y0 = Affine(x0, w)
    output y0
  })");
  ParameterStore parameters;
  parameters.get_or_create("w", {3, 2}, normal_initializer(1));
  const TemporaryFolder folder;
  const std::string path = folder.file("a.nntxt");
  write_nntxt(path, graph, parameters);
  expect_known_fields(parse_text(read_file(path), path), "");
  const NnpModel model = read_nnp(path);
  EXPECT_TRUE(model.parameters->at("w").need_grad);
  EXPECT_TRUE(at::equal(model.parameters->at("w").value, parameters.at("w").value));
}

// NNabla has no place for an integer function's attributes, nor for integers.
TEST(NnpSchema, IntegerNetworksInTheText) {
  const Graph graph = parse_graph(R"(graph net {
    input x0: float32 (4, 2, 6, 6)
    parameter s: float32 (1, 1, 1, 1)
    parameter z: float32 (1, 1, 1, 1)
    parameter w: int8 (3, 2, 3, 3)
    parameter b: int32 (3)
    q = QuantizeLinear(x0, s, z) {dtype=2}
    c = QuantizedConvolution[conv](q, s, z, w, s, s, z, b) {pad=(1, 1), stride=(2, 2), activation="RELU", dtype=2}
    y0 = DequantizeLinear(c, s, z)
    output y0
  })");
  ParameterStore parameters;
  parameters.get_or_create("s", {1, 1, 1, 1}, constant_initializer(0.5F));
  parameters.get_or_create("z", {1, 1, 1, 1}, constant_initializer(3));
  parameters.set("w", at::randint(-128, 128, {3, 2, 3, 3}, at::kChar), false);
  parameters.set("b", at::tensor({1, -(1 << 24), 3}, at::kInt), false);
  const TemporaryFolder folder;
  const std::string path = folder.file("a.nntxt");
  write_nntxt(path, graph, parameters,
              {.variable_batch_size = false, .extra = "{\"stage\": \"# 3\"}"});
  const NnpModel model = read_nnp(path);
  std::string difference;
  EXPECT_TRUE(equal(model.graph, graph, &difference)) << difference;
  EXPECT_EQ(model.extra, "{\"stage\":\"# 3\"}");
  for (const char* name : {"w", "b"}) {
    const at::Tensor& value = model.parameters->at(name).value;
    EXPECT_EQ(value.scalar_type(), parameters.at(name).value.scalar_type());
    EXPECT_TRUE(at::equal(value, parameters.at(name).value)) << name;
  }
}

TEST(NnpSchema, CommentsThatAreNoneOfOurs) {
  const std::string text =
      "network { name: 'n' variable { name: 'x' type: 'Buffer' shape { dim: -1 dim: 2 } } "
      "function { name: 'f' type: 'ReLU' input: 'x' output: 'y' } }\n";
  EXPECT_NO_THROW(parse_nnp(text + "# octet.json\n  #octet.json {\n", "a.nntxt"));
  EXPECT_EQ(error_of([&] { parse_nnp(text + "#octet.json {\"format\": 2}", "a.nntxt"); }),
            "[a.nntxt] has format 2; this version reads format 1");
}

}  // namespace
}  // namespace octet
