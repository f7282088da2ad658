// Two names for one file: what would be lost is an error before any work.
#include "tests/cli/program_fixture.h"

namespace octet {
namespace {

class FilesTest : public ProgramTest {
 protected:
  void expect_error(const std::string& arguments, const std::string& message) const {
    const Outcome outcome = octet(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments;
    EXPECT_EQ(error_line(outcome), "octet: error: " + message) << arguments;
  }
};

TEST_F(FilesTest, OutputsOfATrainingDiffer) {
  const std::string out = folder_.path("x.nnp");
  // The data is never looked at.
  const std::string train = fmt::format("train {} --data idx:/none --out {} ", make_network(), out);
  const std::string twice = "is the file of --out too; give each a file of its own";
  expect_error(train + "--metrics " + out, fmt::format("[--metrics] {} {}", out, twice));
  expect_error(train + "--checkpoint " + out, fmt::format("[--checkpoint] {} {}", out, twice));
  const std::string other = folder_.path("y");
  expect_error(train + fmt::format("--checkpoint {0} --metrics {0}", other),
               fmt::format("[--metrics] {} is the file of --checkpoint too; give each a file of "
                           "its own",
                           other));
  expect_error(fmt::format("qat {} --data idx:/none --out {} --deploy {}", make_network(), out,
                           folder_.path("./x.nnp")),
               fmt::format("[--deploy] {} {}", folder_.path("./x.nnp"), twice));
}

TEST_F(FilesTest, LinksAreFollowed) {
  const std::string folder = folder_.path("link");
  std::filesystem::create_directory_symlink(folder_.path(""), folder);
  expect_error(fmt::format("train {} --data idx:/none --out {} --metrics {}/x.nnp", make_network(),
                           folder_.path("x.nnp"), folder),
               fmt::format("[--metrics] {}/x.nnp is the file of --out too; give each a file of its "
                           "own",
                           folder));
}

TEST_F(FilesTest, WhatIsReadIsNotOverwritten) {
  const std::string model = make_network();
  const std::string lost = "which would be lost; write to another";
  for (const char* command : {"lint --target default", "eval --data idx:/none", "inspect"}) {
    expect_error(fmt::format("{} {} --metrics {}", command, model, model),
                 fmt::format("[--metrics] {} is the file of model too, {}", model, lost));
  }
  expect_error(fmt::format("train {} --data idx:/none --out {} --checkpoint {}", model,
                           folder_.path("x.nnp"), model),
               fmt::format("[--checkpoint] {} is the file of model too, {}", model, lost));
  const std::string config = folder_.path("qat.toml");
  write_file_atomically(config, "bn_folding = true\n");
  expect_error(fmt::format("qat {} --data idx:/none --out {} --config {} --metrics {}", model,
                           folder_.path("x.nnp"), config, config),
               fmt::format("[--metrics] {} is the file of --config too, {}", config, lost));
  const std::string x = folder_.path("x.npy");
  expect_error(fmt::format("run {} --input {} --output {}", model, x, x),
               fmt::format("[--output] {} is the file of --input too, {}", x, lost));
  expect_error(fmt::format("run {} --input {} --output {}", model, x, model),
               fmt::format("[--output] {} is the file of model too, {}", model, lost));
  expect_error(fmt::format("run {0} --input {1} --output y={2} --output h={2}", model, x,
                           folder_.path("y.npy")),
               fmt::format("[--output] {} is the file of --output too; give each a file of its own",
                           folder_.path("y.npy")));
  expect_error(fmt::format("verify {0} {0} --input x={1} --metrics {1}", model, x),
               fmt::format("[--metrics] {} is the file of --input too, {}", x, lost));
  expect_error(fmt::format("bench {0} --save {1} --trace {1}", model, folder_.path("s.nnp")),
               fmt::format("[--trace] {} is the file of --save too; give each a file of its own",
                           folder_.path("s.nnp")));
}

// A model is written as a whole when all is done: in place it is what its user asks for.
TEST_F(FilesTest, AModelMayTakeThePlaceOfItsOrigin) {
  const std::string data = make_data();
  const std::string model = train_float(data);
  const std::string before = read_file(model);
  const Outcome train =
      octet(fmt::format("train {} --data {} --batch 8 --steps 2 --out {}", model, data, model));
  EXPECT_EQ(train.code, 0) << train.error;
  EXPECT_NE(read_file(model), before);
  const Outcome convert = octet(fmt::format("convert {0} {0} --parameters protobuf", model));
  EXPECT_EQ(convert.code, 0) << convert.error;
}

}  // namespace
}  // namespace octet
