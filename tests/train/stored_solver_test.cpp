#include "octet/train/stored_solver.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "octet/base/error.h"
#include "octet/train/solver_factory.h"
#include "tests/support/dataset_files.h"

namespace octet {
namespace {

using test::message_of;

// One parameter W (3) and its gradients, which depend on W and the step.
struct Toy {
  ParameterStore store;
  std::unique_ptr<Solver> solver;

  explicit Toy(const std::string& name, const at::Tensor& start = at::ones({3})) {
    store.set("W", start.detach().clone(), true);
    solver = make_solver({.name = name, .learning_rate = 0.1});
    solver->set_parameters(store);
  }
  at::Tensor value() { return store.at("W").value.detach(); }
  void train(int from, int to) {
    for (int i = from; i < to; ++i) {
      store.at("W").value.mutable_grad() =
          value() * 0.5 + at::tensor({1.0F, -2.0F, 0.25F}) * static_cast<float>(i % 3);
      solver->update();
    }
  }
  StoredSolverState stored() const { return stored_state(*solver); }
};

TEST(StoredSolver, GoesOnToTheSameBits) {
  for (const char* name : {"momentum", "nesterov", "adam", "adamw", "rmsprop", "lars"}) {
    SCOPED_TRACE(name);
    Toy whole(name);
    whole.train(0, 20);
    Toy first(name);
    first.train(0, 8);
    Toy anew(name, first.value());
    Toy second(name, first.value());
    EXPECT_TRUE(restore_solver(*second.solver, {{"Other", {}}, first.stored()}, "a.nnp"));
    second.train(8, 20);
    anew.train(8, 20);
    EXPECT_TRUE(at::equal(second.value(), whole.value()));
    EXPECT_FALSE(at::equal(anew.value(), whole.value())) << "the state makes no difference";
    EXPECT_EQ(second.solver->learning_rate(), 0.1);
  }
}

TEST(StoredSolver, LeavesOutWhatIsNotTrained) {
  Toy first("momentum");
  first.train(0, 3);
  StoredSolverState state = first.stored();
  state.parameters["gone"] = state.parameters.at("W");
  Toy second("momentum");
  second.store.set("new", at::ones({2}), true);
  second.solver->set_parameters(second.store);
  EXPECT_TRUE(restore_solver(*second.solver, {state}, "a.nnp"));
  EXPECT_EQ(second.solver->state().parameters.size(), 1u);
  EXPECT_EQ(second.solver->state().parameters.at("W").step, 3);
}

TEST(StoredSolver, SaysWhatDoesNotFit) {
  Toy toy("momentum");
  EXPECT_FALSE(restore_solver(*toy.solver, {}, "a.nnp"));
  EXPECT_FALSE(restore_solver(*toy.solver, {{"Adam", {}}}, "a.nnp"));
  const auto message = [&](StoredParameterState state) {
    return message_of<Error>([&] {
      restore_solver(*toy.solver, {{"Momentum", {{"W", std::move(state)}}}}, "a.nnp");
    });
  };
  EXPECT_EQ(message({1, {{"m", at::ones({2})}}}),
            "[a.nnp] the state of its solver does not fit: [Momentum] the state 'm' of 'W' has "
            "shape (2), the parameter (3)");
  EXPECT_EQ(message({1, {{"v", at::ones({3})}}}),
            "[a.nnp] the state of its solver does not fit: [Momentum] the state of 'W' lacks its "
            "tensor 'm'");
}

}  // namespace
}  // namespace octet
