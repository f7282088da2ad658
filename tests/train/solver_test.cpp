#include "octet/train/solver.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "octet/base/error.h"
#include "octet/train/adam.h"
#include "octet/train/momentum.h"
#include "octet/train/sgd.h"
#include "octet/train/solver_factory.h"

namespace octet {
namespace {

Parameter make_parameter(const std::string& name, const at::Tensor& value, bool need_grad = true) {
  at::Tensor leaf = value.clone();
  if (at::isFloatingType(leaf.scalar_type())) leaf.set_requires_grad(need_grad);
  return {name, leaf, need_grad};
}

void set_gradient(const Parameter& parameter, const at::Tensor& gradient) {
  parameter.value.mutable_grad() = gradient.clone();
}

template <class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Solver, TakesTheTrainedParametersOfAStore) {
  ParameterStore store;
  store.set("conv/W", at::ones({2, 2}), true);
  store.set("bn/mean", at::zeros({2}), false);
  store.set("conv/b", at::zeros({2}), true);
  Sgd solver;
  solver.set_parameters(store);
  EXPECT_EQ(solver.parameter_names(), (std::vector<std::string>{"conv/W", "conv/b"}));
}

TEST(Solver, UpdatesTheStoresOwnTensorAfterBackward) {
  ParameterStore store;
  store.set("w", at::tensor({1.0F, 2.0F}), true);
  Sgd solver({.learning_rate = 0.5});
  solver.set_parameters(store);
  (store.at("w").value * store.at("w").value).sum().backward();
  solver.update();
  EXPECT_TRUE(at::equal(store.at("w").value.detach(), at::tensor({0.0F, 0.0F})));
  EXPECT_TRUE(store.at("w").value.requires_grad());
}

// w = unit * v moves as v does, whatever the rule, with decay and clipping.
class SolverUnit : public ::testing::TestWithParam<std::string> {};

TEST_P(SolverUnit, MovesAsWithoutTheUnit) {
  const at::Tensor unit = at::tensor({0.01F, 0.5F, 30.0F}).reshape({3, 1});
  const Parameter v = make_parameter("p", at::arange(1, 7).to(at::kFloat).reshape({3, 2}));
  Parameter w = make_parameter("p", v.value.detach() * unit);
  w.unit = unit;
  const auto by_v = make_solver({.name = GetParam(), .learning_rate = 0.01});
  const auto by_w = make_solver({.name = GetParam(), .learning_rate = 0.01});
  by_v->set_parameters({v});
  by_w->set_parameters({w});
  for (int step = 0; step < 5; ++step) {
    by_v->zero_grad();
    by_w->zero_grad();
    (v.value * unit).cos().sum().backward();
    w.value.cos().sum().backward();
    by_v->weight_decay(0.1);
    by_w->weight_decay(0.1);
    const double norm = by_v->clip_grad_by_global_norm(1.5);
    EXPECT_NEAR(by_w->clip_grad_by_global_norm(1.5), norm, 1e-5 * norm);
    by_v->update();
    by_w->update();
  }
  // Some ten roundings in each of five steps.
  EXPECT_TRUE(at::allclose(w.value.detach(), v.value.detach() * unit, 1e-5, 0)) << w.value;
}

INSTANTIATE_TEST_SUITE_P(Rules, SolverUnit,
                         ::testing::Values("sgd", "momentum", "nesterov", "adam", "adamw",
                                           "rmsprop", "lars"));

// Parameters of float32 are updated piece by piece in one pass, others by ATen tensor by tensor.
class SolverRule : public ::testing::TestWithParam<std::string> {};

TEST_P(SolverRule, ForFloatsIsThatForDoubles) {
  const at::Tensor large = at::linspace(-2, 2, 50000).to(at::kFloat).reshape({250, 200});
  // In another order of memory, and with fewer elements than a vector.
  const std::vector<at::Tensor> values{large, large.t().clone(at::MemoryFormat::Preserve),
                                       large.flatten().slice(0, 0, 3)};
  std::vector<Parameter> floats, doubles;
  for (size_t i = 0; i < values.size(); ++i) {
    Parameter of_floats{fmt::format("p{}", i), values[i].clone(at::MemoryFormat::Preserve), true};
    of_floats.value.set_requires_grad(true);
    floats.push_back(of_floats);
    doubles.push_back(make_parameter(of_floats.name, values[i].to(at::kDouble)));
  }
  const auto solver = make_solver({.name = GetParam(), .learning_rate = 0.01});
  const auto reference = make_solver({.name = GetParam(), .learning_rate = 0.01});
  solver->set_parameters(floats);
  reference->set_parameters(doubles);
  for (int step = 0; step < 3; ++step) {
    for (size_t i = 0; i < values.size(); ++i) {
      const at::Tensor gradient = (values[i] * (step + 1)).cos();
      floats[i].value.mutable_grad() = gradient;
      doubles[i].value.mutable_grad() = gradient.to(at::kDouble);
    }
    const int64_t version = floats[0].value._version();
    solver->update();
    reference->update();
    EXPECT_GT(floats[0].value._version(), version);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const at::Tensor difference =
        (floats[i].value.detach().to(at::kDouble) - doubles[i].value.detach()).abs();
    // Some ten roundings of values up to 2 in each of three steps.
    EXPECT_LT(difference.max().item<double>(), 16 * 0x1p-23) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, SolverRule,
                         ::testing::Values("sgd", "momentum", "nesterov", "adam", "adamw",
                                           "rmsprop", "lars"));

TEST(Solver, AParameterRestsWhereItsUnitIsZero) {
  Parameter w = make_parameter("w", at::tensor({2.0F, 3.0F}));
  w.unit = at::tensor({0.0F, 1.0F});
  Sgd solver({.learning_rate = 0.5});
  solver.set_parameters({w});
  set_gradient(w, at::tensor({7.0F, 2.0F}));
  solver.weight_decay(0.1);
  solver.update();
  EXPECT_EQ(w.value[0].item<float>(), 2.0F);
  EXPECT_FLOAT_EQ(w.value[1].item<float>(), 3.0F - 0.5F * 2.3F);
}

TEST(Solver, ZeroGradLeavesNoGradient) {
  const Parameter w = make_parameter("w", at::ones({2}));
  Sgd solver;
  solver.set_parameters({w});
  set_gradient(w, at::ones({2}));
  solver.zero_grad();
  EXPECT_FALSE(w.value.grad().defined());
}

TEST(Solver, ParametersWithoutGradientRest) {
  const Parameter moved = make_parameter("moved", at::ones({2}));
  const Parameter resting = make_parameter("resting", at::ones({2}));
  Momentum solver({.learning_rate = 0.5, .momentum = 0.5});
  solver.set_parameters({moved, resting});
  set_gradient(moved, at::ones({2}));
  set_gradient(resting, at::ones({2}));
  solver.update();
  solver.zero_grad();
  set_gradient(moved, at::ones({2}));
  solver.weight_decay(0.1);
  solver.clip_grad_by_norm(1e-3);
  solver.update();
  EXPECT_TRUE(at::equal(resting.value.detach(), at::full({2}, 0.5F)));
  EXPECT_TRUE(
      at::equal(solver.state().parameters.at("resting").tensors.at("m"), at::full({2}, 0.5F)));
  EXPECT_EQ(solver.state().parameters.at("resting").step, 1);
  EXPECT_EQ(solver.state().parameters.at("moved").step, 2);
}

TEST(Solver, UpdateWithoutAnyGradientDoesNothing) {
  const Parameter w = make_parameter("w", at::ones({2}));
  Adam solver;
  solver.set_parameters({w});
  solver.weight_decay(0.1);
  solver.scale_grad(2);
  solver.clip_grad_by_norm(1);
  EXPECT_EQ(solver.clip_grad_by_global_norm(1), 0);
  EXPECT_FALSE(solver.check_inf_or_nan_grad());
  solver.update();
  EXPECT_TRUE(at::equal(w.value.detach(), at::ones({2})));
  EXPECT_TRUE(solver.state().parameters.empty());
}

TEST(Solver, WeightDecayAddsToTheGradient) {
  const Parameter w = make_parameter("w", at::tensor({2.0F, -4.0F}));
  Sgd solver;
  solver.set_parameters({w});
  set_gradient(w, at::tensor({1.0F, 1.0F}));
  solver.weight_decay(0.25);
  EXPECT_TRUE(at::equal(w.value.grad(), at::tensor({1.5F, 0.0F})));
}

TEST(Solver, WeightDecayLeavesOutWhatDoesNotDecay) {
  const Parameter w = make_parameter("w", at::tensor({4.0F}));
  Parameter scale = make_parameter("log2-scale", at::tensor({-5.0F}));
  scale.decays = false;
  Sgd solver;
  solver.set_parameters({w, scale});
  set_gradient(w, at::tensor({1.0F}));
  set_gradient(scale, at::tensor({1.0F}));
  solver.weight_decay(0.25);
  EXPECT_EQ(w.value.grad().item<float>(), 2);
  EXPECT_EQ(scale.value.grad().item<float>(), 1);
}

TEST(ParameterStore, ClonesKeepWhetherAParameterDecays) {
  ParameterStore store;
  store.set("log2-scale", at::zeros({1}), true).decays = false;
  store.set("w", at::zeros({1}), true);
  const ParameterStore copy = store.clone();
  EXPECT_FALSE(copy.at("log2-scale").decays);
  EXPECT_TRUE(copy.at("w").decays);
}

TEST(Solver, ClipsEachGradientOnItsOwn) {
  const Parameter a = make_parameter("a", at::zeros({2}));
  const Parameter b = make_parameter("b", at::zeros({1, 1}));
  const Parameter zero = make_parameter("zero", at::zeros({3}));
  Sgd solver;
  solver.set_parameters({a, b, zero});
  set_gradient(a, at::tensor({3.0F, 4.0F}));
  set_gradient(b, at::full({1, 1}, 0.5F));
  set_gradient(zero, at::zeros({3}));
  solver.clip_grad_by_norm(1);
  EXPECT_TRUE(at::allclose(a.value.grad(), at::tensor({0.6F, 0.8F}), 1e-6, 0));
  EXPECT_TRUE(at::equal(b.value.grad(), at::full({1, 1}, 0.5F)));
  EXPECT_TRUE(at::equal(zero.value.grad(), at::zeros({3})));
}

TEST(Solver, ClipsAllGradientsTogether) {
  const Parameter a = make_parameter("a", at::zeros({2}));
  const Parameter b = make_parameter("b", at::zeros({1}));
  Sgd solver;
  solver.set_parameters({a, b});
  set_gradient(a, at::tensor({3.0F, 4.0F}));
  set_gradient(b, at::tensor({12.0F}));
  EXPECT_DOUBLE_EQ(solver.clip_grad_by_global_norm(20), 13);
  EXPECT_TRUE(at::equal(b.value.grad(), at::tensor({12.0F})));
  EXPECT_DOUBLE_EQ(solver.clip_grad_by_global_norm(6.5), 13);
  EXPECT_TRUE(at::equal(a.value.grad(), at::tensor({1.5F, 2.0F})));
  EXPECT_TRUE(at::equal(b.value.grad(), at::tensor({6.0F})));
}

TEST(Solver, FindsInfinityAndNanInGradients) {
  const Parameter a = make_parameter("a", at::zeros({2}));
  const Parameter b = make_parameter("b", at::zeros({2}));
  Sgd solver;
  solver.set_parameters({a, b});
  set_gradient(a, at::tensor({3.0F, 4.0F}));
  EXPECT_FALSE(solver.check_inf_or_nan_grad());
  set_gradient(b, at::tensor({1.0F, -std::numeric_limits<float>::infinity()}));
  EXPECT_TRUE(solver.check_inf_or_nan_grad());
  set_gradient(b, at::tensor({std::numeric_limits<float>::quiet_NaN(), 0.0F}));
  EXPECT_TRUE(solver.check_inf_or_nan_grad());
}

TEST(Solver, KeepsTheStateOfParametersThatStay) {
  const Parameter stays = make_parameter("stays", at::zeros({2}));
  const Parameter goes = make_parameter("goes", at::zeros({2}));
  const Parameter reshaped = make_parameter("reshaped", at::zeros({2}));
  Momentum solver({.learning_rate = 1, .momentum = 0.5});
  solver.set_parameters({stays, goes, reshaped});
  for (const Parameter& parameter : {stays, goes, reshaped}) set_gradient(parameter, at::ones({2}));
  solver.update();

  const Parameter wider = make_parameter("reshaped", at::zeros({3}));
  solver.set_parameters({stays, wider});
  const SolverState kept = solver.state();
  ASSERT_EQ(kept.parameters.size(), 1u);
  EXPECT_TRUE(at::equal(kept.parameters.at("stays").tensors.at("m"), at::ones({2})));

  solver.set_parameters({stays}, /*keep_state=*/false);
  EXPECT_TRUE(solver.state().parameters.empty());
}

// Two solvers, one of which is replaced by another with its state halfway, stay bit for bit equal.
TEST(Solver, GoesOnFromASavedState) {
  at::Tensor start = at::arange(6, at::kFloat).reshape({2, 3});
  const Parameter whole = make_parameter("w", start);
  Parameter resumed = make_parameter("w", start);
  Adam first({.learning_rate = 0.1});
  Adam before({.learning_rate = 0.1});
  first.set_parameters({whole});
  before.set_parameters({resumed});
  const auto train = [](Solver& solver, const Parameter& w, int step) {
    set_gradient(w, w.value.detach() * 2 + step);
    solver.update();
  };
  for (int i = 0; i < 3; ++i) {
    train(first, whole, i);
    train(before, resumed, i);
  }
  before.set_learning_rate(0.01);
  first.set_learning_rate(0.01);
  const SolverState state = before.state();
  train(before, resumed, 100);  // must not reach into the state
  resumed = make_parameter("w", whole.value.detach());
  Adam after({.learning_rate = 0.5});
  after.set_parameters({resumed});
  after.set_state(state);
  EXPECT_EQ(after.learning_rate(), 0.01);
  EXPECT_EQ(after.initial_learning_rate(), 0.1);
  for (int i = 3; i < 6; ++i) {
    train(first, whole, i);
    train(after, resumed, i);
  }
  EXPECT_TRUE(at::equal(whole.value.detach(), resumed.value.detach()));
}

TEST(Solver, SaysWhatIsWrongWithAState) {
  const Parameter w = make_parameter("w", at::zeros({2}));
  Momentum solver;
  solver.set_parameters({w});
  SolverState state = solver.state();
  EXPECT_EQ(state.solver, "Momentum");
  state.solver = "Adam";
  EXPECT_EQ(message_of([&] { solver.set_state(state); }),
            "[Momentum] the state was saved by another solver, Adam");
  state.solver = "Momentum";
  state.parameters["other"] = {};
  EXPECT_EQ(message_of([&] { solver.set_state(state); }),
            "[Momentum] the state is of a parameter 'other' that the solver does not have");
  state.parameters = {{"w", {}}};
  EXPECT_EQ(message_of([&] { solver.set_state(state); }),
            "[Momentum] the state of 'w' lacks its tensor 'm'");
  state.parameters["w"].tensors["m"] = at::zeros({3});
  EXPECT_EQ(message_of([&] { solver.set_state(state); }),
            "[Momentum] the state 'm' of 'w' has shape (3), the parameter (2)");
}

TEST(Solver, SaysWhatIsWrongWithParametersAndNumbers) {
  const Parameter w = make_parameter("w", at::zeros({2}));
  Sgd solver;
  EXPECT_EQ(message_of([&] {
              solver.set_parameters({w, w});
            }),
            "[Sgd] the parameter 'w' is given twice");
  EXPECT_EQ(
      message_of([&] { solver.set_parameters({make_parameter("i", at::zeros({2}, at::kLong))}); }),
      "[Sgd] the parameter 'i' holds no floats, so it cannot be trained");
  EXPECT_EQ(message_of([&] { solver.set_learning_rate(-1); }),
            "[Sgd] the learning rate must be 0 or more, not -1");
  EXPECT_EQ(message_of([&] { solver.weight_decay(-0.5); }),
            "[Sgd] the weight decay must be 0 or more, not -0.5");
  EXPECT_EQ(message_of([&] { solver.clip_grad_by_norm(0); }),
            "[Sgd] the norm to clip at must be greater than 0, not 0");
  EXPECT_EQ(message_of([&] { solver.clip_grad_by_global_norm(-2); }),
            "[Sgd] the norm to clip at must be greater than 0, not -2");
}

}  // namespace
}  // namespace octet
