#include "octet/train/solver_factory.h"

#include <functional>
#include <utility>

#include "octet/base/error.h"
#include "octet/train/adam.h"
#include "octet/train/adamw.h"
#include "octet/train/lars.h"
#include "octet/train/momentum.h"
#include "octet/train/nesterov.h"
#include "octet/train/rmsprop.h"
#include "octet/train/sgd.h"

namespace octet {

namespace {

template <class SolverType, class Options>
std::unique_ptr<Solver> make(const SolverSettings& settings) {
  Options options;
  options.learning_rate = settings.learning_rate;
  if constexpr (requires { options.momentum; }) {
    options.momentum = settings.momentum.value_or(options.momentum);
  } else {
    OCTET_CHECK(!settings.momentum, "solver", "{} has no momentum", settings.name);
  }
  return std::make_unique<SolverType>(options);
}

using Maker = std::unique_ptr<Solver> (*)(const SolverSettings&);

const std::vector<std::pair<std::string, Maker>>& makers() {
  static const std::vector<std::pair<std::string, Maker>> table = {
      {"sgd", make<Sgd, SgdOptions>},
      {"momentum", make<Momentum, MomentumOptions>},
      {"nesterov", make<Nesterov, NesterovOptions>},
      {"adam", make<Adam, AdamOptions>},
      {"adamw", make<AdamW, AdamWOptions>},
      {"rmsprop", make<RMSprop, RMSpropOptions>},
      {"lars", make<Lars, LarsOptions>},
  };
  return table;
}

}  // namespace

const std::vector<std::string>& solver_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const auto& [name, maker] : makers()) result.push_back(name);
    return result;
  }();
  return names;
}

std::unique_ptr<Solver> make_solver(const SolverSettings& settings) {
  for (const auto& [name, maker] : makers()) {
    if (name == settings.name) return maker(settings);
  }
  throw_error("solver", "'{}' is none of {}", settings.name, fmt::join(solver_names(), ", "));
}

}  // namespace octet
