// A recurrent layer: an RNN, a GRU or an LSTM over a sequence, with the equations, the order of
// gates and the shapes of ONNX's operators of these names. (The RNN, LSTM and GRU of .nnp files
// have other inputs.)
//
// T steps of N samples with I features, H hidden values, D directions, G gates (RNN 1, GRU 3: z r
// h, LSTM 4: i o f c). Inputs, in this order:
//   x (T, N, I), weight (D, G H, I), recurrent_weight (D, G H, H), bias (D, 2 G H): those of the
//   inputs, then those of the state; initial_h (D, N or 1, H); for an LSTM initial_c (D, N or 1, H)
//   and peepholes (D, 3 H: i o f); and, if it is there, lengths (N): the number of steps of each
//   sample. Behind them y is zero and the state rests.
// Outputs: y (T, D, N, H), the last state (D, N, H), and for an LSTM the last cell (D, N, H).
//
// direction: "forward", "reverse" (from each sample's end), "bidirectional" (D = 2, forward first).
// activations: names as in ONNX, separated by commas, for all directions together; empty means
// Sigmoid for gates and Tanh for the rest. Sigmoid, Tanh, Relu, Elu, HardSigmoid, Softsign and
// Softplus are known, with ONNX's default parameters. clip: bounds the activations' arguments to
// [-clip, clip]; 0 means no bound. linear_before_reset (GRU) and input_forget (LSTM, f = 1 - i): as
// in ONNX. Where ONNX leaves out an input, give zeros; its layout 1 is a Transpose around this.
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct Recurrence {
  OCTET_ATTRIBUTES(Recurrence, cell, direction, activations, clip, linear_before_reset,
                   input_forget)
  static constexpr bool kManyOutputs = true;
  static constexpr std::array kInputs{InputSpec{"x"},
                                      InputSpec{.name = "weight", .parameter = true},
                                      InputSpec{.name = "recurrent_weight", .parameter = true},
                                      InputSpec{.name = "bias", .parameter = true},
                                      InputSpec{"initial_h"},
                                      InputSpec{.name = "initial_c_or_lengths", .optional = true},
                                      InputSpec{.name = "peepholes", .optional = true},
                                      InputSpec{.name = "lengths", .optional = true}};
  std::string cell = "LSTM";
  std::string direction = "forward";
  std::string activations = "";
  float clip = 0.0F;
  bool linear_before_reset = false;
  bool input_forget = false;
};

}  // namespace octet
