// How good a classifier is.
#pragma once

#include "octet/graph/network.h"
#include "octet/train/data_loader.h"
#include "octet/train/progress.h"

namespace octet {

// The share, in percent, of the loader's examples whose label has not the highest score. `image`
// and `pred` are the input and the output (N, classes) of one network. Goes through one epoch from
// its beginning; the loader should neither shuffle nor drop the last batch. Throws Error if labels
// or image shapes do not fit the network.
double top1_error(const VariableRef& image, const VariableRef& pred, DataLoader& loader,
                  Progress* progress = nullptr);

}  // namespace octet
