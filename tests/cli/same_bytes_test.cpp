// A deployed network gives the same bytes on every instruction set, for any number of threads. All
// of its layers are integers here; a float one adds in an order that depends on both.
#include <ATen/ATen.h>

#include "octet/formats/npy/npy.h"
#include "tests/cli/program_fixture.h"

namespace octet {
namespace {

constexpr const char* kInstructionSets[] = {
    "SSE41", "AVX", "AVX2", "AVX512_CORE", "AVX512_CORE_VNNI", "ALL"};

class SameBytes : public ProgramTest {
 protected:
  std::string deployed(const std::string& model, const std::string& config) const {
    const std::string path = folder_.path(model + ".nnp");
    write_file_atomically(folder_.path("qat.toml"),
                          "skip_inputs_layers = []\nskip_outputs_layers = []\n" + config);
    const Outcome outcome = octet(fmt::format(
        "bench {} --mode infer_int8 --batch 2 --image-size 32 --classes 7 --width 0.25 --steps 1 "
        "--warm-up 0 --config {} --save {}",
        model, folder_.path("qat.toml"), path));
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return path;
  }

  // The output's file, byte for byte.
  std::string output(const std::string& model, const std::string& engine, const std::string& isa,
                     int threads) const {
    const std::string file = folder_.path("y.npy");
    const Outcome outcome =
        octet(fmt::format("run {} --input {} --output {} --threads {} --engine {}", model,
                          folder_.path("x.npy"), file, threads, engine),
              fmt::format("ONEDNN_MAX_CPU_ISA={0} DNNL_MAX_CPU_ISA={0}", isa));
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    return read_file(file);
  }

  void expect_same_bytes(const std::string& model, const std::vector<int64_t>& batches) const {
    at::manual_seed(7);
    for (const int64_t batch : batches) {
      write_npy(folder_.path("x.npy"), at::randn({batch, 3, 32, 32}));
      const std::string expected = output(model, "reference", "ALL", 1);
      for (const char* isa : kInstructionSets) {
        for (const int threads : {1, 2}) {
          EXPECT_TRUE(output(model, "plan", isa, threads) == expected)
              << isa << ", " << threads << " threads, batch " << batch;
        }
      }
    }
  }
};

TEST_F(SameBytes, OfSignedActivations) {
  expect_same_bytes(deployed("mobilenet_v1", "channel_wise = true\n"), {1, 3, 16});
}

TEST_F(SameBytes, OfUnsignedActivations) {
  expect_same_bytes(deployed("resnet18", "dtype = \"uint8\"\nzero_point = true\n"), {3});
}

}  // namespace
}  // namespace octet
