// Operations that Octet has from ONNX: nodes of the same meaning.
#include <ATen/ATen.h>

#include "octet/formats/onnx/exporters.h"
#include "octet/formats/onnx/image_layout.h"

namespace octet {
namespace {

// The state of every sample, where one is given for all of them.
Name state_of_each(LayerExporter& layer, size_t index) {
  const Shape& state = layer.shape(index);
  if (state[1] == layer.shape(0)[1]) return layer.input(index);
  const Name samples = layer.slice(layer.node("Shape", {layer.input(0)}), {1}, {2}, {0}, {1});
  const Name shape = layer.node(
      "Concat",
      {layer.integers({state[0]}, "directions"), samples, layer.integers({state[2]}, "hidden")},
      {{"axis", int64_t{0}}});
  return layer.node("Expand", {layer.input(index), shape});
}

std::vector<std::string> separated(const std::string& list) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    parts.push_back(list.substr(begin, end - begin));
    while (!parts.back().empty() && parts.back().front() == ' ') parts.back().erase(0, 1);
    begin = end + 1;
  }
  return parts;
}

std::vector<NodeAttribute> recurrence_attributes(const Recurrence& op, int64_t hidden) {
  std::vector<NodeAttribute> attributes{{"direction", op.direction}, {"hidden_size", hidden}};
  if (!op.activations.empty()) attributes.push_back({"activations", separated(op.activations)});
  if (op.clip > 0) attributes.push_back({"clip", op.clip});
  if (op.cell == "GRU" && op.linear_before_reset) {
    attributes.push_back({"linear_before_reset", int64_t{1}});
  }
  if (op.cell == "LSTM" && op.input_forget) attributes.push_back({"input_forget", int64_t{1}});
  return attributes;
}

// Sizes or scales of all dimensions, of which the operation names the last.
Names resize_inputs(const Resize& op, LayerExporter& layer) {
  const auto spatial = static_cast<int64_t>(op.output_size.size());
  const int64_t leading = layer.rank(0) - spatial;
  Name roi;
  if (op.coordinate_transformation_mode == "tf_crop_and_resize") {
    std::vector<float> corners(static_cast<size_t>(leading), 0.0F);
    corners.insert(corners.end(), op.roi.begin(), op.roi.begin() + spatial);
    corners.insert(corners.end(), static_cast<size_t>(leading), 1.0F);
    corners.insert(corners.end(), op.roi.begin() + spatial, op.roi.end());
    roi = layer.constant(at::tensor(corners), "roi");
  }
  if (!op.scales.empty()) {
    std::vector<float> scales(static_cast<size_t>(leading), 1.0F);
    scales.insert(scales.end(), op.scales.begin(), op.scales.end());
    return {layer.input(0), roi, layer.constant(at::tensor(scales), "scales")};
  }
  const Name sizes = layer.integers(op.output_size, "sizes");
  if (leading == 0) return {layer.input(0), roi, "", sizes};
  const Name front = layer.slice(layer.node("Shape", {layer.input(0)}), {0}, {leading}, {0}, {1});
  return {layer.input(0), roi, "", layer.node("Concat", {front, sizes}, {{"axis", int64_t{0}}})};
}

}  // namespace

Names export_function(const Recurrence& op, LayerExporter& layer) {
  const bool lstm = op.cell == "LSTM";
  const size_t lengths = lstm ? 7 : 5;
  Names inputs{layer.input(0), layer.input(1), layer.input(2), layer.input(3), ""};
  if (layer.num_inputs() > lengths) {
    inputs[4] = layer.cast(layer.input(lengths), DType::kInt32);
  }
  inputs.push_back(state_of_each(layer, 4));
  if (lstm) {
    inputs.push_back(state_of_each(layer, 5));
    inputs.push_back(layer.input(6));
  }
  return layer.node_with_outputs(op.cell, inputs, lstm ? 3 : 2,
                                 recurrence_attributes(op, layer.shape(2).back()));
}

Names export_function(const LRN& op, LayerExporter& layer) {
  return {
      layer.node("LRN", {layer.input(0)},
                 {{"size", op.size}, {"alpha", op.alpha}, {"beta", op.beta}, {"bias", op.bias}})};
}

Names export_function(const Resize& op, LayerExporter& layer) {
  const std::string& coordinates = op.coordinate_transformation_mode;
  if (coordinates == "tf_half_pixel_for_nn") {
    layer.fail(
        "reads positions by tf_half_pixel_for_nn, which ONNX has no longer; use half_pixel "
        "with nearest_mode round_prefer_ceil");
  }
  if (coordinates == "half_pixel_symmetric" && layer.opset() < 19) {
    layer.fail(
        "reads positions by half_pixel_symmetric, which needs opset 19 or later, {} was "
        "asked for",
        layer.opset());
  }
  std::vector<NodeAttribute> attributes{{"mode", op.mode},
                                        {"coordinate_transformation_mode", coordinates}};
  if (op.mode == "nearest") attributes.push_back({"nearest_mode", op.nearest_mode});
  if (op.mode == "cubic") attributes.push_back({"cubic_coeff_a", op.cubic_coeff_a});
  if (op.exclude_outside) attributes.push_back({"exclude_outside", int64_t{1}});
  if (coordinates == "tf_crop_and_resize") {
    attributes.push_back({"extrapolation_value", op.extrapolation_value});
  }
  return {layer.node("Resize", resize_inputs(op, layer), attributes)};
}

// The words for the modes changed with volumes, in version 20.
Names export_function(const WarpByGrid& op, LayerExporter& layer) {
  const int64_t spatial = layer.rank(0) - 2;
  const int64_t needed = spatial == 2 ? 16 : 20;
  if (layer.opset() < needed) {
    layer.fail("needs opset {} or later, {} was asked for", needed, layer.opset());
  }
  const bool plain = layer.opset() >= 20 || op.mode == "nearest";
  const std::string mode = plain ? op.mode : "bi" + op.mode;
  const std::string padding = op.padding_mode == "zero"     ? "zeros"
                              : op.padding_mode == "repeat" ? "border"
                                                            : "reflection";
  ImageLayout layout(layer, spatial, op.channel_last);
  return {layout.from_nchw(layer.node("GridSample", {layout.to_nchw(), layer.input(1)},
                                      {{"mode", mode},
                                       {"padding_mode", padding},
                                       {"align_corners", int64_t{op.align_corners ? 1 : 0}}}))};
}

Names export_function(const Cast& op, LayerExporter& layer) {
  return {layer.cast(layer.input(0), parse_dtype(op.dtype))};
}

// Numbers of more than 8 bits lie in a larger signed type.
Names export_function(const BitShift& op, LayerExporter& layer) {
  Names inputs = layer.inputs();
  const std::vector<NodeAttribute> attributes{{"direction", op.direction}};
  if (op.bits == 8) return {layer.node("BitShift", inputs, attributes)};
  const int64_t type = op.bits == 16   ? onnx::TensorProto::UINT16
                       : op.bits == 32 ? onnx::TensorProto::UINT32
                                       : onnx::TensorProto::UINT64;
  for (Name& input : inputs) input = layer.node("Cast", {input}, {{"to", type}});
  return {layer.cast(layer.node("BitShift", inputs, attributes), layer.type(0).dtype)};
}

// From version 20 on, the axis is an input.
Names export_function(const DFT& op, LayerExporter& layer) {
  if (layer.opset() < 17) layer.fail("needs opset 17 or later, {} was asked for", layer.opset());
  const int64_t axis = normalize_axis(op.axis, layer.rank(0), op.kType);
  const auto scalar = [&](int64_t value, const std::string& what) {
    return layer.constant(at::scalar_tensor(value, at::kLong), what);
  };
  Names inputs{layer.input(0), op.dft_length > 0 ? scalar(op.dft_length, "length") : ""};
  std::vector<NodeAttribute> attributes{{"inverse", int64_t{op.inverse ? 1 : 0}},
                                        {"onesided", int64_t{op.onesided ? 1 : 0}}};
  if (layer.opset() >= 20) {
    inputs.push_back(scalar(axis, "axis"));
  } else {
    attributes.push_back({"axis", axis});
  }
  return {layer.node("DFT", inputs, attributes)};
}

Names export_function(const RoiAlign& op, LayerExporter& layer) {
  const bool by_centers = op.coordinate_transformation_mode == "half_pixel";
  if (by_centers && layer.opset() < 16) {
    layer.fail("by half_pixel needs opset 16 or later, {} was asked for", layer.opset());
  }
  std::vector<NodeAttribute> attributes{{"output_height", op.output_height},
                                        {"output_width", op.output_width},
                                        {"sampling_ratio", op.sampling_ratio},
                                        {"spatial_scale", op.spatial_scale},
                                        {"mode", op.mode}};
  if (layer.opset() >= 16) {
    attributes.push_back({"coordinate_transformation_mode", op.coordinate_transformation_mode});
  }
  const Name indices = layer.cast(layer.input(2), DType::kInt64);
  return {layer.node("RoiAlign", {layer.input(0), layer.input(1), indices}, attributes)};
}

Names export_function(const Einsum& op, LayerExporter& layer) {
  return {layer.node("Einsum", layer.inputs(), {{"equation", op.equation}})};
}

Names export_function(const ReverseSequence& op, LayerExporter& layer) {
  const Name lengths = layer.cast(layer.input(1), DType::kInt64);
  return {layer.node("ReverseSequence", {layer.input(0), lengths},
                     {{"batch_axis", normalize_axis(op.batch_axis, layer.rank(0), op.kType)},
                      {"time_axis", normalize_axis(op.time_axis, layer.rank(0), op.kType)}})};
}

}  // namespace octet
