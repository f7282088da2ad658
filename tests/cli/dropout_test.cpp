// Networks with Dropout in the program: it drops in training, and nowhere else.
#include <ATen/ATen.h>

#include "octet/formats/nnp/nnp.h"
#include "octet/graph/text.h"
#include "tests/cli/program_fixture.h"

namespace octet {
namespace {

class DropoutTest : public ProgramTest {
 protected:
  // A convolution, a ReLU and two fully connected layers with a Dropout in front of each.
  std::string make_dropping_network() const {
    const std::string path = folder_.path("dropping.txt");
    write_file_atomically(path, R"(graph dropping {
  input x: float32 (-1, 1, 8, 8)
  parameter conv1/W: float32 (4, 1, 3, 3)
  parameter fc1/W: float32 (256, 32)
  parameter fc1/b: float32 (32)
  parameter fc2/W: float32 (32, 10)
  parameter fc2/b: float32 (10)
  h = Convolution[conv1](x, conv1/W) {pad=(1, 1)}
  r = ReLU(h)
  d = Dropout(r) {p=0.5}
  f = Affine[fc1](d, fc1/W, fc1/b)
  g = ReLU(f)
  e = Dropout(g) {p=0.5}
  y = Affine[fc2](e, fc2/W, fc2/b)
  output y
}
)");
    return path;
  }
  void expect_done(const std::string& arguments) const {
    const Outcome outcome = octet(arguments);
    ASSERT_EQ(outcome.code, 0) << arguments << "\n" << outcome.error;
  }
  int64_t dropouts_in(const std::string& path) const {
    const Outcome outcome = octet(fmt::format("inspect {} --json", path));
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return nlohmann::json::parse(outcome.out)["functions"].value("Dropout", 0);
  }
};

TEST_F(DropoutTest, TrainsQuantizesAndExports) {
  const std::string data = make_data();
  const std::string network = make_dropping_network();
  EXPECT_EQ(dropouts_in(network), 2);
  const std::string trained = folder_.path("float.nnp");
  const std::string common =
      fmt::format("--data {} --no-augmentation --batch 8 --seed 3 --metrics {}", data,
                  folder_.path("metrics.json"));
  expect_done(fmt::format("train {} {} --steps 40 --lr 0.05 --out {}", network, common, trained));
  EXPECT_EQ(metrics()["top1_error"], 0);
  EXPECT_EQ(dropouts_in(trained), 0);

  // From a file that drops, as one from elsewhere may: the same weights with the Dropout back.
  NnpModel model = read_nnp(trained);
  Graph graph = parse_graph(read_file(network));
  const std::string dropping = folder_.path("dropping.nnp");
  write_nnp(dropping, graph, *model.parameters);
  EXPECT_EQ(dropouts_in(dropping), 2);
  expect_done(fmt::format("convert {} {}", dropping, folder_.path("dropping.onnx")));
  EXPECT_EQ(dropouts_in(folder_.path("dropping.onnx")), 0);
  expect_done(fmt::format("convert {} {}", dropping, folder_.path("dropping.nntxt")));
  EXPECT_EQ(dropouts_in(folder_.path("dropping.nntxt")), 2);
  for (const std::string preset : {"default", "onnxruntime"}) {
    const std::string out = folder_.path(preset);
    expect_done(
        fmt::format("qat {} {} --preset {} --steps 20 --recording-steps 4 --lr 0.01 "
                    "--out {}.onnx --deploy {}.nnp",
                    dropping, common, preset, out, out));
    EXPECT_EQ(metrics()["top1_error_float"], 0);
    EXPECT_EQ(metrics()["top1_error"], 0);
    EXPECT_EQ(dropouts_in(out + ".nnp"), 0);
    const Outcome eval = octet(fmt::format("eval {}.onnx --data {} --json", out, data));
    ASSERT_EQ(eval.code, 0) << eval.error;
    EXPECT_EQ(nlohmann::json::parse(eval.out)["top1_error"], 0);
  }
}

TEST_F(DropoutTest, EvaluationDropsNothing) {
  const std::string data = make_data();
  NnpModel model = read_nnp(train_float(data));
  Graph graph = model.graph;
  // In front of everything, so that hardly a pixel is left.
  const VariableId image = graph.leaves(graph.outputs())[0];
  ASSERT_EQ(graph.variable(image).kind, VariableKind::kInput);
  const Uses uses(graph);
  const FunctionId drop = graph.add_function(Dropout{.p = 0.99}, {image});
  for (const Use& use : uses.of(image)) {
    graph.set_input(use.function, use.input_index, graph.output_of(drop));
  }
  const std::string path = folder_.path("dropping.nnp");
  write_nnp(path, graph, *model.parameters);
  const Outcome eval = octet(fmt::format("eval {} --data {} --json", path, data));
  ASSERT_EQ(eval.code, 0) << eval.error;
  EXPECT_EQ(nlohmann::json::parse(eval.out)["top1_error"], 0);
}

}  // namespace
}  // namespace octet
