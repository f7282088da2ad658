#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"
#include "octet/formats/onnx/model_file.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/formats/onnx/tensor_proto.h"
#include "octet/passes/quantize_parameters.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

// "Conv(x, W) -> y", with the attribute axis where there is one.
std::string print_node(const onnx::NodeProto& node) {
  std::string attributes;
  for (const onnx::AttributeProto& attribute : node.attribute()) {
    if (attribute.name() == "axis") attributes += fmt::format(" axis={}", attribute.i());
  }
  const std::vector<std::string> inputs(node.input().begin(), node.input().end());
  const std::vector<std::string> outputs(node.output().begin(), node.output().end());
  return fmt::format("{} = {}({}){}\n", fmt::join(outputs, ", "), node.op_type(),
                     fmt::join(inputs, ", "), attributes);
}

std::string shape_of(const onnx::TypeProto& type) {
  std::string text;
  for (const auto& dim : type.tensor_type().shape().dim()) {
    text += (text.empty() ? "" : ", ") +
            (dim.has_dim_param() ? dim.dim_param() : std::to_string(dim.dim_value()));
  }
  return "(" + text + ")";
}

class OnnxWriter : public PassTest {
 protected:
  onnx::ModelProto written(const Graph& graph, const OnnxWriteOptions& options = {}) {
    return parse_onnx(format_onnx(graph, parameters_, options), "test.onnx").model;
  }

  std::string nodes(const Graph& graph, const OnnxWriteOptions& options = {}) {
    const onnx::ModelProto model = written(graph, options);
    std::string text;
    for (const onnx::NodeProto& node : model.graph().node()) text += print_node(node);
    return text;
  }

  at::Tensor initializer(const onnx::ModelProto& model, const std::string& name) {
    for (const onnx::TensorProto& tensor : model.graph().initializer()) {
      if (tensor.name() == name) return tensor_from_proto(tensor, "test.onnx");
    }
    ADD_FAILURE() << "no initializer " << name;
    return at::zeros({});
  }

  std::string error_of(const Graph& graph, const OnnxWriteOptions& options = {}) {
    try {
      format_onnx(graph, parameters_, options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  void set(const std::string& name, const at::Tensor& value) {
    parameters_.set(name, value, /*need_grad=*/false);
  }
};

constexpr std::string_view kSmall = R"(graph small {
  input image: float32 (4, 3, 8, 8)
  parameter c/W: float32 (6, 3, 3, 3)
  parameter c/b: float32 (6)
  h = Convolution[conv](image, c/W, c/b) {pad=(1, 1)}
  y = ReLU(h)
  output y
}
)";

TEST_F(OnnxWriter, KeepsNamesAndFreesTheBatch) {
  const onnx::ModelProto model = written(load(kSmall));
  EXPECT_EQ(model.producer_name(), "octet");
  EXPECT_EQ(model.ir_version(), 8);
  EXPECT_EQ(model.opset_import(0).version(), 17);
  const onnx::GraphProto& graph = model.graph();
  EXPECT_EQ(graph.name(), "small");
  EXPECT_EQ(graph.input(0).name(), "image");
  EXPECT_EQ(shape_of(graph.input(0).type()), "(N, 3, 8, 8)");
  EXPECT_EQ(graph.output(0).name(), "y");
  EXPECT_EQ(shape_of(graph.output(0).type()), "(N, 6, 8, 8)");
  EXPECT_EQ(graph.node(0).name(), "conv");
  EXPECT_EQ(graph.node(1).name(), "y");
  EXPECT_EQ(nodes(load(kSmall)), "h = Conv(image, c/W, c/b)\ny = Relu(h)\n");
  EXPECT_TRUE(at::equal(initializer(model, "c/W"), parameters_.at("c/W").value.detach()));
}

TEST_F(OnnxWriter, WritesShapesAsTheyAreIfAsked) {
  OnnxWriteOptions options;
  options.variable_batch_size = false;
  const onnx::ModelProto model = written(load(kSmall), options);
  EXPECT_EQ(shape_of(model.graph().input(0).type()), "(4, 3, 8, 8)");
}

// Only what follows the batch is called N.
TEST_F(OnnxWriter, OtherFreeDimensionsHaveNamesOfTheirOwn) {
  const onnx::ModelProto model = written(load(R"(graph net {
  input x: float32 (-1, 3, -1)
  y = ReLU(x)
  z = Reshape(x) {shape=(-1)}
  output y, z
}
)"));
  EXPECT_EQ(shape_of(model.graph().input(0).type()), "(N, 3, x_dim2)");
  EXPECT_EQ(shape_of(model.graph().output(0).type()), "(N, 3, y_dim2)");
  EXPECT_EQ(shape_of(model.graph().output(1).type()), "(z_dim0)");
}

TEST_F(OnnxWriter, EqualModelsGiveEqualBytes) {
  const std::string bytes = format_onnx(load(kSmall), parameters_);
  const ParameterStore copy = parameters_.clone();
  EXPECT_TRUE(format_onnx(load(kSmall), copy) == bytes);
}

TEST_F(OnnxWriter, EachOpsetHasItsFormatVersion) {
  const std::vector<int64_t> versions{7, 7, 8, 8, 8, 8, 9, 9, 10};
  for (int64_t opset = 13; opset <= 21; ++opset) {
    OnnxWriteOptions options;
    options.opset = opset;
    const onnx::ModelProto model = written(load(kSmall), options);
    EXPECT_EQ(model.opset_import(0).version(), opset);
    EXPECT_EQ(model.ir_version(), versions[static_cast<size_t>(opset - 13)]);
  }
  OnnxWriteOptions options;
  options.opset = 12;
  EXPECT_EQ(error_of(load(kSmall), options),
            "[onnx] opset 12 cannot be written; the opsets are 13 to 21");
}

TEST_F(OnnxWriter, MakesNamesValidAndUnique) {
  Graph graph = load(R"(graph net {
  input x: float32 (-1, 3)
  y = Swish[act](x)
  output y
}
)");
  graph.rename_variable(graph.find_variable("x"), "y/Sigmoid\xff");
  graph.rename_variable(graph.find_variable("y"), "act/Sigmoid");
  EXPECT_EQ(nodes(graph),
            "act/Sigmoid_1 = Sigmoid(y/Sigmoid_)\n"
            "act/Sigmoid = Mul(y/Sigmoid_, act/Sigmoid_1)\n");
}

TEST_F(OnnxWriter, AnInputThatIsAnOutputPassesThrough) {
  EXPECT_EQ(nodes(load(R"(graph net {
  input x: float32 (-1, 3)
  y = ReLU(x)
  output x, y
}
)")),
            "y = Relu(x)\nx/Identity = Identity(x)\n");
}

// The weight is stored as ONNX has it, through its quantizer, so that no node stands in between.
TEST_F(OnnxWriter, StoresWeightsInOnnxLayout) {
  set("s", at::tensor({0.1F, 0.2F, 0.3F, 0.4F}).reshape({4, 1, 1}));
  set("z", at::zeros({4, 1, 1}));
  const Graph graph = load(R"(graph net {
  input x: float32 (-1, 4, 8, 8)
  parameter W: float32 (4, 3, 3)
  parameter s: float32 (4, 1, 1)
  parameter z: float32 (4, 1, 1)
  parameter beta: float32 (1, 4, 1, 1)
  parameter gamma: float32 (1, 4, 1, 1)
  parameter mean: float32 (1, 4, 1, 1)
  parameter var: float32 (1, 4, 1, 1)
  q = QuantizeLinear(W, s, z)
  w = DequantizeLinear(q, s, z)
  h = DepthwiseConvolution(x, w)
  y = BatchNormalization(h, beta, gamma, mean, var) {batch_stat=false}
  output y
}
)");
  EXPECT_EQ(nodes(graph),
            "q = QuantizeLinear(W, s, z) axis=0\n"
            "w = DequantizeLinear(q, s, z) axis=0\n"
            "h = Conv(x, w)\n"
            "y = BatchNormalization(h, gamma, beta, mean, var)\n");
  const onnx::ModelProto model = written(graph);
  EXPECT_EQ(initializer(model, "W").sizes(), at::IntArrayRef({4, 1, 3, 3}));
  EXPECT_EQ(initializer(model, "gamma").sizes(), at::IntArrayRef({4}));
  EXPECT_EQ(initializer(model, "s").sizes(), at::IntArrayRef({4}));
  EXPECT_EQ(initializer(model, "z").scalar_type(), at::kChar);
}

constexpr std::string_view kQuantized = R"(graph net {
  input x: float32 (-1, 3)
  parameter W: float32 (3, 2)
  parameter b: float32 (2)
  parameter sx: float32 (1, 1)
  parameter zx: float32 (1, 1)
  parameter sw: float32 (1, 2)
  parameter zw: float32 (1, 2)
  parameter sb: float32 (2)
  parameter zb: float32 (2)
  q = QuantizeLinear(x, sx, zx) {dtype=2}
  h = DequantizeLinear(q, sx, zx)
  p = QuantizeLinear(W, sw, zw)
  w = DequantizeLinear(p, sw, zw)
  r = QuantizeLinear(b, sb, zb) {dtype=5, bits=32}
  c = DequantizeLinear(r, sb, zb)
  y = Affine[fc](h, w, c)
  output y
}
)";

class OnnxQuantization : public OnnxWriter {
 protected:
  OnnxQuantization() {
    set("sx", at::full({1, 1}, 0.02));
    set("zx", at::full({1, 1}, 128.0));
    set("sw", at::full({1, 2}, 0.01));
    set("zw", at::zeros({1, 2}));
    set("sb", at::full({2}, 0.0002));
    set("zb", at::zeros({2}));
  }
  Graph changed(std::string text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
    return load(text);
  }
};

TEST_F(OnnxQuantization, ScalesAreZeroOrOneDimensionalAndZeroPointsTyped) {
  EXPECT_EQ(nodes(load(kQuantized)),
            "q = QuantizeLinear(x, sx, zx)\n"
            "h = DequantizeLinear(q, sx, zx)\n"
            "p = QuantizeLinear(W, sw, zw) axis=1\n"
            "w = DequantizeLinear(p, sw, zw) axis=1\n"
            "c = DequantizeLinear(r, sb) axis=0\n"
            "y = Gemm(h, w, c)\n");
  const onnx::ModelProto model = written(load(kQuantized));
  EXPECT_EQ(initializer(model, "sx").dim(), 0);
  EXPECT_EQ(initializer(model, "zx").scalar_type(), at::kByte);
  EXPECT_EQ(initializer(model, "zx").item<int>(), 128);
  EXPECT_EQ(initializer(model, "sw").sizes(), at::IntArrayRef({2}));
  EXPECT_EQ(initializer(model, "zw").scalar_type(), at::kChar);
  EXPECT_EQ(initializer(model, "r").scalar_type(), at::kInt);
}

TEST_F(OnnxQuantization, DeployedParametersAreIntegersWithDequantizeLinearAlone) {
  const Graph deployed = quantize_parameters(load(kQuantized), ctx_);
  EXPECT_EQ(nodes(deployed),
            "q = QuantizeLinear(x, sx, zx)\n"
            "h = DequantizeLinear(q, sx, zx)\n"
            "w = DequantizeLinear(W-quantized, sw, zw) axis=1\n"
            "c = DequantizeLinear(b-quantized, sb) axis=0\n"
            "y = Gemm(h, w, c)\n");
  EXPECT_EQ(initializer(written(deployed), "W-quantized").scalar_type(), at::kChar);
}

TEST_F(OnnxQuantization, ANarrowRangeIsAClipWhereItMatters) {
  const std::string narrow =
      nodes(changed(std::string(kQuantized), "{dtype=2}", "{dtype=2, narrow_range=true}"));
  EXPECT_TRUE(
      narrow.starts_with("q/QuantizeLinear = QuantizeLinear(x, sx, zx)\n"
                         "q = Clip(q/QuantizeLinear, q/qmin)\n"))
      << narrow;
  set("W", at::tensor({-1.27F, 1.27F, 0.5F, 0.1F, 0.2F, 0.3F}).reshape({3, 2}));
  const std::string text = std::string(kQuantized);
  const Graph same =
      changed(text, "QuantizeLinear(W, sw, zw)", "QuantizeLinear(W, sw, zw) {narrow_range=true}");
  EXPECT_EQ(nodes(same).find("Clip"), std::string::npos);
  set("W", at::tensor({-9.0F, 1.27F, 0.5F, 0.1F, 0.2F, 0.3F}).reshape({3, 2}));
  EXPECT_NE(nodes(same).find("p = Clip("), std::string::npos);
}

TEST_F(OnnxQuantization, SaysWhatOnnxCannotExpress) {
  const std::string text(kQuantized);
  EXPECT_EQ(error_of(changed(text, "{dtype=2}", "{dtype=2, bits=4}")),
            "[q] QuantizeLinear of Affine fc has 4 bits, which ONNX does not have; quantize with "
            "bits = 8");
  EXPECT_EQ(error_of(changed(text, "{dtype=2}", "{dtype=2, round_mode=\"HALF_AWAY_FROM_ZERO\"}")),
            "[q] QuantizeLinear of Affine fc rounds HALF_AWAY_FROM_ZERO, ONNX rounds HALF_TO_EVEN; "
            "quantize with round_mode = HALF_TO_EVEN");
  EXPECT_EQ(
      error_of(changed(text, "QuantizeLinear(W, sw, zw)", "QuantizeLinear(W, sw, zw) {bits=3}")),
      "[p] QuantizeLinear of Affine fc has 3 bits, which ONNX does not have; quantize with "
      "bits_weight = 8, or deploy = true (--deploy), which stores the integers");
  EXPECT_EQ(error_of(changed(text, "{dtype=2}", "{dtype=3, bits=16}")),
            "[q] QuantizeLinear of Affine fc has int16, which needs opset 21, 17 was asked for");
  EXPECT_EQ(error_of(changed(text, "{dtype=2}", "{dtype=5, bits=32}")),
            "[q] QuantizeLinear of Affine fc quantizes a value that is computed to int32, which "
            "ONNX does not have");
  set("zx", at::full({1, 1}, 0.5));
  EXPECT_EQ(error_of(load(kQuantized)),
            "[q] QuantizeLinear of Affine fc has the zero point 0.5, which is no uint8");
}

TEST_F(OnnxQuantization, SaysWhatScalesOnnxCannotExpress) {
  set("sw", at::full({3, 2}, 0.01));
  const std::string text(kQuantized);
  EXPECT_EQ(
      error_of(changed(text, "sw: float32 (1, 2)", "sw: float32 (3, 2)")),
      "[p] QuantizeLinear of Affine fc has scales (3, 2) along more than one dimension, which "
      "ONNX does not have; quantize per tensor or per channel");
  EXPECT_EQ(error_of(load(R"(graph net {
  input x: float32 (-1, 3)
  parameter l: float32 (1, 1)
  parameter zx: float32 (1, 1)
  s = LearnedScale(l)
  q = QuantizeLinear(x, s, zx)
  h = DequantizeLinear(q, s, zx)
  y = ReLU[act](h)
  output y
}
)")),
            "[q] QuantizeLinear of ReLU act has a scale that is computed; save the network with "
            "QATScheduler::save, which fixes scales that are trained");
}

TEST_F(OnnxWriter, SaysWhatCannotBeWritten) {
  const auto error = [&](const std::string& function) {
    return error_of(
        load("graph net {\n  input x: float32 (-1, 3)\n  y = " + function + "\n  output y\n}\n"));
  };
  EXPECT_EQ(error("Dropout[d](x)"),
            "[d] Dropout drops in every run; save the validation network, which has none");
  EXPECT_EQ(error("Sink[s](x)"),
            "[s] Sink only gathers gradients; make its inputs the outputs of the network");
  EXPECT_EQ(error("BatchNormalization[bn](x) {no_scale=true, no_bias=true}"),
            "[bn] BatchNormalization normalizes with the statistics of the batch, as in training; "
            "save the validation network, which has batch_stat = false");
  EXPECT_EQ(error("SquaredError[l](x, x)"),
            "[l] SquaredError is a loss; save the prediction in front of it");
  EXPECT_EQ(error("Pad[p](x) {pad_width=[3, 0], mode=\"reflect\"}"),
            "[p] Pad reflects 3 elements more than once, which ONNX does not have; pad by less");
  EXPECT_EQ(error_of(Graph("empty")), "[empty] the network has no outputs to save");
  Graph lacking = load(kSmall);
  parameters_.erase("c/b");
  EXPECT_EQ(error_of(lacking), "[c/b] the network uses this parameter, but it has no value");
}

TEST_F(OnnxWriter, WhatDependsOnAnUnknownSizeSaysSo) {
  const auto error = [&](const std::string& function) {
    return error_of(load("graph net {\n  input x: float32 (-1, 3, -1, -1)\n  y = " + function +
                         "\n  output y\n}\n"));
  };
  EXPECT_EQ(error("MaxPooling[p](x) {kernel=(2, 2), ignore_border=false}"),
            "[p] MaxPooling with ignore_border = false pads by the size of the image, which is not "
            "known; fix the size of the network's input or write ignore_border = true");
  EXPECT_EQ(
      error("Sort[s](x)"),
      "[s] Sort along dimension 3 needs its size, which is not known; fix it in the network's "
      "input");
  EXPECT_EQ(error("Shift[s](x) {shifts=[1]}"),
            "[s] Shift shifts dimension 3, whose size is not known; fix it in the network's input");
  EXPECT_EQ(error("MatrixDiag[m](x)"),
            "[m] MatrixDiag needs the size of its matrices, which is not known; fix it in the "
            "network's input");
  EXPECT_EQ(error("GroupNormalization[g](x) {num_groups=3, no_scale=true, no_bias=true}"),
            "[g] GroupNormalization would need the shape (-1, 3, 1, -1, -1), with more than one "
            "dimension that is not known; fix all but one of the network's input");
}

TEST_F(OnnxWriter, ChecksBeforeTheFileGetsItsName) {
  const std::string path = testing::TempDir() + "small.onnx";
  write_onnx(path, load(kSmall), parameters_);
  EXPECT_TRUE(read_file(path) == format_onnx(load(kSmall), parameters_));
  std::filesystem::remove(path);
  EXPECT_THROW(write_onnx("/nowhere/small.onnx", load(kSmall), parameters_), FileError);
}

}  // namespace
}  // namespace octet
