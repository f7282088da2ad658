// read_nnp: networks as NNabla writes them, and every way in which they can be wrong.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

#include "octet/formats/archive.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/nnp/parameter_hdf5.h"
#include "octet/formats/nnp/parameter_protobuf.h"
#include "octet/graph/text.h"
#include "tests/formats/format_test_support.h"

namespace octet {
namespace {

using ::testing::HasSubstr;

// y = ReLU(Convolution(x)), as NNabla prints it.
constexpr std::string_view kNetwork = R"(network {
  name: "net"
  batch_size: 4
  variable { name: "x0" type: "Buffer" shape { dim: -1 dim: 3 dim: 8 dim: 8 } }
  variable { name: "h" type: "Buffer" shape { dim: -1 dim: 2 dim: 8 dim: 8 } }
  variable { name: "y0" type: "Buffer" shape { dim: -1 dim: 2 dim: 8 dim: 8 } }
  variable { name: "c/W" type: "Parameter" shape { dim: 2 dim: 3 dim: 3 dim: 3 } }
  variable { name: "c/b" type: "Parameter" shape { dim: 2 } }
  function {
    name: "@net/ReLU" type: "ReLU" input: "h" output: "y0" relu_param { }
  }
  function {
    name: "first" type: "Convolution" input: "x0" input: "c/W" input: "c/b" output: "h"
    convolution_param {
      base_axis: 1 pad { dim: 1 dim: 1 } stride { dim: 1 dim: 1 } dilation { dim: 1 dim: 1 }
      group: 1
    }
  }
}
)";

constexpr std::string_view kExecutor = R"(executor {
  name: "runtime" network_name: "net"
  data_variable { variable_name: "x0" data_name: "x0" }
  output_variable { variable_name: "y0" data_name: "y0" }
}
)";

std::vector<StoredParameter> parameters() {
  return {{"c/W", at::arange(54).to(at::kDouble).reshape({2, 3, 3, 3}), true},
          {"c/b", at::ones({2}), true},
          {"unused", at::full({1}, 3, at::kChar), false}};
}

NnpModel read(const std::vector<ArchiveMember>& members, const NnpReadOptions& options = {}) {
  const TemporaryFolder folder;
  return read_nnp(folder.write("a.nnp", format_zip(members)), options);
}

// The message without the folder that the file lay in.
std::string read_error(const std::vector<ArchiveMember>& members,
                       const NnpReadOptions& options = {}) {
  std::string message = error_of([&] { read(members, options); });
  const size_t name = message.find("a.nnp");
  return name == std::string::npos ? message : fmt::format("[{}", message.substr(name));
}

std::vector<ArchiveMember> model_of(const std::string& text) {
  return {{"network.nntxt", text}, {"parameter.h5", format_parameter_hdf5(parameters())}};
}

std::string whole_text() {
  return std::string(kNetwork) + std::string(kExecutor);
}

// whole_text() with one thing changed.
std::string with(const std::string& from, const std::string& to) {
  std::string text = whole_text();
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

void expect_the_network(const NnpModel& model) {
  const Graph expected = parse_graph(R"(graph net {
    input x0: float32 (-1, 3, 8, 8)
    parameter c/W: float32 (2, 3, 3, 3)
    parameter c/b: float32 (2)
    h = Convolution[first](x0, c/W, c/b) {pad=(1, 1), stride=(1, 1), dilation=(1, 1)}
    y0 = ReLU(h)
    output y0
  })");
  std::string difference;
  EXPECT_TRUE(equal(model.graph, expected, &difference)) << difference;
  verify(model.graph);
}

TEST(NnpReader, ReadsNetworkAndParameters) {
  const NnpModel model = read(model_of(whole_text()));
  expect_the_network(model);
  EXPECT_EQ(model.batch_size, 4);
  EXPECT_EQ(model.extra, "");
  EXPECT_EQ(model.graph.name(), "net");
  EXPECT_EQ(model.parameters->names(), (std::vector<std::string>{"c/W", "c/b", "unused"}));
  const Parameter& weight = model.parameters->at("c/W");
  EXPECT_EQ(weight.value.scalar_type(), at::kFloat);
  EXPECT_TRUE(weight.need_grad);
  EXPECT_TRUE(at::equal(weight.value.detach().flatten(), at::arange(54).to(at::kFloat)));
}

TEST(NnpReader, KeepsOnlyNamesThatSomebodyGave) {
  const NnpModel model = read(model_of(whole_text()));
  std::vector<std::string> names;
  for (const FunctionId id : model.graph.topological_order()) {
    names.push_back(model.graph.function(id).name);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"first", ""}));
}

TEST(NnpReader, GoesByExtensionsAndMergesMembers) {
  expect_the_network(read({{"readme.txt", "not a network"},
                           {"a/any.prototxt", std::string(kExecutor)},
                           {"b.nntxt", std::string(kNetwork)},
                           {"p.protobuf", format_parameter_protobuf(parameters())},
                           {"net_Sgd_optimizer.h5.optimizer", "ignored"}}));
}

TEST(NnpReader, TheLastOfTwoParametersOfOneNameCounts) {
  auto members = model_of(whole_text());
  members.push_back({"more.protobuf", format_parameter_protobuf({{"c/b", at::zeros({2}), false}})});
  const NnpModel model = read(members);
  EXPECT_FALSE(model.parameters->at("c/b").need_grad);
  EXPECT_EQ(model.parameters->at("c/b").value.sum().item<float>(), 0.0f);
}

TEST(NnpReader, ReadsABareTextWithItsParameters) {
  const TemporaryFolder folder;
  std::string text = whole_text();
  text += "parameter { variable_name: 'c/b' shape { dim: 2 } data: 1 data: 1 need_grad: true }\n";
  text += "parameter { variable_name: 'c/W' shape { dim: [2, 3, 3, 3] } data: [0";
  for (int i = 1; i < 54; ++i) text += fmt::format(", {}", i);
  text += "] }";
  const NnpModel model = read_nnp(folder.write("net.nntxt", text));
  expect_the_network(model);
  EXPECT_TRUE(model.parameters->at("c/b").need_grad);
  EXPECT_FALSE(model.parameters->at("c/W").need_grad);
}

TEST(NnpReader, SetsTheBatchSize) {
  const NnpModel model = read(model_of(whole_text()), {.batch_size = 7});
  EXPECT_EQ(model.graph.variable(model.graph.outputs()[0]).type.shape, Shape({7, 2, 8, 8}));
  EXPECT_EQ(error_of<Error>([] { read_nnp("a.nnp", {.batch_size = 0}); }),
            "[a.nnp] cannot be read with the batch size 0");
}

TEST(NnpReader, FindsInputsAndOutputsWithoutAnExecutor) {
  const NnpModel model = read(model_of(std::string(kNetwork)));
  expect_the_network(model);
}

TEST(NnpReader, ChoosesAnExecutor) {
  const std::string second = R"(executor {
    name: "middle" network_name: "net"
    data_variable { variable_name: "x0" } output_variable { variable_name: "h" }
  })";
  const NnpModel model = read(model_of(whole_text() + second), {.executor = "middle"});
  EXPECT_EQ(model.graph.variable(model.graph.outputs()[0]).name, "h");
  EXPECT_EQ(read_error(model_of(whole_text()), {.executor = "other"}),
            "[a.nnp] has no executor named 'other'");
}

TEST(NnpReader, AbsentFieldsAreZero) {
  // An absent base_axis is 0, not Octet's default 1.
  const std::string text = with("base_axis: 1 pad", "pad");
  EXPECT_THAT(read_error(model_of(text)),
              HasSubstr("function 'first' does not fit: [Convolution] "));
}

TEST(NnpReader, MakesParametersByTheirInitializer) {
  const std::string shape = "shape { dim: 2 }";
  const auto read_with = [&](const std::string& initializer) {
    return read({{"a.nntxt", with(shape + " }", shape + " " + initializer + " }")},
                 {"b.protobuf", format_parameter_protobuf({parameters()[0]})}});
  };
  EXPECT_TRUE(at::equal(read_with("initializer { type: 'Constant' multiplier: 2.5 }")
                            .parameters->at("c/b")
                            .value.detach(),
                        at::full({2}, 2.5f)));
  const at::Tensor uniform = read_with("initializer { type: 'Uniform' multiplier: 0.5 }")
                                 .parameters->at("c/b")
                                 .value.detach();
  EXPECT_LE(uniform.abs().max().item<float>(), 0.5f);
  EXPECT_NE(uniform[0].item<float>(), uniform[1].item<float>());
}

// The standard deviation, or the bound, that each rule of NNabla gives for a weight.
TEST(NnpReader, KnowsEveryInitializerOfNnabla) {
  const auto weight_by = [](const std::string& type, const std::string& shape) {
    const std::string text = fmt::format(
        "network {{ name: 'n' variable {{ name: 'w' type: 'Parameter' shape {{ dim: [{}] }} "
        "initializer {{ type: '{}' multiplier: 2 }} }} variable {{ name: 'y' type: 'Buffer' }} "
        "function {{ name: 'f' type: 'Abs' input: 'w' output: 'y' }} }}",
        shape, type);
    return parse_nnp(text, "a.nntxt").parameters->at("w").value.detach();
  };
  struct Case {
    std::string type;
    std::string shape;
    double fan;  // the variance of a normal one is 2 * 2 * 2 / fan, a bound 2 * sqrt(6 / fan)
  };
  const std::string affine = "40, 30, 20";  // 40 in, 600 out
  const std::string conv = "60, 50, 3, 4";  // 60 out, 50 in, 12 kernel elements
  const std::string last = "60, 3, 4, 50";
  for (const Case& c : std::vector<Case>{{"NormalAffineHe", affine, 40},
                                         {"NormalAffineHeForward", affine, 40},
                                         {"NormalAffineHeBackward", affine, 600},
                                         {"NormalAffineGlorot", affine, 640},
                                         {"UniformAffineGlorot", affine, 640},
                                         {"NormalConvolutionHe", conv, 600},
                                         {"NormalConvolutionHeForward", conv, 600},
                                         {"NormalConvolutionHeBackward", conv, 720},
                                         {"NormalConvolutionGlorot", conv, 660},
                                         {"UniformConvolutionGlorot", conv, 660},
                                         {"NormalCLConvHe", last, 600},
                                         {"NormalCLConvHeForward", last, 600},
                                         {"NormalCLConvHeBackward", last, 720},
                                         {"NormalCLConvGlorot", last, 660},
                                         {"UniformCLConvGlorot", last, 660}}) {
    const at::Tensor w = weight_by(c.type, c.shape);
    if (c.type.starts_with("Uniform")) {
      // The largest of tens of thousands of values comes within a thousandth of the bound.
      const double bound = 2 * std::sqrt(6 / c.fan);
      EXPECT_LE(w.abs().max().item<double>(), bound * 1.000001) << c.type;
      EXPECT_GE(w.abs().max().item<double>(), bound * 0.999) << c.type;
    } else {
      // 24,000 values and more: the estimate is within 3 % at five standard errors.
      EXPECT_NEAR(w.std().item<double>() / (2 * std::sqrt(2 / c.fan)), 1, 0.03) << c.type;
    }
  }
  EXPECT_NEAR(weight_by("Normal", affine).std().item<double>(), 2, 0.06);
  EXPECT_TRUE(at::equal(weight_by("Range", "2, 3"),
                        at::tensor({0.0F, 2.0F, 4.0F, 0.0F, 2.0F, 4.0F}).reshape({2, 3})));
}

TEST(NnpReader, MentionsTheStateOfASolver) {
  ::testing::internal::CaptureStderr();
  auto members = model_of(whole_text());
  members.push_back({"o_Adam_optimizer.h5.optimizer", "not even HDF5"});
  expect_the_network(read(members));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              HasSubstr("the state of its solver (o_Adam_optimizer.h5.optimizer) is for training"));
}

struct BadModel {
  std::string text;
  std::string message;
};

TEST(NnpReader, SaysWhereAndWhatIsWrong) {
  const std::vector<BadModel> models{
      {with("type: \"ReLU\"", "type: \"Gizmo\""),
       "[a.nnp:network.nntxt:9:12] function '@net/ReLU' has the type 'Gizmo', which is not "
       "supported"},
      {with("batch_size: 4", "repeat_info { id: 'loop' times: 3 }"),
       "[a.nnp:network.nntxt:3:15] network 'net' has loops (repeat_info), which are not supported"},
      {with("type: \"ReLU\"", "type: \"RepeatStart\""),
       "[a.nnp:network.nntxt:9:12] network 'net' has loops (RepeatStart), which are not supported"},
      {with("type: \"ReLU\"", "repeat_id: 'r' type: \"ReLU\""),
       "[a.nnp:network.nntxt:10:34] network 'net' has loops (repeat_id), which are not supported"},
      {with("name: \"y0\" type", "name: \"h\" type"),
       "[a.nnp:network.nntxt:6:12] network 'net' has two variables named 'h'"},
      {with("dim: -1 dim: 3", "dim: 999999999 dim: 999999999"),
       "[a.nnp:network.nntxt:4:68] the shape has more than 281474976710656 elements"},
      {with("input: \"h\"", "input: \"nowhere\""),
       "[a.nnp:network.nntxt:9:12] function '@net/ReLU' reads 'nowhere', which is no variable of "
       "network 'net'"},
      {with("output: \"y0\"", "output: \"h\""),
       "[a.nnp:network.nntxt:12:12] functions '@net/ReLU' and 'first' both produce 'h'"},
      {with("input: \"x0\"", "input: \"y0\""),
       "[a.nnp:network.nntxt:9:12] function '@net/ReLU' depends on itself"},
      {with("output: \"y0\"", "output: \"y0\" output: \"y1\""),
       "[a.nnp:network.nntxt:9:12] function '@net/ReLU' has 2 outputs, but its inputs ask for 1"},
      {with("group: 1", "group: 3"), "[a.nnp:network.nntxt:12:12] function 'first' does not fit: "},
      {with("group: 1", "group: x"),
       "[a.nnp:network.nntxt:16:14] field 'group' is not a 64-bit integer: x"},
      {with("network_name: \"net\"", "network_name: \"other\""),
       "[a.nnp] has no network named 'other'"},
      {std::string(kExecutor), "[a.nnp] has no network named 'net'"},
      {"", "[a.nnp] has no network"},
      {with("data_variable { variable_name: \"x0\"", "data_variable { variable_name: \"x9\""),
       "[a.nnp:network.nntxt:22:17] the executor's input 'x9' is no variable of network 'net'"},
      {with("output_variable { variable_name: \"y0\"", "output_variable { variable_name: \"y9\""),
       "[a.nnp:network.nntxt:23:19] the executor's output 'y9' is no value of network 'net'"},
      {with("name: \"c/b\" type", "name: \"c/b2\" type"), "no variable of network"},
  };
  for (const BadModel& model : models) {
    const std::string message = read_error(model_of(model.text));
    EXPECT_THAT(message, HasSubstr(model.message));
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
}

TEST(NnpReader, SaysWhichParameterIsMissing) {
  const auto error_with = [](const std::string& text) {
    return read_error(
        {{"n.nntxt", text}, {"p.protobuf", format_parameter_protobuf({parameters()[0]})}});
  };
  const std::string shape = "shape { dim: 2 }";
  EXPECT_EQ(error_with(whole_text()),
            "[a.nnp:n.nntxt:8:12] parameter 'c/b' has no data in the file and no initializer");
  EXPECT_EQ(error_with(with(shape + " }", shape + " initializer { type: 'Magic' } }")),
            "[a.nnp:n.nntxt:8:12] parameter 'c/b' has no data and the initializer 'Magic', which "
            "is not supported");
  EXPECT_EQ(error_with(with(shape + " }", "shape { dim: -1 } initializer { type: 'Normal' } }")),
            "[a.nnp:n.nntxt:8:12] parameter 'c/b' has no data, and its shape (-1) does not do for "
            "the initializer Normal");
  EXPECT_THAT(
      error_with(with(shape + " }", shape + " initializer { type: 'UniformAffineGlorot' } }")),
      HasSubstr("its shape (2) does not do for the initializer UniformAffineGlorot"));
}

TEST(NnpReader, SaysWhatIsWrongWithParametersInTheText) {
  EXPECT_EQ(read_error({{"n.nntxt", "parameter { variable_name: 'w' shape { dim: 3 } data: 1 }"}}),
            "[a.nnp:n.nntxt:1:11] parameter 'w' has shape (3), but 1 values");
}

TEST(NnpReader, RefusesOtherFiles) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.onnx", "");
  EXPECT_EQ(error_of([&] { read_nnp(path); }),
            "[" + path +
                "] is not a .nnp, .nntxt, .prototxt, .protobuf or .h5 file by its "
                "extension");
}

TEST(NnpReader, SaysWhatIsWrongWithTheExtras) {
  const auto with_extras = [](const std::string& json) {
    auto members = model_of(whole_text());
    members.push_back({"octet.json", json});
    return read_error(members);
  };
  EXPECT_THAT(with_extras("{"), HasSubstr("[a.nnp:octet.json] is not as it was written: "));
  EXPECT_THAT(with_extras("{}"), HasSubstr("[a.nnp:octet.json] is not as it was written: "));
  EXPECT_EQ(with_extras("{\"format\": 2}"),
            "[a.nnp:octet.json] has format 2; this version reads format 1");
  EXPECT_THAT(with_extras(R"({"format": 1, "networks": {"net": {"functions": {}, "variables":
                              {"x0": {"dtype": "int3"}}}}})"),
              HasSubstr("[a.nnp:octet.json] is not as it was written: [dtype] 'int3'"));
  EXPECT_THAT(with_extras(R"({"format": 1, "networks": {"net": {"variables": {}, "functions":
                              {"first": {"attributes": {"no_such": "1"}}}}}})"),
              HasSubstr("function 'first' does not fit: [Convolution] has no attribute 'no_such'"));
}

}  // namespace
}  // namespace octet
