#include "octet/formats/onnx/model_file.h"

#include <gmock/gmock.h>

#include "tests/formats/format_test_support.h"

namespace octet {
namespace {

onnx::ModelProto small_model() {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.mutable_graph()->set_name("net");
  model.add_opset_import()->set_version(17);
  return model;
}

std::string error_of_model(const onnx::ModelProto& model) {
  return error_of([&] { parse_onnx(model.SerializeAsString(), "m.onnx"); });
}

TEST(OnnxFile, VersionsByDomain) {
  onnx::ModelProto model = small_model();
  onnx::OperatorSetIdProto* ml = model.add_opset_import();
  ml->set_domain("ai.onnx.ml");
  ml->set_version(2);
  const OnnxFile file = parse_onnx(model.SerializeAsString(), "m.onnx");
  EXPECT_EQ(file.opset(), 17);
  EXPECT_EQ(file.opset("ai.onnx"), 17);
  EXPECT_EQ(file.opset("ai.onnx.ml"), 2);
  EXPECT_EQ(file.opset("com.example"), 0);
  EXPECT_GE(newest_known_opset(), 17);
}

TEST(OnnxFile, TruncatedOrForeign) {
  const std::string bytes = small_model().SerializeAsString();
  EXPECT_EQ(error_of([&] { parse_onnx(bytes.substr(0, bytes.size() - 1), "m.onnx"); }),
            "[m.onnx] is not an ONNX model, or cut off");
  EXPECT_EQ(error_of([] { parse_onnx("PK\x03\x04 something else", "m.onnx"); }),
            "[m.onnx] is not an ONNX model, or cut off");
  EXPECT_EQ(error_of([] { parse_onnx("", "m.onnx"); }),
            "[m.onnx] is not an ONNX model: it has no graph");
}

TEST(OnnxFile, Versions) {
  onnx::ModelProto model = small_model();
  model.clear_ir_version();
  EXPECT_EQ(error_of_model(model), "[m.onnx] is not an ONNX model: it has no version");
  model.set_ir_version(2);
  EXPECT_EQ(error_of_model(model), "[m.onnx] has version 2 of the format; 3 and later can be read");
  model = small_model();
  model.clear_opset_import();
  EXPECT_EQ(error_of_model(model), "[m.onnx] does not say its version of the operators");
  model.add_opset_import()->set_version(0);
  EXPECT_EQ(error_of_model(model), "[m.onnx] imports version 0 of the operators of 'ai.onnx'");
  model = small_model();
  model.add_opset_import()->set_version(16);
  EXPECT_EQ(error_of_model(model),
            "[m.onnx] imports two versions of the operators of 'ai.onnx', 17 and 16");
}

TEST(OnnxFile, AMissingFile) {
  EXPECT_EQ(error_of([] { read_onnx_file("/nowhere/m.onnx"); }),
            "[/nowhere/m.onnx] cannot be read: No such file or directory");
}

}  // namespace
}  // namespace octet
