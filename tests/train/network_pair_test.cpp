#include "octet/train/network_pair.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/graph/functions.h"
#include "octet/graph/text.h"
#include "tests/support/dataset_files.h"
#include "tests/support/onnx_model_builder.h"

namespace octet {
namespace {

using test::message_of;

constexpr const char* kNetwork = R"(graph net {
  input x: float32 (-1, 1, 2, 2)
  parameter beta: float32 (1, 1, 1, 1)
  parameter gamma: float32 (1, 1, 1, 1)
  parameter mean: float32 (1, 1, 1, 1)
  parameter var: float32 (1, 1, 1, 1)
  parameter W: float32 (4, 3)
  parameter b: float32 (3)
  h = BatchNormalization(x, beta, gamma, mean, var) {batch_stat=false}
  y = Affine(h, W, b)
  output y
}
)";

std::shared_ptr<ParameterStore> parameters() {
  auto store = std::make_shared<ParameterStore>();
  const auto scalar = [](double value) { return at::full({1, 1, 1, 1}, value, at::kFloat); };
  store->set("beta", scalar(0), true);
  store->set("gamma", scalar(1), true);
  store->set("mean", scalar(0), false);
  store->set("var", scalar(1), false);
  store->set("W", at::arange(12, at::kFloat).reshape({4, 3}) / 12, true);
  store->set("b", at::zeros({3}), true);
  return store;
}

TEST(NetworkPair, OfAGraphDiffersInBatchStatistics) {
  const auto store = parameters();
  NetworkPair pair = network_pair_of(parse_graph(kNetwork), store, "net");
  const at::Tensor image = at::arange(8, at::kFloat).reshape({2, 1, 2, 2});
  pair.image.d() = image;
  pair.label.d() = at::tensor({0, 2}, at::kLong).reshape({2, 1});
  pair.loss.forward();
  pair.validation_image.d() = image;
  pair.validation_pred.forward();
  const at::Tensor weights = store->at("W").value.detach();
  // Running statistics are read before the training run changed them: none of them is 0 and 1 now,
  // so validation sees a decayed mean of 3.5 and a variance of 6.
  const at::Tensor seen = (image - 0.35) / std::sqrt(0.9 + 0.1 * 6 + 1e-5);
  EXPECT_TRUE(at::allclose(pair.validation_pred.d().detach(), at::mm(seen.reshape({2, 4}), weights),
                           1e-5, 1e-5));
  const at::Tensor normalized = (image - 3.5) / std::sqrt(5.25 + 1e-5);
  const at::Tensor logits = at::mm(normalized.reshape({2, 4}), weights);
  EXPECT_TRUE(at::allclose(pair.pred.d().detach(), logits, 1e-5, 1e-5));
  const at::Tensor logs = at::log_softmax(logits, 1);
  const double expected = -(logs[0][0] + logs[1][2]).item<double>() / 2;
  EXPECT_NEAR(pair.loss.d().item<double>(), expected, 1e-5);
}

TEST(NetworkPair, DropsInTrainingAlone) {
  Graph graph = parse_graph(R"(graph net {
  input x: float32 (-1, 1, 20, 20)
  parameter W: float32 (400, 3)
  d = Dropout(x) {p=0.5}
  h = Affine(d, W)
  y = Dropout(h) {p=0.25}
  output y
}
)");
  const auto store = std::make_shared<ParameterStore>();
  store->set("W", at::ones({400, 3}), true);
  NetworkPair pair = network_pair_of(graph, store, "net");
  const at::Tensor image = at::ones({2, 1, 20, 20});
  pair.validation_image.d() = image;
  pair.validation_pred.forward({.gradients = false});
  EXPECT_TRUE(at::equal(pair.validation_pred.d(), at::full({2, 3}, 400.0F)));
  pair.image.d() = image;
  pair.pred.forward({.gradients = false});
  EXPECT_FALSE(at::allclose(pair.pred.d(), at::full({2, 3}, 400.0F)));
}

// What an exporter writes in training mode.
TEST(NetworkPair, DropsNothingInTheValidationNetworkOfAnImportedOne) {
  test::TemporaryFolder folder;
  OnnxModelBuilder builder;
  builder.input("x", {-1, 3, 1, 1})
      .weight("shape", at::tensor({-1, 3}, at::kLong))
      .weight("ratio", at::scalar_tensor(0.5))
      .weight("training", at::ones({}, at::kBool));
  builder.node("Reshape", {"x", "shape"}, {"h"});
  builder.node("Dropout", {"h", "ratio", "training"}, {"d"});
  builder.node("Softmax", {"d"}, {"y"}).output("y");
  write_file_atomically(folder.path("net.onnx"), builder.bytes());
  const OnnxModel model = read_onnx(folder.path("net.onnx"));
  EXPECT_NE(print(model.graph).find("Dropout"), std::string::npos);
  const NetworkPair pair = network_pair_of(model.graph, model.parameters, "net.onnx");
  const std::string validation = print(compact(pair.validation_pred.network().graph()));
  EXPECT_EQ(validation.find("Dropout"), std::string::npos) << validation;
  EXPECT_NE(print(pair.pred.network().graph()).find("Dropout"), std::string::npos);
}

TEST(NetworkPair, TakesProbabilitiesAsSuch) {
  Graph graph = parse_graph(R"(graph net {
  input x: float32 (-1, 3, 1, 1)
  h = Reshape(x) {shape=(-1, 3)}
  y = Softmax(h) {axis=1}
  output y
}
)");
  NetworkPair pair = network_pair_of(graph, std::make_shared<ParameterStore>(), "net");
  pair.image.d() = at::tensor({1.0F, 2.0F, 3.0F}).reshape({1, 3, 1, 1});
  pair.label.d() = at::full({1, 1}, 2, at::kLong);
  pair.loss.forward();
  const double expected = -at::log_softmax(at::tensor({1.0, 2.0, 3.0}), 0)[2].item<double>();
  EXPECT_NEAR(pair.loss.d().item<double>(), expected, 1e-6);
}

TEST(NetworkPair, BuiltTwiceOverTheSameParameters) {
  const auto store = std::make_shared<ParameterStore>();
  std::vector<bool> tests;
  const BuildModel build = [&](const VariableRef& image, bool test) {
    tests.push_back(test);
    store->get_or_create("W", {4, 2}, constant_initializer(1));
    return F::affine(image, image.network().parameter("W"));
  };
  NetworkPair pair = build_network_pair(build, store, {1, 2, 2}, 8);
  EXPECT_EQ(tests, (std::vector<bool>{false, true}));
  EXPECT_EQ(pair.image.shape(), (Shape{8, 1, 2, 2}));
  EXPECT_EQ(pair.label.shape(), (Shape{8, 1}));
  EXPECT_EQ(pair.validation_pred.shape(), (Shape{8, 2}));
  EXPECT_FALSE(pair.pred.network() == pair.validation_pred.network());
}

// As exporters leave them: a batch of 1, and a pooling at the end.
TEST(NetworkPair, FreesTheBatchAndTakesPooledScores) {
  const auto store = std::make_shared<ParameterStore>();
  store->set("W", at::eye(3).reshape({3, 3, 1, 1}), true);
  NetworkPair pair = network_pair_of(parse_graph(R"(graph net {
  input x: float32 (1, 3, 2, 2)
  parameter W: float32 (3, 3, 1, 1)
  h = Convolution(x, W)
  y = GlobalAveragePooling(h)
  output y
}
)"),
                                     store, "net");
  EXPECT_EQ(pair.pred.shape(), (Shape{kFreeDim, 3, 1, 1}));
  const at::Tensor scores = at::tensor({1.0F, 2.0F, 3.0F, 6.0F, 5.0F, 4.0F}).reshape({2, 3, 1, 1});
  pair.image.d() = scores.expand({2, 3, 2, 2});
  pair.label.d() = at::tensor({2, 0}, at::kLong).reshape({2, 1});
  pair.loss.forward();
  pair.loss.backward();
  const at::Tensor logs = at::log_softmax(at::tensor({1.0, 2.0, 3.0}), 0);
  const at::Tensor more = at::log_softmax(at::tensor({6.0, 5.0, 4.0}), 0);
  EXPECT_NEAR(pair.loss.d().item<double>(), -(logs[2] + more[0]).item<double>() / 2, 1e-6);
  EXPECT_TRUE(store->at("W").value.grad().defined());
}

TEST(NetworkPair, SaysWhatDoesNotFit) {
  const auto pair_of = [](const char* text) {
    return message_of<Error>(
        [&] { network_pair_of(parse_graph(text), std::make_shared<ParameterStore>(), "m.nnp"); });
  };
  EXPECT_EQ(pair_of("graph g {\n input a: float32 (1, 2, 1, 1)\n input b: float32 (1, 2, 1, 1)\n"
                    " y = Add2(a, b)\n output y\n}\n"),
            "[m.nnp] the network must have one input, not 2");
  EXPECT_EQ(pair_of("graph g {\n input a: float32 (1, 2)\n y = ReLU(a)\n output y\n}\n"),
            "[m.nnp] the input 'a' must be images (N, C, H, W), not (1, 2)");
  EXPECT_EQ(pair_of("graph g {\n input a: float32 (-1, 2, 1, 3)\n y = ReLU(a)\n output y\n}\n"),
            "[m.nnp] the output must be (N, classes), one score per class, not (-1, 2, 1, 3)");
  EXPECT_EQ(pair_of("graph g {\n input a: float32 (1, 2, 1, 1)\n y = ReLU(a)\n z = ReLU(a)\n"
                    " output y\n output z\n}\n"),
            "[m.nnp] the network must have one output, not 2");
}

}  // namespace
}  // namespace octet
