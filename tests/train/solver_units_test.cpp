// Rules on parameters with a unit, against the same rules on value / unit, which ATen computes.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/shape.h"
#include "octet/train/solver_factory.h"
#include "tests/support/counting_allocator.h"
#include "tests/support/simd_targets.h"

namespace octet {
namespace {

struct Case {
  Shape shape;
  Shape unit;
  at::ScalarType dtype = at::kFloat;
  at::MemoryFormat order = at::MemoryFormat::Contiguous;
};

// Kernels work on pieces of 16384 elements, with units in blocks of 256; sizes lie around both.
std::vector<Case> cases() {
  std::vector<Case> result{
      // units along the first axis
      {{1, 1}, {1, 1}},
      {{3, 85}, {3, 1}},
      {{4, 64}, {4, 1}},
      {{257, 1}, {257, 1}},
      {{3, 5461}, {3, 1}},
      {{4, 4096}, {4, 1}},
      {{5, 3277}, {5, 1}},
      {{33, 1000}, {33, 1}},
      {{200, 20, 3, 3}, {200, 1, 1, 1}},
      {{50000}, {50000}},
      // along others
      {{5, 3277}, {1, 3277}},
      {{5, 3277}, {3277}},
      {{5, 700, 3, 3}, {1, 700, 1, 1}},
      {{5, 70, 60}, {1, 1, 60}},
      {{40, 30, 5, 5}, {40, 1, 1, 1}, at::kFloat, at::MemoryFormat::ChannelsLast},
      {{40, 30, 5, 5}, {1, 30, 1, 1}, at::kFloat, at::MemoryFormat::ChannelsLast},
      // along none, and along several
      {{5, 3277}, {}},
      {{5, 3277}, {1}},
      {{5, 3277}, {5, 3277}},
      {{40, 30, 5, 5}, {40, 30, 1, 1}},
      {{40, 30, 5, 5}, {40, 30, 5, 5}, at::kFloat, at::MemoryFormat::ChannelsLast},
      // no floats, so ATen computes it
      {{40, 30}, {40, 1}, at::kDouble},
  };
  return result;
}

struct Setting {
  int64_t simd_target;
  int threads;
};

std::vector<Setting> settings() {
  std::vector<Setting> result{{simd_targets()[0], 2}};
  for (const int64_t target : simd_targets()) result.push_back({target, 1});
  return result;
}

std::string to_string(const Case& c) {
  return fmt::format("{} in units of {}", to_string(c.shape), to_string(c.unit));
}

at::Tensor random_like(const Case& c) {
  return at::randn(c.shape, c.dtype).contiguous(c.order);
}

// With both signs, and 0 in every third place.
at::Tensor random_unit(const Case& c) {
  const at::Tensor unit = at::randn(c.unit, c.dtype);
  const at::Tensor places = at::arange(unit.numel()).reshape(c.unit);
  return unit.masked_fill(places % 3 == 2, 0);
}

Parameter make_parameter(const at::Tensor& value) {
  return {"w", value.clone(at::MemoryFormat::Preserve).set_requires_grad(true), true};
}

at::Tensor divisor_of(const at::Tensor& unit) {
  return unit.masked_fill(unit == 0, 1);
}

// Two solvers of one rule: `solver` has w and its unit, `reference` has v = w / unit.
class Pair {
 public:
  Pair(const std::string& rule, const at::Tensor& value, const at::Tensor& unit)
      : w(make_parameter(value)),
        expected(value.clone(at::MemoryFormat::Preserve)),
        solver(make_solver({.name = rule, .learning_rate = 0.01})),
        v_(make_parameter(value)),
        reference_(make_solver({.name = rule, .learning_rate = 0.01})) {
    w.unit = unit;
    solver->set_parameters({w});
    reference_->set_parameters({v_});
  }

  void step(const at::Tensor& gradient) {
    w.value.mutable_grad() = gradient.clone(at::MemoryFormat::Preserve);
    solver->update();

    const at::NoGradGuard no_grad;
    v_.value.copy_(expected / divisor_of(w.unit));
    v_.value.mutable_grad() = gradient * w.unit;
    reference_->update();
    expected.copy_(at::where(w.unit == 0, expected, v_.value * w.unit));
  }

  void expect_equal() const {
    EXPECT_TRUE(at::equal(w.value.detach(), expected));
    const auto states = solver->state().parameters.at("w").tensors;
    const auto expected_states = reference_->state().parameters.at("w").tensors;
    for (const auto& [name, state] : expected_states) {
      EXPECT_TRUE(at::equal(states.at(name), state)) << name;
    }
  }

  Parameter w;
  at::Tensor expected;
  std::unique_ptr<Solver> solver;

 private:
  Parameter v_;
  std::unique_ptr<Solver> reference_;
};

class SolverUnits : public ::testing::TestWithParam<std::string> {
 protected:
  SolverUnits() { at::manual_seed(7); }
};

TEST_P(SolverUnits, MoveToTheBitAsWithoutThem) {
  for (const Setting& setting : settings()) {
    const SimdTarget target(setting.simd_target);
    const OpenMPThreads threads(setting.threads);
    for (const Case& c : cases()) {
      SCOPED_TRACE(fmt::format("{}, {} threads, {}", to_string(c), setting.threads,
                               hwy::TargetName(setting.simd_target)));
      Pair pair(GetParam(), random_like(c), random_unit(c));
      for (int step = 0; step < 3; ++step) {
        const int64_t version = pair.w.value._version();
        pair.step(random_like(c));
        EXPECT_GT(pair.w.value._version(), version);
      }
      pair.expect_equal();
    }
  }
}

TEST_P(SolverUnits, OfZeroLetNothingMove) {
  for (const Shape& unit : {Shape{}, Shape{20, 1}, Shape{20, 1000}}) {
    const at::Tensor start = at::randn({20, 1000});
    Pair pair(GetParam(), start, at::zeros(unit));
    pair.step(at::randn({20, 1000}));
    EXPECT_TRUE(at::equal(pair.w.value.detach(), start));
  }
}

// Each parameter moves in one solver with others as it does alone.
TEST_P(SolverUnits, AreThoseOfTheirParameters) {
  std::vector<Parameter> together, alone;
  for (const Shape& unit : {Shape{0}, Shape{1}, Shape{1, 1000}, Shape{50, 1}}) {
    Parameter parameter = make_parameter(at::randn({50, 1000}));
    parameter.name = "in units of " + to_string(unit);
    if (unit != Shape{0}) parameter.unit = at::rand(unit) + 0.5;
    parameter.decays = unit != Shape{50, 1};
    together.push_back(parameter);
    parameter.value = make_parameter(parameter.value.detach()).value;
    alone.push_back(parameter);
  }
  const auto step = [](const std::vector<Parameter>& parameters) {
    const auto solver = make_solver({.name = GetParam(), .learning_rate = 0.01});
    solver->set_parameters(parameters);
    for (const Parameter& each : parameters) each.value.mutable_grad() = each.value.detach().cos();
    solver->weight_decay(0.1);
    solver->update();
  };
  step(together);
  for (size_t i = 0; i < alone.size(); ++i) {
    step({alone[i]});
    EXPECT_TRUE(at::equal(together[i].value.detach(), alone[i].value.detach())) << alone[i].name;
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, SolverUnits, ::testing::ValuesIn(solver_names()));

// g + decay * w / unit^2, with the same divisions.
TEST(SolverUnitsDecay, IsThatOfTheValueInItsUnit) {
  at::manual_seed(8);
  constexpr double kDecay = 0.3;
  for (const Setting& setting : settings()) {
    const SimdTarget target(setting.simd_target);
    const OpenMPThreads threads(setting.threads);
    for (const Case& c : cases()) {
      SCOPED_TRACE(fmt::format("{}, {} threads, {}", to_string(c), setting.threads,
                               hwy::TargetName(setting.simd_target)));
      const auto solver = make_solver({.name = "sgd", .learning_rate = 0.01});
      Parameter w = make_parameter(random_like(c));
      w.unit = random_unit(c);
      solver->set_parameters({w});
      const at::Tensor gradient = random_like(c);
      w.value.mutable_grad() = gradient.clone(at::MemoryFormat::Preserve);
      const int64_t version = w.value.grad()._version();
      solver->weight_decay(kDecay);
      EXPECT_GT(w.value.grad()._version(), version);

      const at::Tensor divisor = divisor_of(w.unit);
      const at::Tensor decay = w.value.detach() / divisor / divisor;
      const at::Tensor expected = gradient.add(decay, kDecay);
      // ATen may round the product and the sum at once: half an eps of the product, and each half
      // an eps of the sum.
      const at::Tensor bound = 0x1p-23 * (kDecay * decay.abs() + expected.abs());
      EXPECT_TRUE(((w.value.grad() - expected).abs() <= bound).all().item<bool>());
    }
  }
}

// Lars computes by ATen.
TEST(SteadySolverSteps, TakeNoTensors) {
  for (const std::string& rule : solver_names()) {
    if (rule == "lars") continue;
    const auto solver = make_solver({.name = rule, .learning_rate = 0.01});
    Parameter folded = make_parameter(at::randn({20, 1000}));
    folded.unit = at::randn({20, 1});
    Parameter plain = make_parameter(at::randn({20}));
    plain.name = "b";
    solver->set_parameters({folded, plain});
    folded.value.mutable_grad() = at::randn({20, 1000});
    plain.value.mutable_grad() = at::randn({20});
    solver->update();
    const CountingAllocator allocator;
    solver->weight_decay(0.1);
    solver->update();
    EXPECT_EQ(allocator.count(), 0) << rule;
  }
}

}  // namespace
}  // namespace octet
