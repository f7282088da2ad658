// Whole networks, float and after quantization-aware training, in ONNX Runtime.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "octet/formats/file_io.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/models/zoo.h"
#include "octet/qat/qat_scheduler.h"
#include "tests/support/onnx_runner.h"

namespace octet {
namespace {

const std::vector<std::string> kLevels{"disable", "basic", "extended", "all"};

// A training and a validation network of the zoo, small, on random images.
struct Nets {
  Nets(const std::string& model, bool channel_last) {
    const Shape shape = channel_last ? Shape{4, 32, 32, 3} : Shape{4, 3, 32, 32};
    at::Tensor random = at::empty(shape, at::kFloat);
    RandomState draws(17);
    data = random.normal_(0, 1, draws.generator(at::kCPU));
    models::ModelOptions options{.num_classes = 10, .width = 0.25, .channel_last = channel_last};
    image = Network(parameters, "training").input("image", shape);
    pred = models::build_model(model, image, options);
    options.test = true;
    vimage = Network(parameters, "validation").input("image", shape);
    vpred = models::build_model(model, vimage, options);
  }

  at::Tensor validate() {
    vimage.d() = data;
    vpred.forward({.gradients = false});
    return vpred.d();
  }

  std::shared_ptr<ParameterStore> parameters = std::make_shared<ParameterStore>(5);
  VariableRef image, pred, vimage, vpred;
  at::Tensor data;
};

struct Case {
  std::string name;
  std::string model;
  QATConfig config = {};
  bool quantize = true;
  bool deploy = false;
  bool channel_last = false;
};

struct Written {
  Case made;
  OnnxRun run;
  at::Tensor expected;
};

// Statistics and ranges from a few forward passes; no weight is trained.
Written written(const Case& made) {
  Nets nets(made.model, made.channel_last);
  QATConfig config = made.config;
  config.niter_to_recording = 1;
  config.niter_to_training = 3;
  QATScheduler qat(config);
  qat(nets.pred);
  qat(nets.vpred, /*training=*/false);
  for (int i = 0; i < (made.quantize ? 4 : 1); ++i) {
    qat.step();
    nets.image.d() = nets.data;
    nets.pred.forward({.gradients = false});
  }
  const at::Tensor expected = nets.validate();
  const std::string path = testing::TempDir() + made.name + ".onnx";
  qat.save(path, nets.vimage, {.deploy = made.deploy});
  Written result{made, {read_file(path), {nets.data}, kLevels}, expected};
  std::filesystem::remove(path);
  return result;
}

std::vector<Case> cases() {
  QATConfig plain;
  plain.skip_inputs_layers = {};
  plain.skip_outputs_layers = {};
  QATConfig unfolded = plain;
  unfolded.skip_bias = true;
  QATConfig folded = plain;
  folded.bn_folding = true;
  folded.bn_self_folding = true;
  QATConfig pow2 = folded;
  pow2.pow2 = Pow2::CEIL;
  pow2.channel_wise = true;
  QATConfig narrow = folded;
  narrow.narrow_range = true;
  QATConfig seven_bits = folded;
  seven_bits.bits_weight = 7;
  const QATOnnxRuntimeConfig onnxruntime;
  const QATTensorRTConfig tensorrt;
  return {
      {"mobilenet_v1_float", "mobilenet_v1", plain, false},
      {"resnet18_float", "resnet18", plain, false},
      {"mobilenet_v2_float", "mobilenet_v2", plain, false},
      {"densenet121_float", "densenet121", plain, false},
      {"resnet18_channel_last", "resnet18", plain, false, false, true},
      {"resnet18_unfolded", "resnet18", unfolded},
      {"mobilenet_v1_folded", "mobilenet_v1", folded},
      {"mobilenet_v1_deployed", "mobilenet_v1", folded, true, true},
      {"mobilenet_v1_seven_bits", "mobilenet_v1", seven_bits, true, true},
      {"mobilenet_v1_pow2", "mobilenet_v1", pow2},
      {"resnet18_narrow", "resnet18", narrow, true, true},
      {"mobilenet_v1_onnxruntime", "mobilenet_v1", onnxruntime},
      {"mobilenet_v1_onnxruntime_deployed", "mobilenet_v1", onnxruntime, true, true},
      {"resnet18_onnxruntime_deployed", "resnet18", onnxruntime, true, true},
      {"resnet18_tensorrt", "resnet18", tensorrt},
      {"resnet18_tensorrt_deployed", "resnet18", tensorrt, true, true},
  };
}

// Without these instructions ONNX Runtime's kernels for x64 add products of 8-bit integers in pairs
// that saturate at 16 bits, so that its results depend on the processor. Two products of weights of
// 7 bits do not reach that limit.
bool adds_integers_exactly() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  const std::string text((std::istreambuf_iterator<char>(cpuinfo)), {});
  return text.find("vnni") != std::string::npos;
}

// How far apart two results are, in steps of an 8-bit quantization of the expected one.
struct Steps {
  double largest;
  double mean;
};

Steps difference_in_steps(const at::Tensor& actual, const at::Tensor& expected) {
  const double step = (expected.max() - expected.min()).item<double>() / 255;
  const at::Tensor difference = (actual - expected).abs().to(at::kDouble) / step;
  return {difference.max().item<double>(), difference.mean().item<double>()};
}

TEST(OnnxModels, ComputeTheSameInOnnxRuntimeAtEveryLevel) {
  if (!onnx_runner_present()) GTEST_SKIP() << kNoOnnxRunner;
  std::vector<Written> models;
  std::vector<OnnxRun> runs;
  for (const Case& made : cases()) {
    SCOPED_TRACE(made.name);
    models.push_back(written(made));
    runs.push_back(models.back().run);
  }
  const std::vector<OnnxRunResult> results = run_onnx(runs);
  for (size_t i = 0; i < models.size(); ++i) {
    const Case& made = models[i].made;
    SCOPED_TRACE(made.name);
    EXPECT_EQ(results[i].check, "");
    EXPECT_EQ(results[i].error, "");
    for (const auto& [level, outputs] : results[i].outputs) {
      const Steps steps = difference_in_steps(outputs.at(0), models[i].expected);
      std::printf("%-36s %-9s max %.4f mean %.4f steps\n", made.name.c_str(), level.c_str(),
                  steps.largest, steps.mean);
      const bool saturates = made.quantize && made.config.bits_weight == 8 && level != "disable" &&
                             level != "basic" && !adds_integers_exactly();
      if (saturates) continue;
      // Float networks differ by rounding alone, far below a step. In a quantized one a value that
      // lies halfway between two integers may fall to the other side, which later layers carry on.
      EXPECT_LE(steps.largest, made.quantize ? 8 : 0.01) << level;
      EXPECT_LE(steps.mean, made.quantize ? 2 : 0.002) << level;
    }
  }
}

// Storing integers changes nothing, in ONNX Runtime as here.
TEST(OnnxModels, DeployedFilesAreAQuarterOfTheSize) {
  const QATOnnxRuntimeConfig config;
  const Written float_weights = written({"full", "resnet18", config, true, false});
  const Written integers = written({"deployed", "resnet18", config, true, true});
  EXPECT_TRUE(at::equal(float_weights.expected, integers.expected));
  EXPECT_LT(integers.run.model.size(), float_weights.run.model.size() * 3 / 10);
}

}  // namespace
}  // namespace octet
