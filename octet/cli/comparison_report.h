// How octet verify shows what it found.
#pragma once

#include <nlohmann/json.hpp>

#include "octet/cli/compare_networks.h"
#include "octet/cli/quantization_noise.h"

namespace octet::cli {

// Tables on standard output: a row for each value; nothing where there is none.
void print_layers(const std::vector<LayerDifference>& layers);
// Signal to noise ratios, the worst first, then the values without a counterpart.
void print_noise(const QuantizationNoise& noise);

// nan_a and nan_b, the numbers of elements that are NaN, only where there are any.
nlohmann::ordered_json figures_of(const Difference& difference);
// {"layers": [...]}
nlohmann::ordered_json details_of(const std::vector<LayerDifference>& layers);
// The worst ratio goes to the figures, the list of all ("sqnr", "unmatched") to the details. JSON
// has no infinity: null where nothing differs, or where values are not finite.
void add_noise(const QuantizationNoise& noise, nlohmann::ordered_json& figures,
               nlohmann::ordered_json& details);

}  // namespace octet::cli
