#include "octet/formats/onnx/convolution_attributes.h"

namespace octet {

IntList both_ends(const Shape& pad) {
  IntList pads(pad.begin(), pad.end());
  pads.insert(pads.end(), pad.begin(), pad.end());
  return pads;
}

Shape kernel_of(const Shape& weight, int64_t others, bool channel_last) {
  const auto first = weight.begin() + (channel_last ? 1 : others);
  return {std::vector<int64_t>(first, weight.end() - (channel_last ? 1 : 0))};
}

}  // namespace octet
