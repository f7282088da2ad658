// What the tests of the program share: running it, small data and networks for it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "octet/base/error.h"
#include "octet/formats/file_io.h"
#include "tests/support/dataset_files.h"
#include "tests/support/project_paths.h"

namespace octet {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Outcome {
  int code = -1;
  std::string out;
  std::string error;
};

class ProgramTest : public ::testing::Test {
 protected:
  // Runs `octet ARGUMENTS` through the shell, on one thread; `variables` of the environment: A=B
  // ...
  Outcome octet(const std::string& arguments, const std::string& variables = "") const {
    const std::string command =
        fmt::format("OMP_NUM_THREADS=1 {} '{}' {} >'{}' 2>'{}' </dev/null", variables,
                    program_path(), arguments, folder_.path("stdout"), folder_.path("stderr"));
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(folder_.path("stdout")),
            read_file(folder_.path("stderr"))};
  }

  // MNIST's files with `count` images of 8 x 8: class k is bright in row k.
  std::string make_data(uint32_t count = 40) const {
    for (const std::string split : {"train", "t10k"}) {
      test::Bytes pixels(count * 64, 10);
      test::Bytes labels(count);
      for (uint32_t i = 0; i < count; ++i) {
        const uint32_t label = i % 4;
        labels[i] = static_cast<uint8_t>(label);
        for (uint32_t x = 0; x < 8; ++x) pixels[i * 64 + label * 16 + x] = 200;
      }
      test::write_bytes(folder_.path("data/" + split + "-images-idx3-ubyte"),
                        test::idx_bytes({count, 8, 8}, pixels));
      test::write_bytes(folder_.path("data/" + split + "-labels-idx1-ubyte"),
                        test::idx_bytes({count}, labels));
    }
    return "idx:" + folder_.path("data");
  }

  // A small network with batch normalization, as a text graph.
  std::string make_network() const {
    const std::string path = folder_.path("small.txt");
    write_file_atomically(path, R"(graph small {
  input x: float32 (-1, 1, 8, 8)
  parameter conv1/W: float32 (4, 1, 3, 3)
  parameter bn/beta: float32 (1, 4, 1, 1)
  parameter bn/gamma: float32 (1, 4, 1, 1)
  parameter bn/mean: float32 (1, 4, 1, 1)
  parameter bn/var: float32 (1, 4, 1, 1)
  parameter conv2/W: float32 (8, 4, 3, 3)
  parameter fc/W: float32 (512, 10)
  parameter fc/b: float32 (10)
  h = Convolution[conv1](x, conv1/W) {pad=(1, 1)}
  n = BatchNormalization[bn](h, bn/beta, bn/gamma, bn/mean, bn/var)
  r = ReLU(n)
  h2 = Convolution[conv2](r, conv2/W) {pad=(1, 1)}
  r2 = ReLU(h2)
  y = Affine[fc](r2, fc/W, fc/b)
  output y
}
)");
    return path;
  }

  nlohmann::json metrics() const {
    return nlohmann::json::parse(read_file(folder_.path("metrics.json")));
  }
  // Trains the small network; gives the path of the .nnp.
  std::string train_float(const std::string& data, const std::string& more = "") const {
    const std::string out = folder_.path("float.nnp");
    const Outcome outcome = octet(fmt::format(
        "train {} --data {} --no-augmentation --batch 8 --steps 30 --lr 0.05 --seed 3 --out {} "
        "--metrics {} {}",
        make_network(), data, out, folder_.path("metrics.json"), more));
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return out;
  }

  test::TemporaryFolder folder_;
};

// The only line, or the last one where progress came before.
inline std::string error_line(const Outcome& outcome) {
  EXPECT_THAT(outcome.error, EndsWith("\n"));
  const std::string text = outcome.error.substr(0, outcome.error.size() - 1);
  const size_t begin = text.rfind('\n');
  return begin == std::string::npos ? text : text.substr(begin + 1);
}

}  // namespace octet
