#include "octet/ops/recurrence.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/index_checks.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

using Activation = at::Tensor (*)(const at::Tensor&);

struct ActivationRow {
  std::string_view name;
  Activation apply;
};
constexpr std::array kActivations{
    ActivationRow{"Sigmoid", [](const at::Tensor& x) { return x.sigmoid(); }},
    ActivationRow{"Tanh", [](const at::Tensor& x) { return x.tanh(); }},
    ActivationRow{"Relu", [](const at::Tensor& x) { return x.relu(); }},
    ActivationRow{"Elu", [](const at::Tensor& x) { return at::elu(x); }},
    ActivationRow{"HardSigmoid", [](const at::Tensor& x) { return (x * 0.2 + 0.5).clamp(0, 1); }},
    ActivationRow{"Softsign", [](const at::Tensor& x) { return x / (x.abs() + 1); }},
    ActivationRow{"Softplus", [](const at::Tensor& x) { return at::softplus(x); }}};

struct CellRow {
  std::string_view name;
  int64_t gates;
  size_t inputs;  // without lengths
  std::string_view activations;
};
constexpr std::array kCells{CellRow{"RNN", 1, 5, "Tanh"}, CellRow{"GRU", 3, 5, "Sigmoid,Tanh"},
                            CellRow{"LSTM", 4, 7, "Sigmoid,Tanh,Tanh"}};

const CellRow& cell_of(const Recurrence& op) {
  for (const CellRow& row : kCells) {
    if (row.name == op.cell) return row;
  }
  throw_error(op.kType, "cell '{}' is not one of RNN, GRU, LSTM", op.cell);
}

Activation activation_of(std::string_view name) {
  for (const ActivationRow& row : kActivations) {
    if (row.name == name) return row.apply;
  }
  throw_error(Recurrence::kType,
              "activation '{}' is not one of Sigmoid, Tanh, Relu, Elu, HardSigmoid, Softsign, "
              "Softplus",
              name);
}

std::vector<Activation> parse_activations(std::string_view text) {
  std::vector<Activation> parsed;
  for (size_t comma = 0; comma != std::string_view::npos;) {
    comma = text.find(',');
    parsed.push_back(activation_of(text.substr(0, comma)));
    if (comma != std::string_view::npos) text.remove_prefix(comma + 1);
  }
  return parsed;
}

// Those of each direction.
std::vector<std::vector<Activation>> activations_of(const Recurrence& op, int64_t directions) {
  const std::string_view usual = cell_of(op).activations;
  const std::vector<Activation> of_one = parse_activations(usual);
  std::vector<std::vector<Activation>> result(static_cast<size_t>(directions), of_one);
  if (op.activations.empty()) return result;
  const std::vector<Activation> given = parse_activations(op.activations);
  OCTET_CHECK(given.size() == of_one.size() * result.size(), op.kType,
              "activations '{}' are not {} for each of {} directions", op.activations,
              of_one.size(), directions);
  for (size_t i = 0; i < given.size(); ++i) result[i / of_one.size()][i % of_one.size()] = given[i];
  return result;
}

int64_t directions_of(const Recurrence& op) {
  if (op.direction == "bidirectional") return 2;
  OCTET_CHECK(op.direction == "forward" || op.direction == "reverse", op.kType,
              "direction '{}' is not one of forward, reverse, bidirectional", op.direction);
  return 1;
}

void check_input(InputTypes inputs, size_t index, std::string_view name, const Shape& expected,
                 bool may_be_one = false) {
  const Shape& given = inputs[index].shape;
  bool fits = given.rank() == expected.rank();
  for (int64_t i = 0; fits && i < given.rank(); ++i) {
    fits = extents_agree(given[i], expected[i]) || (may_be_one && i == 1 && given[i] == 1);
  }
  OCTET_CHECK(fits, Recurrence::kType, "{} {} must be {}", name, to_string(given),
              to_string(expected));
  OCTET_CHECK(inputs[index].dtype == inputs[0].dtype, Recurrence::kType, "{} {} must be {}", name,
              to_string(inputs[index].dtype), to_string(inputs[0].dtype));
}

// What one direction computes with.
struct Layer {
  at::Tensor recurrent_weight;  // (H, G H)
  at::Tensor input_bias;        // (G H)
  at::Tensor state_bias;
  at::Tensor peepholes;  // (3 H), LSTM
  std::vector<Activation> activations;
};

struct State {
  at::Tensor h;  // (N, H)
  at::Tensor c;
};

State next_state(const Recurrence& op, const Layer& layer, const at::Tensor& from_input,
                 const State& state) {
  const auto activated = [&](size_t i, const at::Tensor& x) {
    return layer.activations[i](op.clip > 0 ? x.clamp(-op.clip, op.clip) : x);
  };
  const at::Tensor input = from_input + layer.input_bias;
  const at::Tensor recurrent = state.h.matmul(layer.recurrent_weight) + layer.state_bias;
  if (op.cell == "RNN") return {activated(0, input + recurrent), {}};
  const auto in = input.chunk(cell_of(op).gates, -1);
  const auto back = recurrent.chunk(cell_of(op).gates, -1);
  if (op.cell == "GRU") {
    const at::Tensor z = activated(0, in[0] + back[0]);
    const at::Tensor r = activated(0, in[1] + back[1]);
    at::Tensor memory = r * back[2];
    if (!op.linear_before_reset) {
      const int64_t hidden = state.h.size(1);
      memory = (r * state.h).matmul(layer.recurrent_weight.narrow(1, 2 * hidden, hidden)) +
               layer.state_bias.narrow(0, 2 * hidden, hidden);
    }
    return {(1 - z) * activated(1, in[2] + memory) + z * state.h, {}};
  }
  const auto peephole = layer.peepholes.chunk(3);
  const at::Tensor i = activated(0, in[0] + back[0] + peephole[0] * state.c);
  const at::Tensor f =
      op.input_forget ? 1 - i : activated(0, in[2] + back[2] + peephole[2] * state.c);
  const at::Tensor c = f * state.c + i * activated(1, in[3] + back[3]);
  const at::Tensor o = activated(0, in[1] + back[1] + peephole[1] * c);
  return {o * activated(2, c), c};
}

// The first lengths[n] steps of each sample turned around; x: (T, N, ...).
at::Tensor reversed(const at::Tensor& x, const at::Tensor& lengths) {
  if (!lengths.defined()) return x.flip(0);
  const at::Tensor time = at::arange(x.size(0), lengths.options()).unsqueeze(1);
  const at::Tensor source = at::where(time.lt(lengths), lengths - 1 - time, time);
  return x.gather(0, source.unsqueeze(-1).expand_as(x));
}

// y (T, N, H); `state` becomes the last one.
at::Tensor run(const Recurrence& op, const Layer& layer, const at::Tensor& from_input,
               const at::Tensor& lengths, State& state) {
  std::vector<at::Tensor> outputs;
  for (int64_t t = 0; t < from_input.size(0); ++t) {
    State next = next_state(op, layer, from_input[t], state);
    at::Tensor y = next.h;
    if (lengths.defined()) {
      const at::Tensor runs = lengths.gt(t).unsqueeze(1);
      y = y.masked_fill(runs.logical_not(), 0);
      next.h = at::where(runs, next.h, state.h);
      if (next.c.defined()) next.c = at::where(runs, next.c, state.c);
    }
    outputs.push_back(y);
    state = next;
  }
  return at::stack(outputs);
}

}  // namespace

OutputTypes infer(const Recurrence& op, InputTypes inputs) {
  check_floating(inputs[0], op.kType);
  const CellRow& cell = cell_of(op);
  const Shape& x = inputs[0].shape;
  const int64_t directions = directions_of(op);
  activations_of(op, directions);
  OCTET_CHECK(op.clip >= 0, op.kType, "clip {} must not be below 0", op.clip);
  OCTET_CHECK(inputs.size() == cell.inputs || inputs.size() == cell.inputs + 1, op.kType,
              "a {} needs {} inputs, or {} with lengths, got {}", op.cell, cell.inputs,
              cell.inputs + 1, inputs.size());
  OCTET_CHECK(x.rank() == 3 && x[0] != 0 && inputs[2].shape.rank() == 3, op.kType,
              "x {} and recurrent_weight {} must be (T, N, I) and (D, {} H, H)", to_string(x),
              to_string(inputs[2].shape), cell.gates);
  const int64_t hidden = inputs[2].shape[2];
  const int64_t rows = cell.gates * hidden;
  const Shape state{directions, x[1], hidden};
  check_input(inputs, 1, "weight", {directions, rows, x[2]});
  check_input(inputs, 2, "recurrent_weight", {directions, rows, hidden});
  check_input(inputs, 3, "bias", {directions, 2 * rows});
  check_input(inputs, 4, "initial_h", state, /*may_be_one=*/true);
  const bool lstm = op.cell == "LSTM";
  if (lstm) {
    check_input(inputs, 5, "initial_c", state, /*may_be_one=*/true);
    check_input(inputs, 6, "peepholes", {directions, 3 * hidden});
  }
  if (inputs.size() > cell.inputs) {
    const Shape& lengths = inputs[cell.inputs].shape;
    OCTET_CHECK(lengths.rank() == 1 && extents_agree(lengths[0], x[1]), op.kType,
                "lengths {} must be ({})", to_string(lengths), x[1]);
  }
  const DType dtype = inputs[0].dtype;
  OutputTypes outputs{{dtype, {x[0], directions, x[1], hidden}, {}}, {dtype, state, {}}};
  if (lstm) outputs.push_back({dtype, state, {}});
  return outputs;
}

OutputTensors forward(const Recurrence& op, InputTensors inputs, ForwardContext& context) {
  const at::Tensor& x = inputs[0];
  const CellRow& cell = cell_of(op);
  const bool lstm = op.cell == "LSTM";
  const int64_t hidden = inputs[2].size(2);
  const int64_t rows = cell.gates * hidden;
  const auto activations = activations_of(op, directions_of(op));
  at::Tensor lengths;
  if (inputs.size() > cell.inputs) {
    lengths =
        checked_integers(inputs[cell.inputs], 0, x.size(0), "length", location(context, op.kType));
  }
  std::vector<at::Tensor> y, last_h, last_c;
  for (int64_t d = 0; d < directions_of(op); ++d) {
    const bool backwards = op.direction == "reverse" || d == 1;
    const at::Tensor bias = inputs[3][d];
    const Layer layer{inputs[2][d].t(), bias.narrow(0, 0, rows), bias.narrow(0, rows, rows),
                      lstm ? inputs[6][d] : at::Tensor(), activations[static_cast<size_t>(d)]};
    State state{inputs[4][d].expand({x.size(1), hidden}),
                lstm ? inputs[5][d].expand({x.size(1), hidden}) : at::Tensor()};
    const at::Tensor steps = backwards ? reversed(x, lengths) : x;
    const at::Tensor outputs = run(op, layer, steps.matmul(inputs[1][d].t()), lengths, state);
    y.push_back(backwards ? reversed(outputs, lengths) : outputs);
    last_h.push_back(state.h);
    last_c.push_back(state.c);
  }
  if (!lstm) return {at::stack(y, 1), at::stack(last_h)};
  return {at::stack(y, 1), at::stack(last_h), at::stack(last_c)};
}

}  // namespace octet
