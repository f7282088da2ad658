// Interpolate and Unpooling.
#include <ATen/ATen.h>

#include <algorithm>

#include "octet/formats/onnx/exporters.h"
#include "octet/ops/resized_axis.h"

namespace octet {
namespace {

// ONNX's words for the positions that are read; nothing for a mixture that it has none for.
struct ResizeWords {
  std::string coordinates;
  std::string nearest;
};

std::optional<ResizeWords> words_for(const Interpolate& op) {
  const bool by_center = op.mode == "nearest" && op.half_pixel_for_nn;
  if (by_center) return ResizeWords{"half_pixel", "round_prefer_ceil"};
  if (op.half_pixel) {
    if (op.align_corners || op.mode == "nearest") return std::nullopt;
    return ResizeWords{"half_pixel", ""};
  }
  const std::string coordinates = op.align_corners ? "align_corners" : "asymmetric";
  return ResizeWords{coordinates, op.mode == "nearest" ? "floor" : ""};
}

// The sizes of the output: those of x in front, which may not be known, then what the layer says.
Name output_sizes(const Interpolate& op, LayerExporter& layer) {
  const Shape& y = layer.output_type().shape;
  if (!y.has_free_dim()) return layer.integers(y, "sizes");
  if (op.channel_last || layer.rank(0) < 2) {
    layer.fail("of an image with its channels last needs a batch size that is known");
  }
  const auto leading = layer.rank(0) - static_cast<int64_t>(op.output_size.size());
  const Name shape = layer.node("Shape", {layer.input(0)});
  const Name front = layer.slice(shape, {0}, {leading}, {0}, {1});
  const Name back = layer.integers(op.output_size, "sizes");
  return layer.node("Concat", {front, back}, {{"axis", int64_t{0}}});
}

// One dimension after the other: each output position takes its share of its two neighbours.
Name by_neighbours(const Interpolate& op, LayerExporter& layer) {
  Name x = layer.input(0);
  const auto spatial = static_cast<int64_t>(op.output_size.size());
  const int64_t first = layer.rank(0) - spatial - (op.channel_last ? 1 : 0);
  for (int64_t i = 0; i < spatial; ++i) {
    const int64_t in = layer.shape(0)[first + i];
    if (in == kFreeDim) {
      layer.fail(
          "with these settings needs the size of the image, which is not known; fix the size "
          "of the network's input");
    }
    const ResizedAxis axis = resized_axis(op, in, op.output_size[i]);
    const NodeAttribute along{"axis", first + i};
    const Name below = layer.node("Gather", {x, layer.integers(axis.below, "below")}, {along});
    if (op.mode == "nearest") {
      x = below;
      continue;
    }
    const Name above = layer.node("Gather", {x, layer.integers(axis.above, "above")}, {along});
    Shape shape(static_cast<size_t>(layer.rank(0) - first - i), 1);
    shape[0] = op.output_size[i];
    const at::Tensor weight = at::tensor(axis.weights).to(layer.real_type()).reshape(shape);
    x = layer.node("Add", {layer.node("Mul", {below, layer.constant(1 - weight, "weight")}),
                           layer.node("Mul", {above, layer.constant(weight, "weight")})});
  }
  return x;
}

}  // namespace

Names export_function(const Interpolate& op, LayerExporter& layer) {
  const std::optional<ResizeWords> words = words_for(op);
  const auto spatial = static_cast<int64_t>(op.output_size.size());
  const bool linear = op.mode == "linear";
  // A single output position reads position 0 in Octet. Runtimes interpolate images and volumes
  // with a batch and channels in front, nothing else.
  const bool single =
      std::find(op.output_size.begin(), op.output_size.end(), 1) != op.output_size.end();
  const bool usual = spatial >= 2 && layer.rank(0) == spatial + 2 && !op.channel_last;
  if (!words || single || (linear && !usual) || op.channel_last) {
    return {by_neighbours(op, layer)};
  }
  std::vector<NodeAttribute> attributes{{"mode", std::string(linear ? "linear" : "nearest")},
                                        {"coordinate_transformation_mode", words->coordinates}};
  if (!linear) attributes.push_back({"nearest_mode", words->nearest});
  return {layer.node("Resize", {layer.input(0), "", "", output_sizes(op, layer)}, attributes)};
}

Names export_function(const Unpooling& op, LayerExporter& layer) {
  std::vector<float> scales(static_cast<size_t>(layer.rank(0)), 1.0F);
  const int64_t first = layer.rank(0) - op.kernel.rank() - (op.channel_last ? 1 : 0);
  for (int64_t i = 0; i < op.kernel.rank(); ++i) {
    scales[first + i] = static_cast<float>(op.kernel[i]);
  }
  return {layer.node("Resize", {layer.input(0), "", layer.constant(at::tensor(scales), "scales")},
                     {{"mode", std::string("nearest")},
                      {"coordinate_transformation_mode", std::string("asymmetric")},
                      {"nearest_mode", std::string("floor")}})};
}

}  // namespace octet
