#include "octet/quant/recorder_spec.h"

#include "tests/quant/test_support.h"

namespace octet {
namespace {

TEST(RecorderSpec, HasANameBothWays) {
  for (const char* name : {"MinMaxMinMax", "AbsMax", "MinMaxMva", "MaxMax", "MaxMva", "Percentile",
                           "MSE", "Entropy", "Learned", "NNablaMinMaxMinMax", "NNablaAbsMax",
                           "NNablaMinMaxMva", "NNablaMaxMax", "NNablaMaxMva"}) {
    const RecorderSpec spec = recorder_spec(name);
    EXPECT_EQ(name_of(spec), name);
    validate(spec, "recorder");
  }
  EXPECT_EQ(recorder_spec("MaxMva"), RecorderSpec::max_mva());
  EXPECT_EQ(recorder_spec("Entropy"), RecorderSpec::entropy());
}

TEST(RecorderSpec, TakesTheNamesOfNNabla) {
  EXPECT_EQ(recorder_spec("MaxMvaRecorderCallback"), RecorderSpec::max_mva());
  EXPECT_EQ(recorder_spec("AbsMaxRecorderCallback"), RecorderSpec::abs_max());
}

TEST(RecorderSpec, KeepsItsNameWithOtherFigures) {
  RecorderSpec spec = RecorderSpec::min_max_mva();
  spec.decay = 0.9;
  EXPECT_EQ(name_of(spec), "MinMaxMva");
  spec.bias_correction = false;
  EXPECT_EQ(name_of(spec), "MinMaxMva");
  EXPECT_EQ(name_of(RecorderSpec::percentile(99)), "Percentile");
}

TEST(RecorderSpec, ListsTheNames) {
  EXPECT_EQ(message_of([] { recorder_spec("MinMax"); }),
            "[recorder] 'MinMax' is not one of MinMaxMinMax, AbsMax, MinMaxMva, MaxMax, MaxMva, "
            "Percentile, MSE, Entropy, Learned, NNablaMinMaxMinMax, NNablaAbsMax, NNablaMinMaxMva, "
            "NNablaMaxMax, NNablaMaxMva");
  EXPECT_EQ(
      message_of([] {
        name_of({.statistic = Statistic::ABS_MAX, .aggregation = Aggregation::MOVING_AVERAGE});
      }),
      "[recorder] this combination of statistic 2, aggregation 1 and rule 0 has no name");
}

TEST(RecorderSpec, ChecksItsFigures) {
  const auto check = [](const RecorderSpec& spec) {
    return message_of([&] { validate(spec, "recorder_activation"); });
  };
  RecorderSpec spec;
  spec.decay = 1;
  EXPECT_EQ(check(spec), "[recorder_activation] the decay 1 is outside of [0, 1)");
  EXPECT_EQ(check(RecorderSpec::percentile(0)),
            "[recorder_activation] the percentile 0 is outside of (0, 100]");
  EXPECT_EQ(check(RecorderSpec::percentile(100.5)),
            "[recorder_activation] the percentile 100.5 is outside of (0, 100]");
  EXPECT_EQ(check({.rule = RangeRule::MSE}),
            "[recorder_activation] the rule of this recorder needs a histogram, and it does not "
            "record one");
  EXPECT_EQ(check({.statistic = Statistic::HISTOGRAM, .aggregation = Aggregation::MOVING_AVERAGE}),
            "[recorder_activation] a histogram adds up; it has no moving average");
}

TEST(RecorderSpec, KnowsWhichScaleIsLearned) {
  EXPECT_TRUE(is_learned(RecorderSpec::learned()));
  EXPECT_FALSE(is_learned(RecorderSpec::mse()));
}

}  // namespace
}  // namespace octet
