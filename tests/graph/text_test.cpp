#include "octet/graph/text.h"

#include <gtest/gtest.h>

#include "octet/base/error.h"

namespace octet {
namespace {

constexpr std::string_view kResidual = R"(graph net {
  input x: float32 (-1, 3, 8, 8)
  parameter conv1/W: float32 (3, 3, 3, 3)
  h = Convolution[conv1](x, conv1/W) {pad=(1, 1)}
  r = ReLU(h)
  y = Add2(r, x)
  output y
}
)";

TEST(Text, PrintsWhatItParsed) {
  EXPECT_EQ(print(parse_graph(kResidual)), kResidual);
}

TEST(Text, InfersTypes) {
  const Graph graph = parse_graph(kResidual);
  verify(graph);
  EXPECT_EQ(graph.variable(graph.find_variable("h")).type.shape, Shape({-1, 3, 8, 8}));
}

TEST(Text, QuotesUnusualNames) {
  const std::string text =
      "graph net {\n  input \"a b\": float32 (2, 3)\n  \"y\\\"\" = ReLU(\"a b\")\n  output "
      "\"y\\\"\"\n}\n";
  EXPECT_EQ(print(parse_graph(text)), text);
}

// Words that begin statements are names all the same.
TEST(Text, ValuesCalledLikeStatements) {
  const std::string text =
      "graph graph {\n"
      "  input input: float32 (2, 4)\n"
      "  parameter parameter: float32 (2, 4)\n"
      "  sum = Add2(input, parameter)\n"
      "  output, rest = Split(sum)\n"
      "  graph = ReLU(rest)\n"
      "  output output\n"
      "  output graph\n"
      "}\n";
  EXPECT_EQ(print(parse_graph(text)), text);
  const std::string computed =
      "graph net {\n"
      "  input x: float32 (2, 4)\n"
      "  input = ReLU(x)\n"
      "  parameter = ReLU(input)\n"
      "  output = ReLU(parameter)\n"
      "  output output\n"
      "}\n";
  EXPECT_EQ(print(parse_graph(computed)), computed);
}

std::string error_of(std::string_view text) {
  try {
    parse_graph(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Text, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of("graph net {\n  y = Relu(x)\n}"),
            "[text graph:2] there is no operation 'Relu'");
  EXPECT_EQ(error_of("graph net {\n  y = ReLU(x)\n}"), "[text graph:2] x is not defined above");
  EXPECT_EQ(error_of("graph net {\n"), "[text graph] ends before the graph's closing brace");
  EXPECT_EQ(error_of("hello"), "[text graph:1] expected 'graph ' before 'hello'");
  EXPECT_EQ(error_of(""), "[text graph] is not a graph: it must begin with 'graph NAME {'");
  EXPECT_EQ(error_of("graph net {\n  input x: float32 (0, 3)\n}"),
            "[text graph:2] 0 is not a dimension");
  EXPECT_EQ(error_of("graph net {\n  input x: float32 (2, 3)\n  y = ReLU(x) {slope=1}\n}"),
            "[ReLU] has no attribute 'slope'");
}

TEST(Graph, EqualIgnoresNamesOfValuesBetween) {
  std::string renamed(kResidual);
  const Graph a = parse_graph(kResidual);
  for (size_t at = 0; (at = renamed.find("r = ", at)) != std::string::npos; at += 4) {
    renamed.replace(at, 4, "q = ");
  }
  renamed.replace(renamed.find("Add2(r"), 6, "Add2(q");
  EXPECT_TRUE(equal(a, parse_graph(renamed)));
  renamed.replace(renamed.find("pad=(1, 1)"), 10, "pad=(1,1), group=1");
  EXPECT_TRUE(equal(a, parse_graph(renamed)));
  std::string difference;
  renamed.replace(renamed.find("ReLU(h)"), 7, "Add2(h, h)");
  EXPECT_FALSE(equal(a, parse_graph(renamed), &difference));
  EXPECT_EQ(difference, "function 1 (r): ReLU against Add2");
}

}  // namespace
}  // namespace octet
