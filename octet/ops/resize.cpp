#include "octet/ops/resize.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

constexpr std::string_view kCrop = "tf_crop_and_resize";
constexpr std::array<std::string_view, 7> kCoordinates{"half_pixel",
                                                       "pytorch_half_pixel",
                                                       "half_pixel_symmetric",
                                                       "tf_half_pixel_for_nn",
                                                       "asymmetric",
                                                       "align_corners",
                                                       kCrop};
constexpr std::array<std::string_view, 4> kNearest{"round_prefer_floor", "round_prefer_ceil",
                                                   "floor", "ceil"};
constexpr std::array<std::string_view, 3> kModes{"nearest", "linear", "cubic"};

template <size_t count>
void check_choice(std::string_view name, const std::string& value,
                  const std::array<std::string_view, count>& choices) {
  OCTET_CHECK(std::find(choices.begin(), choices.end(), value) != choices.end(), Resize::kType,
              "{} '{}' is not one of {}", name, value, fmt::join(choices, ", "));
}

// One dimension that is resized.
struct Axis {
  double in = 0;
  double out = 0;
  double scale = 0;  // 0: out / in
  double roi_begin = 0;
  double roi_end = 1;
};

Axis axis_of(const Resize& op, size_t i, int64_t extent) {
  Axis axis{static_cast<double>(extent), static_cast<double>(op.output_size[i])};
  if (!op.scales.empty()) axis.scale = op.scales[i];
  if (!op.roi.empty()) {
    axis.roi_begin = op.roi[i];
    axis.roi_end = op.roi[op.output_size.size() + i];
  }
  return axis;
}

double source_position(const std::string& rule, const Axis& axis, double o) {
  // One division where there is no scale, so that whole positions come out whole.
  const auto unscaled = [&](double v) {
    return axis.scale > 0 ? v / axis.scale : v * axis.in / axis.out;
  };
  if (rule == "asymmetric") return unscaled(o);
  if (rule == "tf_half_pixel_for_nn") return unscaled(o + 0.5);
  if (rule == "align_corners") {
    // In single precision, as the number of whole pixels is found: 10 pixels by 0.7 are 7.
    const double length =
        axis.scale > 0 ? static_cast<float>(axis.in) * static_cast<float>(axis.scale) : axis.out;
    return axis.out > 1 ? o * (axis.in - 1) / (length - 1) : 0;
  }
  if (rule == kCrop) {
    const double begin = axis.roi_begin * (axis.in - 1);
    const double end = axis.roi_end * (axis.in - 1);
    return axis.out > 1 ? begin + o * (end - begin) / (axis.out - 1) : (begin + end) / 2;
  }
  if (rule == "pytorch_half_pixel" && axis.out <= 1) return 0;
  double shift = -0.5;
  if (rule == "half_pixel_symmetric" && axis.scale > 0) {
    const double cut = axis.out / (axis.in * axis.scale);
    shift += axis.in / 2 * (1 - cut);
  }
  return unscaled(o + 0.5) + shift;
}

double nearest(const std::string& rule, double position) {
  if (rule == "floor") return std::floor(position);
  if (rule == "ceil") return std::ceil(position);
  return rule == "round_prefer_ceil" ? std::floor(position + 0.5) : std::ceil(position - 0.5);
}

// The weights of the neighbours around a position that lies `t` behind the one below it.
std::vector<double> neighbour_weights(const Resize& op, double t) {
  if (op.mode == "linear") return {1 - t, t};
  const double a = op.cubic_coeff_a;
  const auto near = [&](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  const auto far = [&](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

// Where each output position reads: `taps` neighbours, one after the other for all positions.
struct Neighbours {
  size_t taps = 1;
  std::vector<std::vector<int64_t>> index;
  std::vector<std::vector<double>> weight;
  std::vector<bool> outside;  // of the image, where tf_crop_and_resize extrapolates
};

Neighbours neighbours_of(const Resize& op, const Axis& axis) {
  Neighbours found;
  found.taps = op.mode == "nearest" ? 1 : op.mode == "linear" ? 2 : 4;
  found.index.resize(found.taps);
  found.weight.resize(found.taps);
  for (double o = 0; o < axis.out; ++o) {
    const double position = source_position(op.coordinate_transformation_mode, axis, o);
    const bool exact = op.mode == "nearest";
    const double first = exact ? nearest(op.nearest_mode, position)
                               : std::floor(position) - (op.mode == "cubic" ? 1 : 0);
    std::vector<double> weights =
        exact ? std::vector<double>{1} : neighbour_weights(op, position - std::floor(position));
    double total = 0;
    for (size_t i = 0; i < found.taps; ++i) {
      const double at = first + static_cast<double>(i);
      if (op.exclude_outside && op.mode == "cubic" && (at < 0 || at >= axis.in)) weights[i] = 0;
      total += weights[i];
      found.index[i].push_back(static_cast<int64_t>(std::clamp(at, 0.0, axis.in - 1)));
    }
    for (size_t i = 0; i < found.taps; ++i) {
      found.weight[i].push_back(op.exclude_outside ? weights[i] / total : weights[i]);
    }
    found.outside.push_back(op.coordinate_transformation_mode == kCrop &&
                            (position < 0 || position > axis.in - 1));
  }
  return found;
}

at::Tensor resized(const at::Tensor& x, int64_t dim, const Neighbours& neighbours) {
  Shape along(static_cast<size_t>(x.dim()), 1);
  along[dim] = static_cast<int64_t>(neighbours.outside.size());
  at::Tensor y;
  for (size_t i = 0; i < neighbours.taps; ++i) {
    const at::Tensor taken =
        x.index_select(dim, at::tensor(neighbours.index[i], at::kLong).to(x.device()));
    if (neighbours.taps == 1) return taken;
    const at::Tensor weight =
        at::tensor(neighbours.weight[i], at::kDouble).to(x.options()).reshape(along);
    y = i == 0 ? taken * weight : y + taken * weight;
  }
  return y;
}

at::Tensor extrapolated(const at::Tensor& y, int64_t dim, const std::vector<bool>& outside,
                        double value) {
  if (std::find(outside.begin(), outside.end(), true) == outside.end()) return y;
  at::Tensor mask = at::zeros({static_cast<int64_t>(outside.size())}, at::kBool);
  for (size_t i = 0; i < outside.size(); ++i) {
    if (outside[i]) mask[static_cast<int64_t>(i)] = true;
  }
  Shape along(static_cast<size_t>(y.dim()), 1);
  along[dim] = mask.numel();
  return y.masked_fill(mask.to(y.device()).reshape(along), value);
}

}  // namespace

OutputTypes infer(const Resize& op, InputTypes inputs) {
  check_choice("mode", op.mode, kModes);
  check_choice("coordinate_transformation_mode", op.coordinate_transformation_mode, kCoordinates);
  check_choice("nearest_mode", op.nearest_mode, kNearest);
  if (op.mode != "nearest") check_floating(inputs[0], op.kType);
  Shape y = inputs[0].shape;
  const size_t count = op.output_size.size();
  OCTET_CHECK(count >= 1 && count <= y.size(), op.kType,
              "output_size {} must name 1 to all of the dimensions of {}",
              to_string(Shape(op.output_size)), to_string(y));
  OCTET_CHECK(op.scales.empty() || op.scales.size() == count, op.kType,
              "scales [{}] must be as many as output_size {}", fmt::join(op.scales, ", "),
              to_string(Shape(op.output_size)));
  OCTET_CHECK(op.coordinate_transformation_mode != kCrop || op.roi.size() == 2 * count, op.kType,
              "roi [{}] must have a begin and an end for each of output_size {}",
              fmt::join(op.roi, ", "), to_string(Shape(op.output_size)));
  for (size_t i = 0; i < count; ++i) {
    int64_t& extent = y[y.size() - count + i];
    OCTET_CHECK(op.output_size[i] >= 1 && extent != 0, op.kType,
                "cannot resize {} to output_size {}", to_string(inputs[0].shape),
                to_string(Shape(op.output_size)));
    OCTET_CHECK(op.scales.empty() || op.scales[i] > 0, op.kType, "scale {} must be above 0",
                op.scales[i]);
    extent = op.output_size[i];
  }
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const Resize& op, InputTensors inputs, ForwardContext&) {
  const bool crop = op.coordinate_transformation_mode == kCrop;
  const auto count = static_cast<int64_t>(op.output_size.size());
  at::Tensor y = inputs[0];
  std::vector<std::vector<bool>> outside(op.output_size.size());
  for (int64_t i = 0; i < count; ++i) {
    const int64_t dim = y.dim() - count + i;
    const Axis axis = axis_of(op, static_cast<size_t>(i), y.size(dim));
    if (axis.in == axis.out && (axis.scale == 0 || axis.scale == 1) && !crop) continue;
    const Neighbours neighbours = neighbours_of(op, axis);
    y = resized(y, dim, neighbours);
    outside[i] = neighbours.outside;
  }
  for (int64_t i = 0; i < count; ++i) {
    y = extrapolated(y, y.dim() - count + i, outside[i], op.extrapolation_value);
  }
  return {y};
}

}  // namespace octet
