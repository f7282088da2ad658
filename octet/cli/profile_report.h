// Where the time of a step goes, layer by layer.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "octet/plan/plan.h"

namespace octet::cli {

// Times of one step: the sums divided by `steps`.
std::vector<plan::StepProfile> mean_profile(std::vector<plan::StepProfile> profile, int64_t steps);

// A table, one line per layer in the order of execution: kernel, milliseconds forward and backward,
// the part of them that convolution primitives take, billions of operations per second, MB moved.
void print_profile(const std::vector<plan::StepProfile>& profile);

// The same as a list of objects.
nlohmann::ordered_json profile_json(const std::vector<plan::StepProfile>& profile);

// The sum over all layers of what convolution primitives take, in seconds.
double primitive_seconds(const std::vector<plan::StepProfile>& profile);

// Writes one mean step in the format of chrome://tracing: the forward pass and, in reverse, the
// backward pass, laid end to end. Throws FileError.
void write_trace(const std::string& path, const std::vector<plan::StepProfile>& profile);

}  // namespace octet::cli
