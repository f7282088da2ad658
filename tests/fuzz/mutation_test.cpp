// Damaged files, the same ones in each run: a reader takes them or throws octet::Error in one line.
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "octet/base/logging.h"
#include "tests/fuzz/mutations.h"
#include "tests/fuzz/readers.h"

namespace octet::fuzz {
namespace {

constexpr int kMutationsPerSeed = 400;

class MutationTest : public ::testing::TestWithParam<Reader> {
 protected:
  // Warnings about damaged files are many and say nothing here.
  MutationTest() : level_(logger().level()) { logger().set_level(spdlog::level::off); }
  ~MutationTest() override { logger().set_level(level_); }

 private:
  spdlog::level::level_enum level_;
};

TEST_P(MutationTest, TheSeedsAreValid) {
  for (const std::string& seed : GetParam().seeds()) EXPECT_NO_THROW(GetParam().read(seed));
}

TEST_P(MutationTest, DamageIsAnErrorInOneLine) {
  int refused = 0;
  size_t number = 0;
  for (const std::string& seed : GetParam().seeds()) {
    for (int i = 0; i < kMutationsPerSeed; ++i) {
      std::mt19937_64 random(++number);
      const std::string bytes = mutated(seed, random);
      try {
        GetParam().read(bytes);
      } catch (const Error& error) {
        ++refused;
        EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      } catch (const std::exception& error) {
        ADD_FAILURE() << "mutation " << number << ": " << error.what();
      }
    }
  }
  EXPECT_GT(refused, 0);
}

INSTANTIATE_TEST_SUITE_P(Readers, MutationTest,
                         ::testing::ValuesIn(readers().begin(), readers().end()),
                         [](const auto& reader) { return std::string(reader.param.name); });

}  // namespace
}  // namespace octet::fuzz
