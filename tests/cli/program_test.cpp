// The program as its user meets it: arguments in; exit code, streams and files out.
#include <ATen/ATen.h>

#include "octet/formats/archive.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/nnp/parameter_hdf5.h"
#include "tests/cli/program_fixture.h"

namespace octet {
namespace {

TEST_F(ProgramTest, HelpAndVersion) {
  const Outcome help = octet("--help");
  EXPECT_EQ(help.code, 0);
  for (const char* name :
       {"train", "qat", "eval", "run", "convert", "inspect", "verify", "lint", "bench"}) {
    EXPECT_THAT(help.out, HasSubstr(name));
    const Outcome sub = octet(fmt::format("{} --help", name));
    EXPECT_EQ(sub.code, 0);
    EXPECT_THAT(sub.out, HasSubstr("--metrics"));
  }
  EXPECT_THAT(octet("train --help").out, HasSubstr(".nnp or another that convert writes"));
  EXPECT_THAT(octet("qat --help").out, HasSubstr("The file to write: a .nnp or .onnx"));
  EXPECT_EQ(octet("--version").out, "octet " OCTET_VERSION "\n");
}

TEST_F(ProgramTest, WrongUseIsCode2) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "octet: error: [command line] A subcommand is required"},
      {"trian --data x",
       "octet: error: [command line] there is no subcommand 'trian'; there are train, qat, eval, "
       "run, "
       "convert, inspect, verify, lint, bench"},
      {"train resnet18 --out x.nnp", "octet: error: [command line] --data is required"},
      {"train resnet18 --data idx:/none --out x.nnp --solver fast",
       "octet: error: [command line] --solver: fast not in {"},
      {"train resnet18 --data mnist --out " + folder_.path("x.nnp"), "octet: error: [data] "},
      {"qat x.nnp --data idx:/none --out " + folder_.path("x.txt"),
       "octet: error: [--out] " + folder_.path("x.txt") + " is neither a .nnp nor a .onnx file"},
      {"train resnet18 --data idx:/none --out " + folder_.path("x.nnp") + " --resume",
       "octet: error: [command line] --resume requires --checkpoint"},
      {"train resnet18 --data idx:/none --out x.nnp --checkpoint-every 5",
       "octet: error: [command line] --checkpoint-every requires --checkpoint"},
      {"bench resnet18 --mode fast", "octet: error: [command line] --mode: fast not in {"},
      {"qat x.nnp --data idx:/none --out x.nnp --image-size 8",
       "octet: error: [command line] The following arguments were not expected: "},
      {"eval x.nnp --data idx:/none --image-size 8",
       "octet: error: [command line] The following arguments were not expected: "},
      {"verify a.nnp b.nnp --data idx:/none --image-size 8",
       "octet: error: [command line] The following arguments were not expected: "},
      {"verify a.nnp b.nnp --input x.npy --target tensorrt",
       "octet: error: [command line] --target requires --with"},
      {"verify a.nnp b.nnp --input x.npy --optimization all",
       "octet: error: [command line] --optimization requires --with"},
      {"verify a.nnp b.nnp --input x.npy --values none",
       "octet: error: [command line] --values requires --with"},
      {"verify a.nnp b.nnp --input x.npy --session-option a=b",
       "octet: error: [command line] --session-option requires --with"},
  };
  for (const auto& [arguments, message] : cases) {
    const Outcome outcome = octet(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_THAT(error_line(outcome), StartsWith(message)) << arguments;
    EXPECT_EQ(std::count(outcome.error.begin(), outcome.error.end(), '\n'), 1) << outcome.error;
  }
}

TEST_F(ProgramTest, BadFilesAreCode3) {
  const std::string data = make_data();
  const std::string broken = folder_.path("broken.nnp");
  write_file_atomically(broken, "not a zip archive");
  const std::string odd = folder_.path("odd.bin");
  write_file_atomically(odd, "x");
  const std::string out = folder_.path("x.nnp");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"eval none.nnp --data " + data, "[none.nnp] there is no such file"},
      {"eval resnet18 --data " + data,
       "[resnet18] there is no such file; a model of the zoo has to be trained first"},
      {"train resnet19 --data " + data + " --out " + out,
       "[resnet19] neither a file nor a model of the zoo, which has mobilenet_v1, "},
      {"inspect resnet19", "[resnet19] neither a file nor a model of the zoo, which has "},
      {"eval " + broken + " --data " + data, "[" + broken},
      {"eval " + odd + " --data " + data, "[" + odd + "] the extension says no format"},
      {"eval " + broken + " --data idx:/none", "[" + broken},
      {"train " + make_network() + " --data " + data + " --out /none/x.nnp",
       "[/none/x.nnp] --out: there is no folder /none"},
      {"qat " + make_network() + " --data " + data + " --out " + out + " --config none.toml",
       "[none.toml] "},
      {"qat " + make_network() + " --data " + data + " --out " + out + " --config " +
           folder_.path("data"),
       fmt::format("[{}] is not a regular file", folder_.path("data"))},
  };
  for (const auto& [arguments, message] : cases) {
    const Outcome outcome = octet(arguments);
    EXPECT_EQ(outcome.code, 3) << arguments;
    EXPECT_THAT(error_line(outcome), StartsWith("octet: error: " + message)) << arguments;
  }
  EXPECT_FALSE(std::filesystem::exists(out));
}

// What a .onnx cannot hold is known when the network is quantized, not when it is trained.
TEST_F(ProgramTest, AnExportThatCannotBeIsAnErrorBeforeTheTraining) {
  const std::string data = make_data();
  const std::string trained = train_float(data);
  for (const std::string field : {"round_mode = \"half_away_from_zero\"", "bits = 4"}) {
    const std::string config = folder_.path("qat.toml");
    write_file_atomically(config, field + "\nskip_inputs_layers = []\n");
    const std::string checkpoint = folder_.path("checkpoint");
    const Outcome outcome = octet(fmt::format(
        "qat {} --data {} --batch 8 --steps 40 --recording-steps 4 --config {} --out {} --deploy "
        "{} --checkpoint {} --checkpoint-every 10",
        trained, data, config, folder_.path("q.nnp"), folder_.path("q.onnx"), checkpoint));
    EXPECT_EQ(outcome.code, 2) << field << outcome.error;
    EXPECT_THAT(error_line(outcome), HasSubstr("QuantizeLinear")) << field;
    EXPECT_FALSE(std::filesystem::exists(checkpoint)) << field;
  }
  const std::string odd = folder_.path("odd.txt");
  write_file_atomically(odd, R"(graph odd {
  input x: float32 (-1, 1, 8, 8)
  parameter fc/W: float32 (64, 10)
  h = SquaredError(x, x)
  y = Affine[fc](h, fc/W)
  output y
}
)");
  const Outcome outcome =
      octet(fmt::format("train {} --data {} --batch 8 --steps 20 --out {} --checkpoint {} "
                        "--checkpoint-every 5",
                        odd, data, folder_.path("odd.onnx"), folder_.path("odd_checkpoint")));
  EXPECT_EQ(outcome.code, 2) << outcome.error;
  EXPECT_THAT(error_line(outcome), HasSubstr("SquaredError"));
  EXPECT_FALSE(std::filesystem::exists(folder_.path("odd_checkpoint")));
}

TEST_F(ProgramTest, DivergenceIsCode4AndLeavesNoFile) {
  const std::string out = folder_.path("float.nnp");
  const Outcome outcome =
      octet(fmt::format("train {} --data {} --batch 8 --steps 30 --lr 1e30 --schedule constant "
                        "--out {}",
                        make_network(), make_data(), out));
  EXPECT_EQ(outcome.code, 4);
  EXPECT_THAT(error_line(outcome), StartsWith("octet: error: [train] the loss is "));
  EXPECT_FALSE(std::filesystem::exists(out));
}

TEST_F(ProgramTest, TrainsQuantizesAndEvaluates) {
  const std::string data = make_data();
  const std::string trained = train_float(data);
  EXPECT_EQ(metrics()["top1_error"], 0);
  EXPECT_EQ(metrics()["steps"], 30);
  EXPECT_GT(metrics()["seconds_per_step"], 0);
  EXPECT_GT(metrics()["peak_mb"], 1);

  const std::string config = folder_.path("qat.toml");
  write_file_atomically(config,
                        "bn_folding = true\nniter_to_recording = 0\nniter_to_training = 5\n"
                        "skip_inputs_layers = []\nskip_outputs_layers = []\n"
                        "recorder_activation = \"AbsMax\"\n");
  const std::string quantized = folder_.path("qat.nnp");
  const Outcome qat = octet(fmt::format(
      "qat {} --data {} --no-augmentation --batch 8 --steps 20 --lr 0.01 --config {} --out {} "
      "--metrics {}",
      trained, data, config, quantized, folder_.path("metrics.json")));
  ASSERT_EQ(qat.code, 0) << qat.error;
  EXPECT_EQ(metrics()["top1_error_float"], 0);
  EXPECT_EQ(metrics()["top1_error"], 0);
  EXPECT_THAT(qat.error, HasSubstr("qat TRAINING 20/20"));
  EXPECT_THAT(qat.out, HasSubstr("top1_error_float"));

  const Outcome eval = octet(fmt::format("eval {} --data {} --batch 7 --json", quantized, data));
  ASSERT_EQ(eval.code, 0) << eval.error;
  EXPECT_EQ(nlohmann::json::parse(eval.out)["top1_error"], 0);
  EXPECT_EQ(nlohmann::json::parse(eval.out)["examples"], 40);

  const Outcome inspect = octet(fmt::format("inspect {} --json", quantized));
  ASSERT_EQ(inspect.code, 0) << inspect.error;
  EXPECT_EQ(nlohmann::json::parse(inspect.out)["quantized"], true);
  EXPECT_EQ(nlohmann::json::parse(inspect.out)["functions"].count("BatchNormalization"), 0u);

  const Outcome again = octet(fmt::format("qat {} --data {} --out {}", quantized, data, quantized));
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(error_line(again), HasSubstr("the network is quantized already"));
}

TEST_F(ProgramTest, TrainingIsTheSameForTheSameSeedAndAfterAResume) {
  const std::string data = make_data();
  const std::string whole = read_file(train_float(data));
  EXPECT_EQ(read_file(train_float(data)), whole);
  const std::string checkpoint = "--checkpoint " + folder_.path("c") + " --schedule constant";
  const std::string straight = read_file(train_float(data, "--schedule constant"));
  const std::string out = folder_.path("half.nnp");
  const std::string common =
      fmt::format("train {} --data {} --no-augmentation --batch 8 --lr 0.05 --seed 3 --out {} {}",
                  make_network(), data, out, checkpoint);
  EXPECT_EQ(octet(common + " --steps 13").code, 0);
  EXPECT_EQ(octet(common + " --steps 30 --resume").code, 0);
  EXPECT_EQ(read_file(out), straight);
}

// A QAT run that stops in each of its stages goes on to the same file.
TEST_F(ProgramTest, QatResumesToTheSameBits) {
  const std::string data = make_data();
  const std::string trained = train_float(data);
  const std::string out = folder_.path("qat.nnp");
  const std::string common = fmt::format(
      "qat {} --data {} --no-augmentation --batch 8 --lr 0.01 --seed 3 --schedule constant "
      "--recording-steps 6 --out {}",
      trained, data, out);
  ASSERT_EQ(octet(common + " --steps 20").code, 0);
  const std::string straight = read_file(out);
  const std::string checkpoint = " --checkpoint " + folder_.path("c") + " --checkpoint-every 4";
  for (const char* stop : {"9", "15"}) {
    const Outcome half = octet(common + checkpoint + " --steps " + stop);
    ASSERT_EQ(half.code, 0) << half.error;
    ASSERT_EQ(octet(common + checkpoint + " --resume --steps 20").code, 0);
    EXPECT_EQ(read_file(out), straight) << stop;
  }
}

// 4 is within RECORDING: the training is killed rather than ended, since QAT that ends there is
// refused, so its last checkpoint is one that --checkpoint-every wrote.
TEST_F(ProgramTest, QatResumesWithinRecording) {
  const std::string data = make_data();
  const std::string trained = train_float(data);
  const std::string out = folder_.path("qat.nnp");
  const std::string checkpoint = folder_.path("c");
  const std::string common = fmt::format(
      "qat {} --data {} --no-augmentation --batch 8 --lr 0.01 --seed 3 --schedule constant "
      "--recording-steps 6 --out {}",
      trained, data, out);
  ASSERT_EQ(octet(common + " --steps 20").code, 0);
  const std::string straight = read_file(out);
  // Step 4 writes a checkpoint, step 20000 is never reached.
  const std::string killed = fmt::format(
      "{} --steps 20000 --checkpoint {} --checkpoint-every 4 >/dev/null 2>&1 & child=$!; while [ ! "
      "-e {} ]; do "
      "sleep 0.01; done; cp {} {}.first; kill -9 $child; wait",
      common, checkpoint, checkpoint, checkpoint, checkpoint);
  octet(killed);
  ASSERT_TRUE(std::filesystem::exists(checkpoint + ".first"));
  const Outcome resumed =
      octet(fmt::format("{} --steps 20 --resume --checkpoint {}.first", common, checkpoint));
  ASSERT_EQ(resumed.code, 0) << resumed.error;
  EXPECT_EQ(read_file(out), straight);
}

TEST_F(ProgramTest, RecordsForAShareOfAShortTraining) {
  const std::string data = make_data();
  const Outcome outcome = octet(fmt::format("qat {} --data {} --steps 20 --batch 8 --out {}",
                                            train_float(data), data, folder_.path("qat.nnp")));
  ASSERT_EQ(outcome.code, 0) << outcome.error;
  EXPECT_THAT(outcome.error, HasSubstr("qat TRAINING 20/20"));
}

TEST_F(ProgramTest, SaysThatRecordingTakesTooLong) {
  const std::string data = make_data();
  const std::string trained = train_float(data);
  const Outcome outcome =
      octet(fmt::format("qat {} --data {} --steps 20 --recording-steps 30 "
                        "--batch 8 --out {}",
                        trained, data, folder_.path("qat.nnp")));
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(error_line(outcome),
              HasSubstr("[qat] quantized training would begin at step 31 (niter_to_training), but "
                        "there are only 20 steps"));
}

TEST_F(ProgramTest, SaysThatImagesDoNotFit) {
  const std::string data = make_data();
  const std::string trained = train_float(data);
  const std::string colour = folder_.path("colour.txt");
  write_file_atomically(colour,
                        "graph g {\n input x: float32 (-1, 3, 8, 8)\n parameter W: float32 "
                        "(192, 10)\n y = Affine(x, W)\n output y\n}\n");
  const Outcome outcome = octet("eval " + colour + " --data " + data);
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(error_line(outcome), "octet: error: [" + colour +
                                     "] the network takes images (3, 8, 8), the data has "
                                     "(1, 8, 8)");
}

// A .nnp with what NNabla keeps of its solver: momenta that move the weights far in one step.
TEST_F(ProgramTest, TrainingGoesOnFromTheSolversState) {
  const std::string data = make_data();
  const std::string trained = train_float(data);
  auto members = read_zip(trained);
  members.push_back({"training_Momentum_optimizer.h5.optimizer",
                     format_parameter_hdf5({{"fc/b/m", at::full({10}, 8.0F), false},
                                            {"fc/b/t", at::scalar_tensor(30, at::kLong), false}})});
  const std::string with_state = folder_.path("with_state.nnp");
  write_file_atomically(with_state, format_zip(members));
  const std::string out = folder_.path("more.nnp");
  const auto bias_after = [&](const std::string& model, const std::string& more) {
    const Outcome outcome = octet(
        fmt::format("train {} --data {} --no-augmentation --batch 8 --steps 1 --lr 0.001 --seed 4 "
                    "--schedule constant --out {} {}",
                    model, data, out, more));
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return std::pair(read_nnp(out).parameters->at("fc/b").value.detach().clone(), outcome.error);
  };
  const auto [anew, nothing] = bias_after(trained, "");
  const auto [gone_on, said] = bias_after(with_state, "");
  EXPECT_THAT(said, HasSubstr("] the solver goes on from its state in the file"));
  // W -= 0.9 m at the least, whatever the gradient of one step is at this rate.
  EXPECT_TRUE(at::allclose(anew - gone_on, at::full({10}, 0.9F * 8.0F), 0, 1e-5));
  const auto [other, warned] = bias_after(with_state, "--solver adam");
  EXPECT_THAT(warned, HasSubstr("] the state in the file is of the solver Momentum, and this is "
                                "Adam: it begins anew"));
}

TEST_F(ProgramTest, InspectsAZooModel) {
  const Outcome table = octet("inspect resnet18 --image-size 32 --classes 10");
  ASSERT_EQ(table.code, 0) << table.error;
  EXPECT_THAT(table.out, HasSubstr("Convolution"));
  EXPECT_THAT(table.out, HasSubstr("(-1, 10)"));
  const Outcome graph = octet("inspect resnet18 --image-size 32 --graph");
  EXPECT_THAT(graph.out, StartsWith("graph "));
}

TEST_F(ProgramTest, StoredIntegersAreQuantizedToo) {
  const std::string path = folder_.path("integers.txt");
  write_file_atomically(path, R"(graph integers {
  input x: float32 (-1, 1, 8, 8)
  parameter w: int8 (64, 10)
  parameter scale: float32 (1, 1)
  parameter zero: float32 (1, 1)
  d = DequantizeLinear(w, scale, zero)
  y = Affine(x, d)
  output y
}
)");
  const Outcome inspect = octet(fmt::format("inspect {} --json", path));
  ASSERT_EQ(inspect.code, 0) << inspect.error;
  EXPECT_EQ(nlohmann::json::parse(inspect.out)["quantized"], true);
  const Outcome qat =
      octet(fmt::format("qat {} --data {} --out {}", path, make_data(), folder_.path("never.nnp")));
  EXPECT_EQ(qat.code, 2);
  EXPECT_THAT(error_line(qat), HasSubstr("the network is quantized already (at w)"));
}

}  // namespace
}  // namespace octet
