// Layers that a file has in several nodes, and the way of quantized networks to .onnx and back.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "octet/formats/onnx/onnx.h"
#include "octet/passes/quantize_parameters.h"
#include "octet/targets/check_graph.h"
#include "tests/support/onnx_model_builder.h"
#include "tests/support/pass_fixture.h"

namespace octet {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> operations(const Graph& graph) {
  std::vector<std::string> types;
  for (const FunctionId id : graph.topological_order(graph.outputs())) {
    types.emplace_back(type_name(graph.function(id).attributes));
  }
  return types;
}

at::Tensor output_of(OnnxModel& model, const at::Tensor& x) {
  RandomState random(0);
  const VariableId output = model.graph.outputs()[0];
  return run(model.graph, *model.parameters, {{model.graph.find_variable("x"), x}}, {output},
             random)
      .at(output);
}

// x (N, 2) times a weight (3, 2) that is stored as integers, with scales along its rows.
OnnxModelBuilder stored_gemm() {
  OnnxModelBuilder builder;
  builder.input("x", {-1, 2})
      .weight("w", at::tensor({1, -2, 3, 4, 5, -6}, at::kChar).reshape({3, 2}))
      .weight("w_scale", at::tensor({0.5F, 0.25F, 1.0F}))
      .weight("w_zero", at::tensor({0, 0, 0}, at::kChar))
      .weight("b", at::tensor({4, 8, -2}, at::kInt))
      .weight("b_scale", at::tensor({0.5F, 0.25F, 1.0F}))
      .node("DequantizeLinear", {"w", "w_scale", "w_zero"}, {"wf"}, {int_of("axis", 0)})
      .node("DequantizeLinear", {"b", "b_scale"}, {"bf"}, {int_of("axis", 0)});
  return builder;
}

const std::vector<float> kProduct{0.5F - 2 + 2, 0.75F + 2 + 2, 5 - 12 - 2};

TEST(RecoverLayers, AGemmOfStoredIntegersIsAnAffine) {
  OnnxModelBuilder builder = stored_gemm();
  builder.node("Gemm", {"x", "wf", "bf"}, {"y"}, {int_of("transB", 1)}).output("y");
  OnnxModel model = parse_onnx_model(builder.bytes(), "m.onnx");
  EXPECT_THAT(operations(model.graph),
              ElementsAre("DequantizeLinear", "DequantizeLinear", "Affine"));
  EXPECT_TRUE(at::equal(model.parameters->at("w").value,
                        at::tensor({1, 3, 5, -2, 4, -6}, at::kChar).reshape({2, 3})));
  EXPECT_EQ(model.parameters->at("w_scale").value.sizes(), (at::IntArrayRef{1, 3}));
  EXPECT_EQ(model.parameters->at("w_zero").value.sizes(), (at::IntArrayRef{1, 3}));
  const at::Tensor x = at::tensor({1.0F, 2.0F}).reshape({1, 2});
  EXPECT_TRUE(at::equal(output_of(model, x), at::tensor(kProduct).reshape({1, 3})));
}

TEST(RecoverLayers, ATransposeNodeGoesIntoTheIntegersToo) {
  OnnxModelBuilder builder = stored_gemm();
  builder.node("Transpose", {"wf"}, {"wt"}, {ints("perm", {1, 0})})
      .node("MatMul", {"x", "wt"}, {"h"})
      .node("Add", {"h", "bf"}, {"y"})
      .output("y");
  OnnxModel model = parse_onnx_model(builder.bytes(), "m.onnx");
  EXPECT_THAT(operations(model.graph),
              ElementsAre("DequantizeLinear", "DequantizeLinear", "Affine"));
  const at::Tensor x = at::tensor({1.0F, 2.0F}).reshape({1, 2});
  EXPECT_TRUE(at::equal(output_of(model, x), at::tensor(kProduct).reshape({1, 3})));
}

// The weight of the first layer is that of the second one, seen the other way.
TEST(RecoverLayers, AWeightWithOtherReadersStays) {
  OnnxModelBuilder builder = stored_gemm();
  builder.node("Gemm", {"x", "wf"}, {"h"}, {int_of("transB", 1)})
      .node("Gemm", {"h", "wf"}, {"y"})
      .output("y");
  OnnxModel model = parse_onnx_model(builder.bytes(), "m.onnx");
  EXPECT_THAT(operations(model.graph),
              ElementsAre("DequantizeLinear", "Transpose", "Affine", "Affine"));
  const at::Tensor w = at::tensor({0.5F, -1.0F, 0.75F, 1.0F, 5.0F, -6.0F}).reshape({3, 2});
  const at::Tensor x = at::tensor({1.0F, 2.0F}).reshape({1, 2});
  EXPECT_TRUE(at::allclose(output_of(model, x), at::mm(at::mm(x, w.t()), w)));
}

// One zero point for all weights of a file: each layer that wants it in another shape has its own.
TEST(RecoverLayers, QParamsThatOthersReadAreCopied) {
  OnnxModelBuilder builder = stored_gemm();
  builder.weight("v", at::tensor({1, 2, 3, 4, 5, 6, 7, 8, 9}, at::kChar).reshape({3, 3}))
      .node("DequantizeLinear", {"v", "w_scale", "w_zero"}, {"vf"}, {int_of("axis", 0)})
      .node("Gemm", {"x", "wf"}, {"h"}, {int_of("transB", 1)})
      .node("Add", {"h", "bf"}, {"a"})
      .node("MatMul", {"a", "vf"}, {"y"})
      .output("y");
  OnnxModel model = parse_onnx_model(builder.bytes(), "m.onnx");
  EXPECT_THAT(operations(model.graph), ElementsAre("DequantizeLinear", "DequantizeLinear", "Affine",
                                                   "DequantizeLinear", "Affine"));
  EXPECT_EQ(model.parameters->at("w_scale").value.sizes(), (at::IntArrayRef{3, 1}));
  const at::Tensor v = at::tensor({0.5F, 1.0F, 1.5F, 1.0F, 1.25F, 1.5F, 7.0F, 8.0F, 9.0F});
  const at::Tensor x = at::tensor({1.0F, 2.0F}).reshape({1, 2});
  EXPECT_TRUE(at::allclose(output_of(model, x),
                           at::mm(at::tensor(kProduct).reshape({1, 3}), v.reshape({3, 3}))));
}

// Fully connected layers with and without batch dimensions of their own, a product of activations,
// the bias on the scale of the sums.
constexpr std::string_view kNetwork = R"(graph net {
  input x: float32 (-1, 4, 2, 2)
  parameter s: float32 (1, 1, 1, 1)
  parameter z: float32 (1, 1, 1, 1)
  parameter s3: float32 (1, 1, 1)
  parameter z3: float32 (1, 1, 1)
  parameter s2: float32 (1, 1)
  parameter z2: float32 (1, 1)
  parameter w: float32 (16, 12)
  parameter sw: float32 (1, 12)
  parameter zw: float32 (1, 12)
  parameter b: float32 (12)
  parameter sb: float32 (12)
  parameter zb: float32 (12)
  parameter v: float32 (4, 4)
  parameter sv: float32 (1, 1)
  parameter vb: float32 (4)
  parameter svb: float32 (1)
  parameter zvb: float32 (1)
  input m: float32 (-1, 3, 5)
  parameter e: float32 (3, 5)
  parameter g: float32 (5)
  q = QuantizeLinear(x, s, z) {dtype=2}
  d = DequantizeLinear(q, s, z)
  wq = QuantizeLinear(w, sw, zw)
  wd = DequantizeLinear(wq, sw, zw)
  bq = QuantizeLinear(b, sb, zb) {dtype=5, bits=32}
  bd = DequantizeLinear(bq, sb, zb)
  h = Affine[fc/affine](d, wd, bd)
  hq = QuantizeLinear(h, s2, z2) {dtype=2}
  hd = DequantizeLinear(hq, s2, z2)
  t = Reshape(hd) {shape=(-1, 3, 4)}
  vq = QuantizeLinear(v, sv, z2)
  vd = DequantizeLinear(vq, sv, z2)
  vbq = QuantizeLinear(vb, svb, zvb) {dtype=5, bits=32}
  vbd = DequantizeLinear(vbq, svb, zvb)
  k = Affine[key](t, vd, vbd) {base_axis=2}
  kq = QuantizeLinear(k, s3, z3) {dtype=2}
  kd = DequantizeLinear(kq, s3, z3)
  o = Affine[query](t, vd) {base_axis=2}
  oq = QuantizeLinear(o, s3, z3) {dtype=2}
  od = DequantizeLinear(oq, s3, z3)
  a = BatchMatmul[attention](od, kd) {transpose_b=true}
  f = Affine[float](a, e, g) {base_axis=2}
  n = Add2[shift](f, m)
  output n
})";

class RoundTrip : public PassTest {
 protected:
  void SetUp() override {
    const auto set = [&](const std::string& name, double scale, const Shape& shape) {
      parameters_.set(name, at::full(shape, scale), /*need_grad=*/false);
    };
    set("s", 0.03, {1, 1, 1, 1});
    set("s3", 0.06, {1, 1, 1});
    set("s2", 0.06, {1, 1});
    set("sw", 0.01, {1, 12});
    set("sb", 0.0003, {12});
    set("sv", 0.02, {1, 1});
    set("svb", 0.0012, {1});
    set("z", 120, {1, 1, 1, 1});
    set("z3", 128, {1, 1, 1});
    set("z2", 0, {1, 1});
    set("zw", 0, {1, 12});
    set("zb", 0, {12});
    set("zvb", 0, {1});
    graph_ = load(kNetwork);
  }

  // int32 is stored in either form.
  static std::vector<std::string> written_operations(const Graph& graph) {
    std::vector<std::string> types;
    for (const FunctionId id : graph.topological_order(graph.outputs())) {
      const Attributes& attributes = graph.function(id).attributes;
      const auto* quantize = std::get_if<QuantizeLinear>(&attributes);
      if (quantize != nullptr && format_of(*quantize).dtype == DType::kInt32) continue;
      types.emplace_back(type_name(attributes));
    }
    return types;
  }

  void expect_the_same(const Graph& graph) {
    const OnnxModel read = parse_onnx_model(format_onnx(graph, parameters_, {}), "m.onnx");
    EXPECT_EQ(operations(read.graph), written_operations(graph));
    const at::Tensor x = at::randn({3, 4, 2, 2});
    const at::Tensor m = at::randn({3, 3, 5});
    RandomState random(0);
    const auto output = [&](const Graph& net, ParameterStore& store) {
      return run(net, store, {{net.find_variable("x"), x}, {net.find_variable("m"), m}},
                 net.outputs(), random)
          .at(net.outputs()[0]);
    };
    EXPECT_TRUE(at::equal(output(read.graph, *read.parameters), output(graph, parameters_)));
    EXPECT_NO_THROW(require_target(read.graph, *read.parameters, Target::ONNXRUNTIME));
  }

  Graph graph_;
};

TEST_F(RoundTrip, KeepsLayersOfFloatWeights) {
  expect_the_same(graph_);
}

TEST_F(RoundTrip, KeepsLayersOfStoredIntegers) {
  ctx_.outputs = graph_.outputs();
  ctx_.parameters = &parameters_;
  expect_the_same(quantize_parameters(graph_, ctx_));
}

}  // namespace
}  // namespace octet
