// octet verify --with nnabla: in NNabla where OCTET_NNABLA_PYTHON has it, else in a script that
// stands for it.
#include <ATen/ATen.h>

#include "octet/formats/archive.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/npy/npy.h"
#include "tests/cli/program_fixture.h"
#include "tests/support/nnabla_runner.h"

namespace octet {
namespace {

class VerifyNnablaTest : public ProgramTest {
 protected:
  VerifyNnablaTest() {
    write_file_atomically(text_, R"(graph net {
  input x: float32 (-1, 3)
  h = Abs(x)
  y = ReLU(h)
  output y
})");
    write_npy(x_, at::arange(6).reshape({2, 3}).to(at::kFloat) - 3);
  }
  // An interpreter that runs a shell script instead: $2 is the model, $3 the folder of the batches.
  std::string python(const std::string& script) const {
    const std::string path = folder_.path("python");
    write_file_atomically(path, "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return fmt::format("OCTET_PYTHON='{}'", path);
  }
  Outcome verify(const std::string& options, const std::string& variables) const {
    return octet(fmt::format("verify {} --input {} --with nnabla --json", options, x_), variables);
  }
  std::string error_of(const std::string& options, int code, const std::string& variables) const {
    const Outcome outcome = verify(options, variables);
    EXPECT_EQ(outcome.code, code) << outcome.error;
    return error_line(outcome);
  }

  std::string text_ = folder_.path("net.txt");
  std::string x_ = folder_.path("x.npy");
};

TEST_F(VerifyNnablaTest, ComparesWithWhatTheScriptGives) {
  const std::string results = folder_.path("results.npz");
  const at::Tensor h = at::tensor({3.0F, 2.0F, 1.0F, 0.0F, 1.0F, 2.0F}).reshape({2, 3});
  const at::Tensor y = at::tensor({3.0F, 2.0F, 1.0F, 0.0F, 1.0F, 2.5F}).reshape({2, 3});
  write_file_atomically(results, format_zip({{"output_0.npy", format_npy(y)},
                                             {"value_h.npy", format_npy(h)},
                                             {"value_y.npy", format_npy(y)}}));
  const std::string model = folder_.path("given.nnp");
  const std::string arguments = folder_.path("arguments");
  const std::string script = python(
      fmt::format("cp '{}' \"$3/out_0.npz\"; cp \"$2\" '{}'; basename \"$1\" >'{}'; shift 3; "
                  "echo \"$@\" >>'{}'",
                  results, model, arguments, arguments));
  const Outcome outcome = verify(text_ + " --values all", script);
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  const nlohmann::json figures = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(figures["max_absolute"], 0.5);
  EXPECT_EQ(figures["layers"].size(), 2u);
  EXPECT_EQ(figures["layers"][0]["differing"], 0);
  EXPECT_EQ(read_file(arguments), "run_nnabla.py\n1 --values all\n");
  EXPECT_EQ(read_nnp(model).graph.topological_order().size(), 2u);
  EXPECT_EQ(error_of(text_ + " --tolerance 0.1", 1, script),
            "octet: error: [verify] the largest difference of the outputs, 0.5 is above "
            "--tolerance 0.1");
}

TEST_F(VerifyNnablaTest, SaysWhatPythonLacks) {
  const std::string path = folder_.path("python");
  EXPECT_EQ(error_of(text_, 4, python("exit 3")),
            fmt::format("octet: error: [--with] '{}' has no nnabla: pip install nnabla, which is "
                        "there for Python 3.8 to 3.10, or let OCTET_PYTHON name a Python that has "
                        "it",
                        path));
  EXPECT_THAT(error_of(text_, 4, python("echo one >&2; echo 'ValueError: two' >&2; exit 1")),
              EndsWith("network.nnp] NNabla: ValueError: two"));
  EXPECT_EQ(error_of(text_, 4, "OCTET_PYTHON=/none/python"),
            "octet: error: [--with] the Python interpreter '/none/python' does not start; "
            "OCTET_PYTHON names another");
}

TEST_F(VerifyNnablaTest, RefusesOptionsOfOnnxRuntime) {
  const std::string never = python("exit 1");
  EXPECT_EQ(error_of(text_ + " --target tensorrt", 2, never),
            "octet: error: [--target] NNabla runs what is written for nnabla, not for tensorrt");
  EXPECT_EQ(error_of("a.nnp --target nnabla", 2, never),
            "octet: error: [--target] is for exporting A, which is a .nnp file already");
  const std::string lacks = "is for ONNX Runtime; NNabla has no such thing";
  EXPECT_EQ(error_of(text_ + " --optimization all", 2, never),
            "octet: error: [--optimization] " + lacks);
  EXPECT_EQ(error_of(text_ + " --session-option a=b", 2, never),
            "octet: error: [--session-option] " + lacks);
  EXPECT_EQ(error_of(text_ + " --values integers", 2, never),
            "octet: error: [--values] integers is for ONNX Runtime; NNabla takes all or none");
  const Outcome other =
      octet(fmt::format("verify {} --input {} --with onnxruntime --target nnabla", text_, x_));
  EXPECT_EQ(other.code, 2);
  EXPECT_EQ(error_line(other),
            "octet: error: [--target] ONNX Runtime runs what is written for default, tensorrt, "
            "onnxruntime, not for nnabla");
}

TEST_F(VerifyNnablaTest, WhatNnablaCannotRunIsNotGivenToIt) {
  write_file_atomically(text_, R"(graph net {
  input x: float32 (-1, 3)
  y = HardSwish[act](x)
  output y
})");
  EXPECT_EQ(error_of(text_, 2, python("exit 1")),
            "octet: error: [act] target nnabla: it has no function HardSwish");
}

TEST_F(VerifyNnablaTest, InNnabla) {
  if (!nnabla_runner_present()) GTEST_SKIP() << kNoNnablaRunner;
  const std::string variables = fmt::format("OCTET_PYTHON='{}'", nnabla_python());
  const std::string nnp = folder_.path("net.nnp");
  ASSERT_EQ(octet(fmt::format("convert {} {} --target nnabla", text_, nnp)).code, 0);
  for (const std::string& model : {text_, nnp}) {
    const Outcome outcome = verify(model + " --tolerance 0", variables);
    ASSERT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_EQ(nlohmann::json::parse(outcome.out)["compared_values"], 2);
  }
  const Outcome outputs = verify(nnp + " --values none --tolerance 0", variables);
  ASSERT_EQ(outputs.code, 0) << outputs.error;
  EXPECT_EQ(nlohmann::json::parse(outputs.out)["compared_values"], 0);
}

// A network with batch normalization after training with quantization, by several batches.
TEST_F(VerifyNnablaTest, QuantizedInNnabla) {
  if (!nnabla_runner_present()) GTEST_SKIP() << kNoNnablaRunner;
  const std::string data = make_data();
  const std::string trained = train_float(data);
  const std::string config = folder_.path("qat.toml");
  write_file_atomically(config,
                        "target = \"nnabla\"\nbn_folding = true\nskip_bias = true\n"
                        "channel_wise = true\nskip_outputs_layers = []\n");
  const std::string out = folder_.path("qat.nnp");
  const Outcome qat = octet(fmt::format(
      "qat {} --data {} --batch 8 --steps 10 --config {} --out {}", trained, data, config, out));
  ASSERT_EQ(qat.code, 0) << qat.error;
  // A sum that is rounded otherwise may put a value on the other side of a half.
  const Outcome outcome = octet(fmt::format("verify {} --data {} --with nnabla --step-tolerance "
                                            "1.01 --json",
                                            out, data),
                                fmt::format("OCTET_PYTHON='{}'", nnabla_python()));
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["top1_agreement"], 100);
}

}  // namespace
}  // namespace octet
