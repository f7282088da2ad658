#include "octet/qat/qat_config.h"

#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "octet/targets/target_rules.h"

namespace octet {
namespace {

std::string error_of(const QATConfig& config) {
  try {
    config.validate();
  } catch (const Error& error) {
    return error.what();
  }
  return "valid";
}

template <class Change>
std::string error_after(Change&& change) {
  QATConfig config;
  change(config);
  return error_of(config);
}

TEST(QATConfig, PresetsAreValidAsTheyStand) {
  for (const char* name : {"default", "tensorrt", "onnxruntime"}) {
    EXPECT_EQ(error_of(qat_preset(name)), "valid") << name;
  }
  EXPECT_THROW(qat_preset("tflite"), Error);
}

TEST(QATConfig, SaysWhatToWriteInstead) {
  EXPECT_EQ(error_after([](QATConfig& c) { c.niter_to_recording = -1; }),
            "[QATConfig] niter_to_recording -1 is negative; write 0 to record from the first step");
  EXPECT_EQ(
      error_after([](QATConfig& c) { c.niter_to_recording = 5, c.niter_to_training = 5; }),
      "[QATConfig] niter_to_training 5 does not leave a step for RECORDING, which begins at 5; "
      "write at least 6");
  EXPECT_EQ(
      error_after([](QATConfig& c) { c.learning_rate_scale = 0; }),
      "[QATConfig] learning_rate_scale 0 must be positive; write 1 to leave the learning rate "
      "alone");
  EXPECT_EQ(error_after([](QATConfig& c) { c.bits = 9; }),
            "[QATConfig] bits 9 is outside of 2 to 8");
  EXPECT_EQ(error_after([](QATConfig& c) { c.bn_folding_limit = 0.5; }),
            "[QATConfig] bn_folding_limit 0.5 is no factor between weights; write at least 1, or 0 "
            "for no bound");
  EXPECT_EQ(error_after([](QATConfig& c) { c.bits_weight = 1; }),
            "[QATConfig] bits_weight 1 is outside of 2 to 8");
  EXPECT_EQ(error_after([](QATConfig& c) { c.dtype = DType::kFloat32; }),
            "[QATConfig] dtype float32 cannot hold activations; write int8 or uint8");
  EXPECT_EQ(error_after([](QATConfig& c) { c.record_layers = {"relu"}; }),
            "[QATConfig] record_layers names 'relu', which is not an operation type; write 'ReLU'");
  EXPECT_EQ(error_after([](QATConfig& c) { c.skip_inputs_layers = {"Conv2d"}; }),
            "[QATConfig] skip_inputs_layers names 'Conv2d', which is not an operation type; write "
            "types such as Convolution, Affine, ReLU");
  EXPECT_EQ(error_after([](QATConfig& c) { c.skip_outputs_layers = {"Linear"}; }),
            "[QATConfig] skip_outputs_layers names 'Linear', which is not an operation type; write "
            "types such as Convolution, Affine, ReLU");
  EXPECT_EQ(
      error_after([](QATConfig& c) {
        c.precision_mode = PrecisionMode::QNN;
        c.recorder_weight = recorder_spec("Learned");
      }),
      "[QATConfig] precision_mode QNN computes with scales that rest, but the recorder Learned "
      "trains them; write another recorder, or precision_mode SIM_QNN");
  EXPECT_EQ(error_after([](QATConfig& c) { c.dtype = DType::kUInt8, c.narrow_range = true; }),
            "[QATConfig] uint8 with narrow_range has no integer for 0 without a zero point; set "
            "zero_point to true or narrow_range to false");
}

// Each rule that a configuration can break, at each target.
TEST(QATConfig, HoldsTheTargetsRules) {
  struct Case {
    bool TargetRules::*rule;
    void (*change)(QATConfig&);
    const char* what;
    const char* instead;
  };
  const Case cases[] = {
      {&TargetRules::per_channel_weights, [](QATConfig& c) { c.channel_wise = true; },
       "channel_wise weights", "channel_wise = false"},
      {&TargetRules::asymmetric, [](QATConfig& c) { c.zero_point = true; }, "a zero point",
       "zero_point = false"},
      {&TargetRules::uint8, [](QATConfig& c) { c.dtype = DType::kUInt8; }, "uint8 activations",
       "dtype = int8"},
      {&TargetRules::int32_bias, [](QATConfig& c) { c.skip_bias = false; }, "int32 biases",
       "skip_bias = true"},
      {&TargetRules::fewer_bits, [](QATConfig& c) { c.bits = 4; }, "fewer than 8 bits",
       "bits = 8 and bits_weight = 8"},
      {&TargetRules::fewer_bits, [](QATConfig& c) { c.bits_weight = 4; }, "fewer than 8 bits",
       "bits = 8 and bits_weight = 8"},
      {&TargetRules::half_away, [](QATConfig& c) { c.round_mode = RoundMode::HALF_AWAY_FROM_ZERO; },
       "rounding HALF_AWAY_FROM_ZERO", "round_mode = HALF_TO_EVEN"},
      {&TargetRules::narrow_range, [](QATConfig& c) { c.narrow_range = true; }, "a narrow range",
       "narrow_range = false"},
      {&TargetRules::integer_functions, [](QATConfig& c) { c.precision_mode = PrecisionMode::QNN; },
       "integer functions", "precision_mode = SIM_QNN"},
  };
  for (const auto target :
       {Target::DEFAULT, Target::NNABLA, Target::TENSORRT, Target::ONNXRUNTIME}) {
    QATConfig plain;
    plain.target = target;
    plain.skip_bias = true;
    EXPECT_EQ(error_of(plain), "valid") << to_string(target);
    for (const Case& one : cases) {
      QATConfig config = plain;
      one.change(config);
      EXPECT_EQ(error_of(config),
                rules_of(target).*one.rule
                    ? "valid"
                    : fmt::format("[QATConfig] target {} cannot take {}; write {}",
                                  to_string(target), one.what, one.instead));
    }
  }
}

// They clip half of what such integers hold.
TEST(QATConfig, HasNNablasRecordersForSignedSymmetricIntegersOnly) {
  for (const RecorderSpec& spec :
       {nnabla_exact(RecorderSpec::min_max_min_max()), nnabla_exact(RecorderSpec::max_mva())}) {
    const std::string message = fmt::format(
        "[QATConfig] recorder_activation {} repeats NNabla's scales, which are for int8 without a "
        "zero point; write dtype int8 and zero_point false, or a recorder without NNabla in its "
        "name",
        name_of(spec));
    QATConfig config;
    config.recorder_activation = spec;
    EXPECT_EQ(error_of(config), "valid");
    config.zero_point = true;
    EXPECT_EQ(error_of(config), message);
    config.zero_point = false;
    config.dtype = DType::kUInt8;
    EXPECT_EQ(error_of(config), message);
    // Weights are signed and symmetric whatever the activations are.
    config.recorder_activation = RecorderSpec::max_mva();
    config.recorder_weight = spec;
    EXPECT_EQ(error_of(config), "valid");
  }
}

TEST(QATConfig, ReadsToml) {
  QATConfig config;
  read_config_text(R"(
bn_folding = true
bits = 4
dtype = "uint8"
pow2 = "CEIL"
learning_rate_scale = 1
recorder_activation = { name = "Percentile", percent = 99.9 }
recorder_weight = "AbsMax"
skip_inputs_layers = []
)",
                   "qat.toml", config);
  EXPECT_TRUE(config.bn_folding);
  EXPECT_EQ(config.bits, 4);
  EXPECT_EQ(config.dtype, DType::kUInt8);
  EXPECT_EQ(config.pow2, Pow2::CEIL);
  EXPECT_EQ(config.learning_rate_scale, 1.0);
  EXPECT_EQ(config.recorder_activation, RecorderSpec::percentile(99.9));
  EXPECT_EQ(config.recorder_weight, RecorderSpec::abs_max());
  EXPECT_TRUE(config.skip_inputs_layers.empty());
}

TEST(QATConfig, WritesTomlThatReadsBack) {
  QATConfig config = QATTensorRTConfig();
  config.include = {"conv*", "\"odd\""};
  config.recorder_weight = nnabla_exact(RecorderSpec::max_mva());
  QATConfig again;
  read_config_text(config_to_toml(config), "text", again);
  EXPECT_EQ(config_to_toml(again), config_to_toml(config));
  EXPECT_EQ(again.recorder_weight, config.recorder_weight);
}

TEST(QATConfig, ReadsWordsInEitherCase) {
  QATConfig config;
  const auto given = read_config_text(
      "pow2 = \"ceil\"\nprecision_mode = \"mixed_qnn\"\nrecorder_position = \"Both\"\n"
      "target = \"OnnxRuntime\"\nround_mode = \"half_away_from_zero\"\n",
      "qat.toml", config);
  EXPECT_EQ(config.pow2, Pow2::CEIL);
  EXPECT_EQ(config.precision_mode, PrecisionMode::MIXED_QNN);
  EXPECT_EQ(config.recorder_position, RecorderPosition::BOTH);
  EXPECT_EQ(config.target, Target::ONNXRUNTIME);
  EXPECT_EQ(given, (std::set<std::string>{"pow2", "precision_mode", "recorder_position",
                                          "round_mode", "target"}));
}

TEST(QATConfig, KeepsTheBiasCorrectionOfARecorder) {
  QATConfig config;
  read_config_text("recorder_activation = { name = \"MaxMva\", bias_correction = false }",
                   "qat.toml", config);
  EXPECT_FALSE(config.recorder_activation.bias_correction);
  QATConfig again;
  read_config_text(config_to_toml(config), "text", again);
  EXPECT_EQ(again.recorder_activation, config.recorder_activation);
}

TEST(QATConfig, NamesTheFieldThatIsWrongInAFile) {
  const auto error = [](std::string_view text) -> std::string {
    QATConfig config;
    try {
      read_config_text(text, "qat.toml", config);
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(error("bits = \"four\""), "[qat.toml] bits must be a whole number");
  EXPECT_EQ(error("pow2 = \"UP\"").find("[qat.toml] pow2: "), 0u);
  EXPECT_EQ(error("precision_mode = \"INT\""),
            "[qat.toml] precision_mode: [precision_mode] 'INT' is not one of SIM_QNN, QNN, "
            "MIXED_QNN");
  EXPECT_EQ(error("recorder_position = \"AFTER\""),
            "[qat.toml] recorder_position: [recorder_position] 'AFTER' is not one of BEFORE, BOTH");
  EXPECT_EQ(error("target = \"coreml\""),
            "[qat.toml] target: [target] 'coreml' is not one of default, nnabla, tensorrt, "
            "onnxruntime");
  EXPECT_EQ(error("include = 3"), "[qat.toml] include must be a list of strings");
  EXPECT_EQ(
      error("bit = 4").find("[qat.toml] there is no field 'bit'; the fields are bn_folding, "), 0u);
  EXPECT_EQ(error("bits = ").find("[qat.toml] line 1: "), 0u);
  EXPECT_EQ(error("recorder_weight = { name = \"AbsMax\", decoy = 1 }"),
            "[qat.toml] recorder_weight has no key 'decoy'; it has name, decay, bias_correction, "
            "percent");
}

}  // namespace
}  // namespace octet
