// Solvers: they hold the parameters that are trained and move them against their gradients.
//
//   Momentum solver({.learning_rate = 0.1, .momentum = 0.9});
//   solver.set_parameters(*network.parameters());
//   ...
//   loss.forward();
//   solver.zero_grad();
//   loss.backward();
//   solver.weight_decay(1e-4);
//   solver.update();
//
// A parameter with a unit is moved as value / unit, and its gradient counts as the one with respect
// to that: in norms, in the decay, and in the update.
//
// A parameter without a gradient rests: update(), weight_decay() and the clips leave it and its
// state as they are, so that its momentum does not coast.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "octet/graph/parameter_store.h"
#include "octet/kernels/solver_updates.h"

namespace octet {

// What a solver knows of one parameter.
struct ParameterState {
  int64_t step = 0;                                // updates so far
  std::map<std::string, at::Tensor> tensors = {};  // of the parameter's shape; names in each solver
};

// Everything that a solver of the same type and options needs to go on as if never stopped. Plain
// data: nothing is shared with the solver that it came from.
struct SolverState {
  std::string solver;                                // Solver::type()
  double learning_rate = 0;                          // in force at the time
  double initial_learning_rate = 0;                  // that the solver was made with
  std::map<std::string, ParameterState> parameters;  // only those that were updated at least once
};

class Solver {
 public:
  virtual ~Solver() = default;
  Solver(const Solver&) = delete;
  Solver& operator=(const Solver&) = delete;

  // The name of the update rule: "Sgd", "Momentum", ...
  virtual std::string type() const = 0;

  // Trains these from now on (those with need_grad). With `keep_state`, a parameter that was there
  // before under the same name and with the same shape keeps its state; all other state is dropped.
  // The tensors are shared with the store: call this again when the store got new ones. Throws
  // Error for a name that occurs twice and for values that are not floats.
  void set_parameters(const std::vector<Parameter>& parameters, bool keep_state = true);
  // Every parameter of the store that has need_grad.
  void set_parameters(const ParameterStore& store, bool keep_state = true);
  std::vector<std::string> parameter_names() const;

  double learning_rate() const { return learning_rate_; }
  // Throws Error unless it is finite and not negative.
  void set_learning_rate(double learning_rate);
  double initial_learning_rate() const { return initial_learning_rate_; }

  // Drops all gradients; g() of each parameter is undefined until the next backward().
  void zero_grad();
  // Adds decay * w to each gradient, to be called before update(); where Parameter::decays is
  // false, here and in rules that have a decay of their own, nothing. Throws Error for a negative
  // rate.
  virtual void weight_decay(double decay);
  // Multiplies every gradient.
  void scale_grad(double factor);
  // Shrinks each gradient on its own to an L2 norm of at most `max_norm`.
  void clip_grad_by_norm(double max_norm);
  // Shrinks all gradients by one factor, so that the L2 norm over all of them is at most
  // `max_norm`. Returns the norm before.
  double clip_grad_by_global_norm(double max_norm);
  // Whether a gradient holds an infinity or a NaN, after which update() had better be left out.
  bool check_inf_or_nan_grad() const;

  // Moves every parameter that has a gradient by one step of the rule.
  void update();

  SolverState state() const;
  // Takes over a state. Throws Error if it comes from a solver of another type, or holds a
  // parameter that this solver has not, or with another shape.
  void set_state(const SolverState& state);

 protected:
  // Throws Error as set_learning_rate() does.
  Solver(const std::string& type, double learning_rate);

  // The parameters that take part in one update, in lists of equal length.
  struct Step {
    std::vector<at::Tensor> values;
    std::vector<at::Tensor> gradients;
    std::vector<at::Tensor> units;                // Parameter::unit
    std::vector<std::vector<at::Tensor>> states;  // [index in state_names()][parameter]
    std::vector<int64_t> counts;                  // updates of each parameter, this one included
    std::vector<bool> decays;                     // Parameter::decays
  };
  // The tensors that the rule keeps per parameter; they begin at zero.
  virtual std::vector<std::string> state_names() const = 0;
  // Applies the rule in one pass over memory, to pieces of the step's parameters. False where it
  // has no kernel for that; then nothing has happened.
  virtual bool apply_pieces(kernels::ParameterPieces pieces, const Step& step) = 0;
  // Applies the rule to tensors of any kind, which are without their units. Both are called without
  // autograd and with at least one parameter.
  virtual void apply(const Step& step) = 0;

 private:
  Step next_step();
  void apply_without_units(const Step& step);
  ParameterState checked_state(const Parameter& parameter, const ParameterState& from) const;

  std::vector<Parameter> parameters_;
  std::map<std::string, ParameterState> states_;
  double learning_rate_;
  double initial_learning_rate_;
};

// Throws Error prefixed with `where` unless 0 <= value < 1; for momentum and decay rates.
void check_rate(double value, const char* what, const std::string& where);
// Throws Error prefixed with `where` unless value is finite and greater than 0.
void check_positive(double value, const char* what, const std::string& where);

}  // namespace octet
