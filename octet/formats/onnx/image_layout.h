// Images as ONNX has them, (N, C, spatial...), from any that Octet takes and back.
#pragma once

#include "octet/formats/onnx/layer_exporter.h"

namespace octet {

class ImageLayout {
 public:
  // The input of a layer with `spatial` dimensions of an image: the leading dimensions before the
  // channels, then (C, spatial...) or, with channel_last, (spatial..., C). No channels at all (a
  // pooling of (spatial...)) counts as one.
  ImageLayout(LayerExporter& layer, int64_t spatial, bool channel_last);

  Name to_nchw();
  // Gives y, which the layer made, the leading dimensions and the layout of the output.
  Name from_nchw(const Name& y);

 private:
  IntList to_first() const;
  IntList to_last() const;

  LayerExporter& layer_;
  int64_t rank_;
  int64_t spatial_;
  bool channel_last_;
};

}  // namespace octet
