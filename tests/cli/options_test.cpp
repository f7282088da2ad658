// Options that are out of range, or would do nothing.
#include "tests/cli/program_fixture.h"

namespace octet {
namespace {

class OptionsTest : public ProgramTest {
 protected:
  void expect_error(const std::string& arguments, const std::string& message) const {
    const Outcome outcome = octet(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_EQ(error_line(outcome), "octet: error: " + message) << arguments;
  }
};

TEST_F(OptionsTest, NumbersOutOfTheirRange) {
  const std::string train = "train resnet18 --data idx:/none --out x.nnp ";
  expect_error(train + "--batch -3", "[command line] --batch: '-3' is not a whole number above 0");
  expect_error(train + "--batch 1.5",
               "[command line] --batch: '1.5' is not a whole number above 0");
  expect_error(train + "--steps 0", "[command line] --steps: '0' is not a whole number above 0");
  expect_error(train + "--warmup x",
               "[command line] --warmup: 'x' is not a whole number, 0 or above");
  expect_error(train + "--epochs 0", "[command line] --epochs: '0' is not a number above 0");
  expect_error(train + "--epochs inf", "[command line] --epochs: 'inf' is not a number above 0");
  expect_error(train + "--width -1", "[command line] --width: '-1' is not a number above 0");
  expect_error(train + "--clip-norm -1",
               "[command line] --clip-norm: '-1' is not a number, 0 or "
               "above");
  expect_error(train + "--lr nan", "[command line] --lr: 'nan' is not a number, 0 or above");
  expect_error(train + "--weight-decay -1",
               "[command line] --weight-decay: '-1' is not a number, 0 or above");
  expect_error(train + "--workers 300",
               "[command line] --workers: '300' is not a whole number from 0 to 256");
  expect_error("convert a.nnp b.onnx --opset 12",
               "[command line] --opset: '12' is not a whole number from 13 to 21");
  expect_error("verify a.nnp b.nnp --input x.npy --tolerance -1",
               "[command line] --tolerance: '-1' is not a number, 0 or above");
  const std::string help = octet("train --help").out;
  EXPECT_THAT(help, HasSubstr("INT:POSITIVE"));
  EXPECT_THAT(help, HasSubstr("INT:0..256"));
}

TEST_F(OptionsTest, MoreStepsThanCanBeCounted) {
  expect_error(fmt::format("train {} --data {} --batch 8 --epochs 1e300 --out {}", make_network(),
                           make_data(), folder_.path("x.nnp")),
               "[--epochs] 1e+300 passes over the data are 5e+300 steps, above 1e+15");
}

TEST_F(OptionsTest, ConvertRefusesOptionsOfOtherFormats) {
  const std::string in = make_network();
  const std::string nnp = folder_.path("x.nnp");
  const std::string onnx = folder_.path("x.onnx");
  const std::string text = folder_.path("y.txt");
  expect_error(fmt::format("convert {} {} --opset 13", in, nnp),
               fmt::format("[--opset] is for .onnx files, and {} is none", nnp));
  expect_error(fmt::format("convert {} {} --parameters h5", in, onnx),
               fmt::format("[--parameters] is for .nnp files, and {} is none", onnx));
  expect_error(fmt::format("convert {} {} --no-check", in, text),
               "[--no-check] a text graph is not checked in any case");
}

TEST_F(OptionsTest, VerifyRefusesOptionsOfDataWithoutData) {
  for (const std::string option : {"--batch 4", "--max-examples 4", "--workers 1", "--skip-bad"}) {
    expect_error(
        "verify a.nnp b.nnp --input x.npy " + option,
        fmt::format("[command line] {} requires --data", option.substr(0, option.find(' '))));
  }
}

TEST_F(OptionsTest, VerifyExportsNoOnnxFile) {
  expect_error("verify a.onnx --with onnxruntime --input x.npy --target tensorrt",
               "[--target] is for exporting A, which is a .onnx file already");
}

TEST_F(OptionsTest, SizesAreForModelsOfTheZoo) {
  const std::string model = make_network();
  const std::string why = "is for models of the zoo; a file has its own sizes";
  expect_error(fmt::format("inspect {} --width 0.5", model), "[--width] " + why);
  expect_error(fmt::format("inspect {} --image-size 8", model), "[--image-size] " + why);
  expect_error(fmt::format("bench {} --classes 5", model), "[--classes] " + why);
  expect_error(fmt::format("bench {} --image-size 8", model), "[--image-size] " + why);
  expect_error(
      fmt::format("train {} --data idx:/none --out {} --width 2", model, folder_.path("x.nnp")),
      "[--width] is for models of the zoo; a file has its own channels");
}

TEST_F(OptionsTest, BenchRefusesWhatItsModeDoesNotUse) {
  expect_error("bench resnet18 --preset tensorrt",
               "[--preset] says how to quantize, which --mode float does not");
  expect_error("bench resnet18 --mode infer_float --config qat.toml",
               "[--config] says how to quantize, which --mode infer_float does not");
  expect_error("bench resnet18 --workers 1", "[command line] --workers requires --data");
  const Outcome recording = octet("bench resnet18 --mode qnn --recording-steps 3");
  EXPECT_EQ(recording.code, 2);
  EXPECT_THAT(error_line(recording), HasSubstr("not expected: 3 --recording-steps"));
}

TEST_F(OptionsTest, InspectPrintsOneThing) {
  const std::string model = make_network();
  expect_error("inspect --functions --onnx-operators",
               "[command line] --functions excludes --onnx-operators");
  expect_error(fmt::format("inspect {} --functions", model),
               "[command line] give a model, --functions or --onnx-operators: each prints "
               "something else");
  expect_error("inspect --functions --json", "[--json] a list of names has no figures");
  expect_error(fmt::format("inspect {} --graph --json", model),
               "[--json] --graph prints the network, without figures");
}

}  // namespace
}  // namespace octet
