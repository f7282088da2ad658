// The .nnp files that NNabla wrote: all of them load, with the shapes that they state, and are
// written back as they were.
#include <ATen/ATen.h>

#include "octet/formats/archive.h"
#include "octet/formats/nnp/network_writer.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/nnp/text_tree.h"
#include "tests/formats/format_test_support.h"

namespace octet {
namespace {

std::vector<std::string> reference_models() {
  std::vector<std::string> paths;
  for (const char* folder : {"layers", "qat", "train"}) {
    const auto root = reference_folder() / folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (entry.path().extension() == ".nnp") paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string network_text(const std::string& path) {
  for (const ArchiveMember& member : read_zip(path)) {
    if (member.name == "network.nntxt") return member.bytes;
  }
  return "";
}

// The shapes that the file states for the values of its network, free dimensions as they are.
void expect_stated_shapes(const NnpModel& model, const std::string& path) {
  const TextMessage text = parse_text(network_text(path), path);
  for (const TextField& variable : find_field(text, "network")->message.fields) {
    if (variable.name != "variable") continue;
    const std::string& name = find_field(variable.message, "name")->text;
    Shape stated;
    for (const TextField& dim : find_field(variable.message, "shape")->message.fields) {
      stated.push_back(int_value(dim, path));
    }
    const VariableId id = model.graph.find_variable(name);
    ASSERT_NE(id, kNoId) << path << ": " << name;
    EXPECT_EQ(model.graph.variable(id).type.shape, stated) << path << ": " << name;
  }
}

TEST(NnpReference, EveryModelLoadsWithItsShapes) {
  OCTET_SKIP_WITHOUT_REFERENCE();
  for (const std::string& path : reference_models()) {
    SCOPED_TRACE(path);
    EXPECT_NO_THROW({
      const NnpModel model = read_nnp(path);
      verify(model.graph);
      expect_stated_shapes(model, path);
    });
  }
}

TEST(NnpReference, EveryTextIsWrittenAsItWas) {
  OCTET_SKIP_WITHOUT_REFERENCE();
  for (const std::string& path : reference_models()) {
    const NnpModel model = read_nnp(path);
    EXPECT_EQ(print_text(write_network(model.graph, model.batch_size).text), network_text(path))
        << path;
  }
}

TEST(NnpReference, EveryModelReadsBackTheSame) {
  OCTET_SKIP_WITHOUT_REFERENCE();
  const TemporaryFolder folder;
  for (const std::string& path : reference_models()) {
    SCOPED_TRACE(path);
    const NnpModel model = read_nnp(path);
    const std::string copy = folder.file("copy.nnp");
    write_nnp(copy, model.graph, *model.parameters, {.variable_batch_size = false});
    const NnpModel again = read_nnp(copy);
    std::string difference;
    EXPECT_TRUE(equal(again.graph, model.graph, &difference)) << difference;
    for (const std::string& name : again.parameters->names()) {
      const Parameter& expected = model.parameters->at(name);
      EXPECT_TRUE(at::equal(again.parameters->at(name).value, expected.value)) << name;
      EXPECT_EQ(again.parameters->at(name).need_grad, expected.need_grad) << name;
    }
  }
}

}  // namespace
}  // namespace octet
