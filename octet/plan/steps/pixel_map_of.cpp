#include "octet/plan/steps/pixel_map_of.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/graph/interpreter.h"

namespace octet::plan {

namespace {

// float32 holds every index below it.
constexpr int64_t kMostPixels = int64_t{1} << 24;
constexpr int64_t kRank = 4, kSpatial = 2;

bool is_spatial(const Flip& op) {
  return std::all_of(op.axes.begin(), op.axes.end(), [](int64_t axis) {
    return (axis < 0 ? axis + kRank : axis) >= kRank - kSpatial;
  });
}

// pad_width holds two values for each of the last dimensions.
bool is_spatial(const Pad& op) {
  const int64_t others = static_cast<int64_t>(op.pad_width.size()) - 2 * kSpatial;
  return others <= 0 || std::all_of(op.pad_width.begin(), op.pad_width.begin() + others,
                                    [](int64_t width) { return width == 0; });
}

// The shapes say that the slice has all channels; a step of -1 would turn them round.
bool is_spatial(const Slice& op) {
  const int64_t others = static_cast<int64_t>(op.step.size()) - kSpatial;
  return others <= 0 || std::all_of(op.step.begin(), op.step.begin() + others,
                                    [](int64_t step) { return step == 1 || step == kSliceEnd; });
}

bool is_spatial(const Unpooling& op) {
  return op.kernel.rank() <= kSpatial && !op.channel_last;
}

bool is_spatial(const Interpolate& op) {
  return op.mode == "nearest" && op.output_size.size() <= kSpatial && !op.channel_last;
}

bool is_spatial(const Resize& op) {
  return op.mode == "nearest" && op.coordinate_transformation_mode != "tf_crop_and_resize" &&
         op.output_size.size() <= kSpatial;
}

template <class Operation>
bool is_spatial(const Operation&) {
  return false;
}

}  // namespace

std::optional<kernels::PixelMap> pixel_map_of(const Attributes& attributes, const Shape& x,
                                              const Shape& y) {
  if (x.rank() != kRank || y.rank() != kRank || x[0] != y[0] || x[1] != y[1]) return std::nullopt;
  const int64_t pixels = x[2] * x[3];
  if (pixels == 0 || pixels >= kMostPixels) return std::nullopt;
  if (!std::visit([](const auto& op) { return is_spatial(op); }, attributes)) return std::nullopt;
  Attributes move = attributes;
  if (auto* pad = std::get_if<Pad>(&move)) pad->constant_value = 0;
  // The function itself says where each pixel goes: of an image of the numbers 1, 2, ...
  const at::Tensor numbers = at::arange(1, pixels + 1, at::kFloat).reshape({1, 1, x[2], x[3]});
  ForwardContext context{.where = std::string(type_name(attributes))};
  const std::vector<at::Tensor> image{numbers};
  const at::Tensor moved = run_function(move, image, context)[0].contiguous();
  if (moved.numel() != y[2] * y[3]) return std::nullopt;
  kernels::PixelMap map{.in_pixels = pixels, .source = {}};
  map.source.reserve(static_cast<size_t>(moved.numel()));
  const float* number = moved.data_ptr<float>();
  for (int64_t i = 0; i < moved.numel(); ++i) {
    map.source.push_back(static_cast<int32_t>(number[i]) - 1);
  }
  return map;
}

}  // namespace octet::plan
