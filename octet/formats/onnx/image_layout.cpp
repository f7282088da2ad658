#include "octet/formats/onnx/image_layout.h"

namespace octet {

ImageLayout::ImageLayout(LayerExporter& layer, int64_t spatial, bool channel_last)
    : layer_(layer), rank_(layer.rank(0)), spatial_(spatial), channel_last_(channel_last) {}

// The last dimension in front of the spatial ones.
IntList ImageLayout::to_first() const {
  IntList permutation;
  const int64_t leading = rank_ - spatial_ - 1;
  for (int64_t i = 0; i < leading; ++i) permutation.push_back(i);
  permutation.push_back(rank_ - 1);
  for (int64_t i = leading; i + 1 < rank_; ++i) permutation.push_back(i);
  return permutation;
}

IntList ImageLayout::to_last() const {
  IntList permutation;
  const int64_t channel = rank_ - spatial_ - 1;
  for (int64_t i = 0; i < rank_; ++i) {
    if (i != channel) permutation.push_back(i);
  }
  permutation.push_back(channel);
  return permutation;
}

Name ImageLayout::to_nchw() {
  Name x = layer_.input(0);
  if (channel_last_) x = layer_.transpose(x, to_first());
  const int64_t leading = rank_ - spatial_ - 1;
  if (leading == 1) return x;
  if (leading <= 0) return layer_.unsqueeze(x, leading == 0 ? IntList{0} : IntList{0, 1});
  Shape merged{kFreeDim};
  const IntList order = channel_last_ ? to_first() : IntList();
  for (int64_t i = leading; i < rank_; ++i) {
    merged.push_back(layer_.shape(0)[order.empty() ? i : order[i]]);
  }
  return layer_.reshape(x, merged);
}

Name ImageLayout::from_nchw(const Name& y) {
  Name result = y;
  const int64_t leading = rank_ - spatial_ - 1;
  const Shape& shape = layer_.output_type().shape;
  if (leading == 0) result = layer_.squeeze(y, {0});
  if (leading < 0) result = layer_.squeeze(y, {0, 1});
  if (leading > 1) {
    Shape target = shape;
    if (channel_last_) {
      const IntList order = to_first();
      for (int64_t i = 0; i < rank_; ++i) target[i] = shape[order[i]];
    }
    result = layer_.reshape(y, target);
  }
  return channel_last_ ? layer_.transpose(result, to_last()) : result;
}

}  // namespace octet
