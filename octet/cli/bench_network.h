// What octet bench measures: a network in the form that the mode names.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "octet/cli/model_formats.h"
#include "octet/cli/quantization_options.h"
#include "octet/qat/qat_scheduler.h"
#include "octet/train/network_pair.h"

namespace octet::cli {

// A row of the table of modes. Without a precision the network is float.
struct BenchMode {
  std::string_view name;
  bool training;  // a step is forward, backward and update; otherwise the validation forward
  std::optional<PrecisionMode> precision;
};

std::span<const BenchMode> bench_modes();
const BenchMode& bench_mode(std::string_view name);  // which must be in the table

struct BenchNetwork {
  NetworkPair networks;                     // for training, image and label filled in
  std::unique_ptr<QATScheduler> scheduler;  // what quantized them; none for a float network
  VariableRef image;                        // for inference, filled in
  VariableRef pred;
};

// Brings a network into the mode's form. A precision records ranges on one batch of random images
// and converts; for QNN and for inference batch normalization is folded whatever the config says,
// as it has no integer form. For inference weights are the integers that a deployed file has. A
// network that is quantized already runs as it is, in infer_int8 turned into integer functions;
// Error, prefixed with `where`, for the other modes. The solver must outlive the result.
BenchNetwork make_bench_network(const Model& model, const BenchMode& mode,
                                const QuantizationOptions& quantization, int64_t batch,
                                Solver& solver, const std::string& where);

// Writes the network of inference, or the validation network of training, by the extension of
// `path`, with weights as integers where they are measured so.
void save_bench_network(const std::string& path, const BenchNetwork& network,
                        const BenchMode& mode);

}  // namespace octet::cli
