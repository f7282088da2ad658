// Resizing and sampling images.
#include <cmath>

#include "octet/formats/onnx/import_helpers.h"
#include "octet/formats/onnx/importers.h"

namespace octet {
namespace {

// What a node asks for, per dimension of its input.
struct Target {
  IntList sizes;              // kFreeDim for one that stays as it is, open
  std::vector<float> scales;  // empty if the sizes were given
};

Target target_by_scales(const OnnxNode& node, const Shape& x, const std::vector<float>& scales) {
  node.check(scales.size() == x.size(), "has {} scales for an input {}", scales.size(),
             to_string(x));
  Target target{{}, scales};
  for (size_t i = 0; i < x.size(); ++i) {
    node.check(scales[i] > 0, "has the scale {}", scales[i]);
    node.check(x[i] != kFreeDim || scales[i] == 1.0F,
               "resizes an open dimension; give it an extent when the file is read");
    target.sizes.push_back(
        x[i] == kFreeDim ? kFreeDim
                         : static_cast<int64_t>(std::floor(static_cast<float>(x[i]) * scales[i])));
  }
  return target;
}

// The sizes may hold an open extent, where it stays as it is.
Target target_by_sizes(const OnnxNode& node, const OnnxGraphBuilder& graph, const OnnxValue& x,
                       const OnnxValue& sizes) {
  node.check(is_known(sizes), "has sizes that are not known before the network runs");
  const OnnxValue first = std::make_shared<ImportedValue>(*sizes);
  const at::Tensor values = sizes->known[0].to(at::kLong).contiguous();
  const Shape shape = graph.shape_of(x);
  const std::optional<SampledShape> own = graph.samples_of(x);
  node.check(values.numel() == shape.rank(), "has {} sizes for an input {}", values.numel(),
             to_string(shape));
  Target target;
  for (int64_t i = 0; i < shape.rank(); ++i) {
    const int64_t size = values[i].item<int64_t>();
    if (shape[i] != kFreeDim) {
      target.sizes.push_back(size);
      continue;
    }
    const bool kept = own.has_value() && size == (*own)[0][i];
    node.check(kept, "resizes an open dimension; give it an extent when the file is read");
    target.sizes.push_back(kFreeDim);
  }
  for (const at::Tensor& run : sizes->known) {
    for (int64_t i = 0; i < shape.rank(); ++i) {
      node.check(shape[i] == kFreeDim || run.to(at::kLong)[i].item<int64_t>() == target.sizes[i],
                 "has sizes that depend on an open dimension");
    }
  }
  return target;
}

// Puts the dimensions behind those that stay as they are into the operation.
OnnxValues resized(OnnxNode& node, OnnxGraphBuilder& graph, Resize op, const Target& target,
                   const std::vector<float>& roi) {
  const Shape shape = graph.shape_of(node.input(0));
  const bool crops = op.coordinate_transformation_mode == "tf_crop_and_resize";
  size_t first = 0;
  while (first < shape.size() && !crops &&
         (target.sizes[first] == shape[first] &&
          (target.scales.empty() || target.scales[first] == 1.0F))) {
    ++first;
  }
  if (first == shape.size()) return {node.input(0)};
  const size_t count = shape.size() - first;
  op.output_size.assign(target.sizes.begin() + static_cast<int64_t>(first), target.sizes.end());
  if (!target.scales.empty()) {
    op.scales.assign(target.scales.begin() + static_cast<int64_t>(first), target.scales.end());
  }
  if (crops) {
    node.check(roi.size() == 2 * shape.size(), "has a roi of {} values for an input {}", roi.size(),
               to_string(shape));
    op.roi = roi;
  }
  node.check(count <= op.output_size.size(), "has no sizes");
  return {graph.emit(op, {node.input(0)})};
}

}  // namespace

OnnxValues import_upsample(OnnxNode& node, OnnxGraphBuilder& graph) {
  const Shape shape = graph.shape_of(node.input(0));
  Resize op{.mode = node.word("mode", "nearest"),
            .coordinate_transformation_mode = "asymmetric",
            .nearest_mode = "floor"};
  if (op.mode == "bilinear") op.mode = "linear";
  std::vector<float> scales;
  if (node.opset() >= 9) {
    scales = node.known_floats(1);
  } else if (node.opset() >= 7) {
    scales = node.numbers("scales");
  } else {
    scales = {1, 1, node.number("height_scale", 1), node.number("width_scale", 1)};
  }
  return resized(node, graph, op, target_by_scales(node, shape, scales), {});
}

OnnxValues import_resize(OnnxNode& node, OnnxGraphBuilder& graph) {
  const OnnxValue& x = node.input(0);
  Resize op{.mode = node.word("mode", "nearest")};
  if (node.opset() < 11) {
    op.coordinate_transformation_mode = "asymmetric";
    op.nearest_mode = "floor";
    return resized(node, graph, op, target_by_scales(node, graph.shape_of(x), node.known_floats(1)),
                   {});
  }
  op.coordinate_transformation_mode = node.word("coordinate_transformation_mode", "half_pixel");
  op.nearest_mode = node.word("nearest_mode", "round_prefer_floor");
  op.cubic_coeff_a = node.number("cubic_coeff_a", -0.75F);
  op.exclude_outside = node.flag("exclude_outside", false);
  op.extrapolation_value = node.number("extrapolation_value", 0.0F);
  node.check(!node.flag("antialias", false), "has antialias, which is not supported");
  node.check(node.word("keep_aspect_ratio_policy", "stretch") == "stretch",
             "has a keep_aspect_ratio_policy, which is not supported");
  node.check(node.integers("axes").empty(), "has axes, which are not supported");
  const bool crops = op.coordinate_transformation_mode == "tf_crop_and_resize";
  const std::vector<float> roi = crops ? node.known_floats(1) : std::vector<float>{};
  const bool by_scales = node.has_input(2) && graph.shape_of(node.input(2)).num_elements() > 0;
  const Target target = by_scales ? target_by_scales(node, graph.shape_of(x), node.known_floats(2))
                                  : target_by_sizes(node, graph, x, node.input(3));
  return resized(node, graph, op, target, roi);
}

OnnxValues import_roi_align(OnnxNode& node, OnnxGraphBuilder& graph) {
  const std::string coordinates = node.opset() >= 16
                                      ? node.word("coordinate_transformation_mode", "half_pixel")
                                      : "output_half_pixel";
  const RoiAlign op{.output_height = node.integer("output_height", 1),
                    .output_width = node.integer("output_width", 1),
                    .sampling_ratio = node.integer("sampling_ratio", 0),
                    .spatial_scale = node.number("spatial_scale", 1.0F),
                    .mode = node.word("mode", "avg"),
                    .coordinate_transformation_mode = coordinates};
  return {graph.emit(op, {node.input(0), node.input(1), node.input(2)})};
}

OnnxValues import_grid_sample(OnnxNode& node, OnnxGraphBuilder& graph) {
  const std::string mode = node.word("mode", "bilinear");
  const std::string padding = node.word("padding_mode", "zeros");
  WarpByGrid op{.mode = mode == "nearest" ? "nearest" : "linear",
                .padding_mode = padding == "zeros" ? "zero" : "repeat",
                .align_corners = node.flag("align_corners", false)};
  if (mode == "bicubic" || mode == "cubic") op.mode = "cubic";
  if (padding == "reflection") op.padding_mode = "reflect";
  node.check(mode == "bilinear" || mode == "linear" || op.mode == mode || mode == "bicubic",
             "has the mode '{}'", mode);
  node.check(padding == "zeros" || padding == "border" || padding == "reflection",
             "has the padding_mode '{}'", padding);
  return {graph.emit(op, {node.input(0), node.input(1)})};
}

}  // namespace octet
