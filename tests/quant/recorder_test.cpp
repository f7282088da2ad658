#include "octet/quant/recorder.h"

#include <ATen/Parallel.h>

#include "tests/quant/test_support.h"

namespace octet {
namespace {

constexpr QuantFormat kInt8{};
constexpr QuantFormat kUint8{DType::kUInt8, 8, false};

using State = std::vector<at::Tensor>;

State new_state(const RecorderSpec& spec, int64_t channels = 0) {
  State state;
  for (const StateTensor& tensor : recorder_state(spec, channels)) state.push_back(tensor.initial);
  return state;
}

// The state after these batches, per tensor.
State record(const RecorderSpec& spec, const std::vector<at::Tensor>& batches) {
  const State state = new_state(spec);
  for (const at::Tensor& batch : batches) observe(spec, state, batch, -1, "x");
  return state;
}

std::pair<float, float> range(const RecorderSpec& spec, const State& state,
                              const QuantFormat& format = kInt8, bool symmetric = true) {
  const Range r = range_of(spec, state, format, symmetric, "x");
  return {r.minimum.item<float>(), r.maximum.item<float>()};
}

ScaleZeroPoint scale_of(const RecorderSpec& spec, const State& state, const QuantFormat& format,
                        bool symmetric, Pow2 pow2, std::string_view where) {
  return choose_scale(range_of(spec, state, format, symmetric, where, pow2), format, symmetric,
                      pow2, where);
}

float scale(const RecorderSpec& spec, const State& state, Pow2 pow2 = Pow2::NOTROUND) {
  return scale_of(spec, state, kInt8, true, pow2, "x").scale.item<float>();
}

using Pair = std::pair<float, float>;

const std::vector<RecorderSpec>& all_specs() {
  static const std::vector<RecorderSpec> specs{RecorderSpec::min_max_min_max(),
                                               RecorderSpec::abs_max(),
                                               RecorderSpec::min_max_mva(),
                                               RecorderSpec::max_max(),
                                               RecorderSpec::max_mva(),
                                               RecorderSpec::percentile(99),
                                               RecorderSpec::mse(),
                                               RecorderSpec::entropy(),
                                               RecorderSpec::learned(),
                                               nnabla_exact(RecorderSpec::min_max_mva()),
                                               nnabla_exact(RecorderSpec::max_max())};
  return specs;
}

TEST(Recorder, MinMaxKeepsTheExtremes) {
  for (const RecorderSpec& spec : {RecorderSpec::min_max_min_max(), RecorderSpec::max_max()}) {
    const State state = record(spec, {floats({-1, 2}), floats({-0.5f, 3}), floats({0.1f, 0.2f})});
    EXPECT_EQ(range(spec, state), Pair(-1, 3));
    EXPECT_EQ(scale(spec, state), 6.0f / 255);
    EXPECT_EQ(state[2].item<int64_t>(), 3);
  }
}

TEST(Recorder, AbsMaxCoversBothSigns) {
  const RecorderSpec spec = RecorderSpec::abs_max();
  EXPECT_EQ(range(spec, record(spec, {floats({-5, 2}), floats({0, 3})})), Pair(-5, 5));
  EXPECT_EQ(range(spec, record(spec, {floats({0.5f, 2}), floats({0, 3})})), Pair(0, 3));
}

// The input of the reference network, figures of the first four batches, and what NNabla made of
// them.
TEST(Recorder, RepeatsTheAbsMaxOfNNabla) {
  const std::vector<at::Tensor> batches{floats({3.889923095703125f, -3.8524584770202637f}),
                                        floats({3.795057773590088f, -3.674867630004883f}),
                                        floats({3.813354730606079f, -3.6765456199645996f}),
                                        floats({3.8134522438049316f, -4.151923656463623f})};
  for (const RecorderSpec& spec :
       {RecorderSpec::abs_max(), nnabla_exact(RecorderSpec::abs_max())}) {
    const State state = record(spec, batches);
    EXPECT_EQ(state[1].item<float>(), 4.151923656463623f);
    EXPECT_EQ(scale(spec, state), 0.032564107328653336f);
    EXPECT_EQ(scale(spec, state, Pow2::ROUND), 0.03125f);
  }
  const RecorderSpec mva = nnabla_exact(RecorderSpec::max_mva());
  const State state = record(mva, batches);
  EXPECT_EQ(state[1].item<float>(), 0.15082597732543945f);
  EXPECT_EQ(scale(mva, state, Pow2::ROUND), 0.0009765625f);
}

// Weights, biases: MinMaxMinMax of NNabla.
TEST(Recorder, RepeatsTheMinMaxOfNNabla) {
  const RecorderSpec spec = nnabla_exact(RecorderSpec::min_max_min_max());
  const auto scale_for = [&](float minimum, float maximum) {
    return scale(spec, record(spec, {floats({minimum, maximum})}));
  };
  EXPECT_EQ(scale_for(-0.40710586309432983f, 0.369160532951355f), 0.0030441819690167904f);
  EXPECT_EQ(scale_for(-0.3565698266029358f, 0.46737000346183777f), 0.0032311363611370325f);
  EXPECT_EQ(scale_for(-0.3130359649658203f, 0.32093051075935364f), 0.0024861430283635855f);
  EXPECT_EQ(scale_for(-0.10718173533678055f, 0.10720620304346085f), 0.0008407370187342167f);
  EXPECT_EQ(scale_for(-0.2859688103199005f, 0.15502649545669556f), 0.0017293933779001236f);
  const State narrow = record(spec, {floats({-0.3130359649658203f, 0.32093051075935364f})});
  EXPECT_EQ(scale_of(spec, narrow, {DType::kInt8, 8, true}, true, Pow2::NOTROUND, "x")
                .scale.item<float>(),
            0.0024959309957921505f);
}

// What NNabla gets wrong, NNabla's way and Octet's.
TEST(Recorder, RepeatsTheDefectsOfNNablaOnlyWhenAsked) {
  const std::vector<at::Tensor> one_sided{floats({0, 2})};
  const std::vector<at::Tensor> negative{floats({-8, 2})};
  const auto scales = [](const RecorderSpec& spec, const std::vector<at::Tensor>& batches) {
    return Pair(scale(spec, record(spec, batches)),
                scale(nnabla_exact(spec), record(nnabla_exact(spec), batches)));
  };
  EXPECT_EQ(scales(RecorderSpec::min_max_min_max(), one_sided), Pair(4.0f / 255, 2.0f / 255));
  EXPECT_EQ(scales(RecorderSpec::max_max(), negative), Pair(16.0f / 255, 4.0f / 255));
  EXPECT_EQ(scales(RecorderSpec::max_mva(), negative).first, 16.0f / 255);
  EXPECT_NEAR(scales(RecorderSpec::max_mva(), negative).second, 0.01 * 4 / 255, 1e-9);
  // All values negative: a scale below zero in NNabla.
  EXPECT_GT(scale(nnabla_exact(RecorderSpec::max_mva()),
                  record(nnabla_exact(RecorderSpec::max_mva()), {floats({-8, -4})})),
            0);
}

TEST(Recorder, MovingAveragesForgetThatTheyStartedAtZero) {
  RecorderSpec spec = RecorderSpec::min_max_mva();
  const std::vector<at::Tensor> same(3, floats({-1, 2}));
  // 1 to 3 roundings of float32.
  EXPECT_NEAR(range(spec, record(spec, same)).first, -1, 1e-6);
  EXPECT_NEAR(range(spec, record(spec, same)).second, 2, 2e-6);
  spec.decay = 0.5;
  const State state = record(spec, {floats({-1, 2}), floats({-3, 8})});
  EXPECT_EQ(state[0].item<float>(), -1.75f);  // 0.5 * (0.5 * 0 + 0.5 * -1) + 0.5 * -3
  EXPECT_EQ(range(spec, state), Pair(-1.75f / 0.75f, 4.5f / 0.75f));
  spec.bias_correction = false;
  EXPECT_EQ(range(spec, state), Pair(-1.75f, 4.5f));
}

TEST(Recorder, RangesOfNNablaSurviveAUnion) {
  const RecorderSpec spec = nnabla_exact(RecorderSpec::min_max_min_max());
  const Range a = range_of(spec, record(spec, {floats({0, 2})}), kInt8, true, "a");
  const Range b = range_of(spec, record(spec, {floats({-0.5f, 0.25f})}), kInt8, true, "b");
  const ScaleZeroPoint both =
      choose_scale(union_of(std::array{a, b}), kInt8, true, Pow2::NOTROUND, "Add2");
  EXPECT_EQ(both.scale.item<float>(), 2.0f / 255);
}

TEST(Recorder, HistogramRulesClipAnOutlier) {
  const at::Tensor x = at::cat({bell(100000), floats({50.0f})});
  for (const RecorderSpec& spec : {RecorderSpec::percentile(99.9), RecorderSpec::mse(),
                                   RecorderSpec::entropy(), RecorderSpec::learned()}) {
    const State state = record(spec, {x, x * 0.5});
    EXPECT_EQ(state[1].item<float>(), 50.0f);
    EXPECT_EQ(state[4].sum().item<int64_t>(), 200002);
    for (const bool symmetric : {false, true}) {
      const auto [lower, upper] = range(spec, state, kInt8, symmetric);
      // One value in 100000 at 50 sigma is worth half of its square error to the MSE.
      EXPECT_LT(upper,
                spec.rule == RangeRule::PERCENTILE || spec.rule == RangeRule::ENTROPY ? 8 : 45)
          << name_of(spec);
      EXPECT_GT(upper, 1) << name_of(spec);
      EXPECT_LT(lower, -1) << name_of(spec);
    }
  }
}

// Its own scale, 0.034, would become 2^-4; 2^-5 clips a few values and is twice as fine.
TEST(Recorder, MseMindsThatTheScaleIsRounded) {
  const RecorderSpec spec = RecorderSpec::mse();
  EXPECT_EQ(scale(spec, record(spec, {bell(20000) * 1.1}), Pow2::CEIL), 0x1p-5f);
}

TEST(Recorder, OneSidedValuesGetEveryStepOfUint8) {
  const at::Tensor x = at::relu(bell(10000)) * 3;
  for (const RecorderSpec& spec : all_specs()) {
    if (spec.rule == RangeRule::SPAN || spec.rule == RangeRule::MAX_ONLY) continue;
    const LogCapture log;
    const State state = record(spec, {x});
    const ScaleZeroPoint plain = scale_of(spec, state, kUint8, true, Pow2::NOTROUND, "x");
    const ScaleZeroPoint offset = scale_of(spec, state, kInt8, false, Pow2::NOTROUND, "x");
    EXPECT_EQ(log.text(), "") << name_of(spec);
    EXPECT_EQ(plain.zero_point.item<float>(), 0);
    EXPECT_EQ(offset.zero_point.item<float>(), -128);
    EXPECT_LE(plain.scale.item<float>(), x.max().item<float>() / 255 * 1.000001f);
  }
}

TEST(Recorder, RecordsChannelsOnTheirOwn) {
  // Channel c of axis 1 holds c + 1 times the same numbers.
  const at::Tensor x = bell(2 * 5 * 5).view({2, 1, 5, 5}) * floats({1, 2, 3}).view({1, 3, 1, 1});
  for (const RecorderSpec& spec : all_specs()) {
    const State state = new_state(spec, 3);
    observe(spec, state, x, 1, "x");
    const ScaleZeroPoint chosen = scale_of(spec, state, kInt8, true, Pow2::NOTROUND, "x");
    ASSERT_EQ(chosen.scale.sizes(), at::IntArrayRef({3}));
    const State alone = new_state(spec, 1);
    observe(spec, alone, x.select(1, 1).unsqueeze(0), 0, "x");
    EXPECT_EQ(chosen.scale[1].item<float>(),
              scale_of(spec, alone, kInt8, true, Pow2::NOTROUND, "x").scale.item<float>())
        << name_of(spec);
  }
}

TEST(Recorder, StateMayHaveTheRankOfTheValue) {
  const RecorderSpec spec = RecorderSpec::mse();
  State state = new_state(spec);
  for (at::Tensor& tensor : state) {
    if (tensor.dim() == 0) tensor = tensor.view({1, 1, 1, 1});
  }
  observe(spec, state, at::ones({1, 2, 3, 4}), -1, "x");
  EXPECT_EQ(range_of(spec, state, kInt8, true, "x").maximum.sizes(), at::IntArrayRef({1, 1, 1, 1}));
}

TEST(Recorder, NamesItsState) {
  const auto names = [](const RecorderSpec& spec) {
    std::vector<std::string> result;
    for (const StateTensor& tensor : recorder_state(spec, 0)) result.push_back(tensor.name);
    return result;
  };
  EXPECT_EQ(names(RecorderSpec::abs_max()), (std::vector<std::string>{"m", "M", "count"}));
  EXPECT_EQ(names(RecorderSpec::mse()),
            (std::vector<std::string>{"m", "M", "count", "limit", "histogram"}));
}

TEST(Recorder, DoesNotDependOnTheLayoutOrType) {
  const at::Tensor x = bell(2 * 3 * 8 * 8).view({2, 3, 8, 8});
  const RecorderSpec spec = RecorderSpec::mse();
  const State plain = record(spec, {x});
  const State nhwc = record(spec, {x.contiguous(at::MemoryFormat::ChannelsLast)});
  const State strided = record(spec, {at::stack({x, x}, -1).select(-1, 0)});
  const State in_double = record(spec, {x.to(at::kDouble)});
  for (size_t i = 0; i < plain.size(); ++i) {
    EXPECT_TRUE(at::equal(plain[i], nhwc[i]));
    EXPECT_TRUE(at::equal(plain[i], strided[i]));
    EXPECT_TRUE(at::equal(plain[i], in_double[i]));
  }
  EXPECT_EQ(range(RecorderSpec{}, record({}, {at::tensor({3, 250}, at::kByte)})), Pair(0, 250));
}

TEST(Recorder, DoesNotDependOnTheNumberOfThreads) {
  const at::Tensor x = bell(3 * 70000).view({3, 70000});
  const int threads = at::get_num_threads();
  for (const RecorderSpec& spec : all_specs()) {
    std::vector<State> states;
    std::vector<float> scales;
    for (const int n : {1, 2}) {
      at::set_num_threads(n);
      states.push_back(new_state(spec));
      observe(spec, states.back(), x, -1, "x");
      observe(spec, states.back(), x * 1.5, -1, "x");
      scales.push_back(scale(spec, states.back()));
    }
    at::set_num_threads(threads);
    for (size_t i = 0; i < states[0].size(); ++i) {
      EXPECT_TRUE(at::equal(states[0][i], states[1][i])) << name_of(spec);
    }
    EXPECT_EQ(scales[0], scales[1]) << name_of(spec);
  }
}

TEST(Recorder, RecordsNoGradient) {
  const RecorderSpec spec = RecorderSpec::min_max_mva();
  const State state = new_state(spec);
  state[0].requires_grad_();
  const at::Tensor x = bell(10).requires_grad_();
  observe(spec, state, x, -1, "x");
  EXPECT_FALSE(state[1].requires_grad());
  EXPECT_TRUE(state[0].is_leaf());
  EXPECT_LT(state[0].item<float>(), 0);
}

TEST(Recorder, RefusesWhatItCannotRecord) {
  const auto check = [](const RecorderSpec& spec, const at::Tensor& x) {
    return message_of([&] { observe(spec, new_state(spec), x, -1, "conv1/x"); });
  };
  at::Tensor x = at::ones({4, 8});
  x[0][1] = std::nanf("");
  x[2][2] = std::numeric_limits<float>::infinity();
  x[3][3] = -std::numeric_limits<float>::infinity();
  for (const RecorderSpec& spec : all_specs()) {
    EXPECT_EQ(check(spec, x), "[conv1/x] 3 of 32 values are NaN or infinite");
  }
  EXPECT_EQ(check({}, doubles({1e300})), "[conv1/x] values are beyond the largest float32");
  EXPECT_EQ(check({}, at::empty({0, 3})),
            "[conv1/x] there is nothing to record in a value of shape (0, 3)");
  const auto per_channel = [](int64_t axis) {
    return message_of([&] { observe({}, new_state({}, 3), at::ones({2, 4}), axis, "conv1/W"); });
  };
  EXPECT_EQ(per_channel(1),
            "[conv1/W] 4 channels along axis 1 of a value of shape (2, 4), 3 in the recorder");
  EXPECT_EQ(per_channel(2), "[conv1/W] axis 2 is outside of a tensor of 2 dimensions");
}

TEST(Recorder, ThatSawNothingHasNoRange) {
  for (const RecorderSpec& spec : all_specs()) {
    EXPECT_EQ(message_of([&] { range_of(spec, new_state(spec), kInt8, true, "conv1/x"); }),
              "[conv1/x] the recorder has seen no data to take a range from");
  }
}

}  // namespace
}  // namespace octet
