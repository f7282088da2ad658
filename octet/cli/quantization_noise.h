// What quantization costs each layer of a network: signal to noise ratios between a float network
// and the quantized one that was made from it.
#pragma once

#include <optional>

#include "octet/cli/compare_networks.h"
#include "octet/quant/signal_to_noise.h"
#include "octet/targets/integer_values.h"

namespace octet::cli {

// A value of the float network and what it was held against.
struct LayerNoise {
  std::string value;
  std::string type;       // of the function that makes it
  std::string quantized;  // the value of the quantized network, by its name there
  SignalToNoise ratio;
};

// A value of the float network that the quantized one has not.
struct UnmatchedValue {
  std::string value;
  std::string type;
  std::string reason;
};

// Values are found by name, the network's outputs by their position. Where the quantized network
// quantizes a value, the float value is held against the dequantized integers (of Q/DQ pairs, or of
// an integer function, whose result is called VALUE_quantized); where it does not, against the
// value itself. A value that went into a layer (a convolution whose batch normalization is folded,
// or whose ReLU is fused) has no counterpart; the value behind it has.
class QuantizationNoise {
 public:
  QuantizationNoise(const Model& float_model, const Model& quantized_model);

  // Adds one value of the float network, given all values of the quantized one.
  void add(VariableId value, const at::Tensor& tensor, const NamedValues& quantized);

  // The worst ratio first.
  std::vector<LayerNoise> layers() const;
  // In the order of the float network.
  const std::vector<UnmatchedValue>& unmatched() const { return unmatched_; }

 private:
  struct Match {
    VariableId value = kNoId;
    VariableId counterpart = kNoId;
    std::optional<IntegerQParams> qparams;  // where the counterpart is integers
    SignalToNoise ratio;
  };

  void match(VariableId value);
  bool match_by_name(VariableId value, const std::string& name);
  void add_match(VariableId value, VariableId counterpart);
  std::string reason_for(const Function& function) const;
  at::Tensor real_value(const Match& match, const at::Tensor& tensor) const;
  std::string type_of(VariableId value) const;

  const Model& float_model_;
  const Model& quantized_model_;
  std::map<VariableId, IntegerQParams> integers_;
  std::map<std::string, VariableId> values_;  // of the quantized network
  std::map<std::string, VariableId> layers_;  // its named functions: their first outputs
  std::map<VariableId, std::vector<VariableId>> quantized_from_;
  std::map<VariableId, std::vector<Match>> matches_;
  std::vector<UnmatchedValue> unmatched_;
};

}  // namespace octet::cli
