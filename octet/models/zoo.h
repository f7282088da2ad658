// The model zoo: every model by its name.
#pragma once

#include <string>
#include <vector>

#include "octet/models/densenet.h"
#include "octet/models/mobilenet_v1.h"
#include "octet/models/mobilenet_v2.h"
#include "octet/models/resnet.h"

namespace octet::models {

// "mobilenet_v1", "mobilenet_v2", "resnet18", ...
std::vector<std::string> model_names();

bool is_model(const std::string& name);

// The logits (N, num_classes) of the model of that name. Throws Error, with the names that exist,
// for another.
VariableRef build_model(const std::string& name, const VariableRef& image,
                        const ModelOptions& options = {});

}  // namespace octet::models
