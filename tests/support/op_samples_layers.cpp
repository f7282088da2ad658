// Samples of the layers with weights, the normalizations, pooling and resizing.

#include <ATen/ATen.h>

#include "tests/support/op_samples.h"

namespace octet {
namespace {

void add_convolutions(SampleInputs& d, std::vector<OpSample>& samples) {
  const std::vector<size_t> all{0, 1, 2};
  const at::Tensor image = d.uniform({2, 4, 5, 6});
  samples.insert(
      samples.end(),
      {
          {Convolution{}, {d.uniform({2, 3, 7}), d.uniform({4, 3, 3})}, {0}, {0, 1}},
          {Convolution{.pad = {1, 2}, .stride = {2, 1}, .dilation = {1, 2}, .group = 2},
           {image, d.uniform({6, 2, 3, 3}), d.uniform({6})},
           {0},
           all},
          {Convolution{.pad = {1, 0, 1}, .stride = {1, 2, 1}},
           {d.uniform({2, 2, 3, 4, 3}), d.uniform({3, 2, 2, 2, 2}), d.uniform({3})},
           {0},
           all},
          {Convolution{.base_axis = 2, .pad = {1, 1}},
           {d.uniform({2, 3, 2, 4, 4}), d.uniform({3, 2, 3, 3})},
           {0},
           {0, 1}},
          {Convolution{.pad = {1, 1}, .group = 2, .channel_last = true},
           {d.uniform({2, 5, 5, 4}), d.uniform({6, 3, 3, 2}), d.uniform({6})},
           {0},
           all},
          {DepthwiseConvolution{.pad = {1, 1}, .stride = {2, 2}, .multiplier = 2},
           {image, d.uniform({8, 3, 3}), d.uniform({8})},
           {0},
           all},
          {DepthwiseConvolution{.dilation = {2}},
           {d.uniform({2, 3, 8}), d.uniform({3, 3})},
           {0},
           {0, 1}},
          {Deconvolution{.pad = {1, 0}, .stride = {2, 2}, .group = 2, .output_padding = {1, 0}},
           {image, d.uniform({4, 3, 3, 3}), d.uniform({6})},
           {0},
           all},
          {Deconvolution{.channel_last = true},
           {d.uniform({2, 3, 3, 4}), d.uniform({4, 2, 2, 3})},
           {0},
           {0, 1}},
          {DepthwiseDeconvolution{.stride = {2, 2}, .divisor = 2},
           {image, d.uniform({4, 3, 3}), d.uniform({2})},
           {0},
           all},
          {Affine{}, {image, d.uniform({120, 3}), d.uniform({3})}, {0}, all},
          {Affine{.base_axis = 2}, {d.uniform({2, 3, 4}), d.uniform({4, 2, 3})}, {0}, {0, 1}},
          {BatchMatmul{}, {d.uniform({2, 3, 4}), d.uniform({2, 4, 5})}, {0, 1}, {0, 1}},
          {BatchMatmul{}, {d.uniform({2, 3, 4}), d.uniform({4})}, {0}, {0, 1}},
          {BatchMatmul{}, {d.uniform({4}), d.uniform({2, 4, 5})}, {1}, {0, 1}},
          {BatchMatmul{}, {d.integers({2, 3, 4}, 9), d.integers({4, 2}, 9)}, {0}},
          {BatchMatmul{.transpose_a = true, .transpose_b = true},
           {d.uniform({2, 4, 3}), d.uniform({2, 5, 4})},
           {0, 1},
           {0, 1}},
          {Embed{}, {d.integers({2, 3}, 5), d.uniform({5, 4})}, {0}, {1}},
          {PReLU{}, {image, d.uniform({4}, 0.1, 0.5)}, {0}, {0, 1}},
          {PReLU{}, {image, d.uniform({}, 0.1, 0.5)}, {0}, {0, 1}},
      });
}

void add_normalizations(SampleInputs& d, std::vector<OpSample>& samples) {
  const at::Tensor x = d.uniform({3, 4, 3, 2});
  const Shape per_channel{1, 4, 1, 1};
  const auto parameter = [&] { return d.uniform(per_channel); };
  const auto variance = [&] { return d.uniform(per_channel, 0.5, 2); };
  samples.insert(
      samples.end(),
      {
          // In training the batch size takes part in the result, but not in its shape.
          {BatchNormalization{},
           {x, parameter(), parameter(), parameter(), variance()},
           {0},
           {0, 1, 2}},
          {BatchNormalization{.no_scale = true, .no_bias = true}, {x}, {0}, {0}},
          {BatchNormalization{.batch_stat = false},
           {x, parameter(), parameter(), parameter(), variance()},
           {0},
           {0, 1, 2}},
          {BatchNormalization{.batch_stat = false, .no_bias = true},
           {x, parameter(), parameter(), variance()},
           {0},
           {0, 1}},
          {FusedBatchNormalization{},
           {x, parameter(), parameter(), parameter(), variance(), d.uniform({3, 4, 3, 2})},
           {0, 5},
           {0, 1, 2, 5}},
          {FusedBatchNormalization{.batch_stat = false},
           {x, parameter(), parameter(), parameter(), variance()},
           {0},
           {0, 1, 2}},
          {TensorNormalization{.axes = {0, 1}, .no_scale = true, .no_bias = true}, {x}, {0}, {0}},
          {LayerNormalization{},
           {x, d.uniform({1, 4, 3, 2}), d.uniform({1, 4, 3, 2})},
           {0},
           {0, 1, 2}},
          {InstanceNormalization{}, {x, parameter(), parameter()}, {0}, {0, 1, 2}},
          {GroupNormalization{.num_groups = 2}, {x, parameter(), parameter()}, {0}, {0, 1, 2}},
          {NormNormalization{.p = 3, .axes = {1}}, {x}, {0}, {0}},
          {MeanSubtraction{}, {d.uniform({3, 4}), d.uniform({4}), d.uniform({}, 0, 1).ceil()}, {0}},
          {MeanSubtraction{.update_running_mean = false},
           {d.uniform({3, 4}), d.uniform({4})},
           {0},
           {0}},
          {WeightNormalization{}, {d.uniform({3, 2, 2}), d.uniform({3})}, {}, {0, 1}},
          {WeightStandardization{}, {d.uniform({3, 2, 2})}, {}, {0}},
          // The gradient takes the singular vectors as constants.
          {SpectralNorm{.itr = 2, .output_u = true}, {d.uniform({3, 2, 2}), d.uniform({3})}},
          {SpectralNorm{.test = true}, {d.uniform({3, 2, 2}), d.uniform({3})}},
      });
}

void add_pooling(SampleInputs& d, std::vector<OpSample>& samples) {
  const at::Tensor x = d.uniform({2, 3, 7, 6});
  const at::Tensor last = d.uniform({2, 7, 6, 3});
  const at::Tensor regions =
      at::tensor({-1.2F, 0.3F, 4.9F, 6.6F, 1.0F, 2.0F, 5.2F, 3.1F, 0.4F, 0.0F, 9.0F, 4.0F})
          .reshape({3, 4});
  samples.insert(
      samples.end(),
      {
          {MaxPooling{.kernel = {2, 2}}, {x}, {0}, {0}},
          {MaxPooling{.kernel = {3, 3}, .stride = {2, 2}, .ignore_border = false, .pad = {1, 1}},
           {x},
           {0},
           {0}},
          {MaxPooling{.kernel = {3, 2}, .channel_last = true}, {last}, {0}, {0}},
          {AveragePooling{.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}}, {x}, {0}, {0}},
          {AveragePooling{.kernel = {3, 3},
                          .stride = {2, 2},
                          .ignore_border = false,
                          .pad = {1, 1},
                          .including_pad = false},
           {x},
           {0},
           {0}},
          {SumPooling{.kernel = {2, 3}}, {x}, {0}, {0}},
          {SumPooling{.kernel = {2, 2, 2}}, {d.uniform({2, 1, 4, 4, 4})}, {0}, {0}},
          {GlobalAveragePooling{}, {x}, {0}, {0}},
          {Unpooling{.kernel = {2, 3}}, {x}, {0}, {0}},
          {Unpooling{.kernel = {2, 2}, .channel_last = true}, {last}, {0}, {0}},
          {Interpolate{.output_size = {9, 4}, .align_corners = true}, {x}, {0}, {0}},
          {Interpolate{.output_size = {5, 11}, .half_pixel = true}, {x}, {0}, {0}},
          {Interpolate{.output_size = {14, 3}, .mode = "nearest"}, {x}, {0}, {0}},
          {Interpolate{.output_size = {10, 9}, .channel_last = true}, {last}, {0}, {0}},
          {Resize{.output_size = {9, 4}}, {x}, {0}},
          {Resize{.output_size = {9, 4}, .mode = "cubic"}, {x}, {0}, {0}},
          {Resize{.output_size = {5, 11},
                  .scales = {0.8F, 1.9F},
                  .mode = "linear",
                  .coordinate_transformation_mode = "asymmetric"},
           {x},
           {0},
           {0}},
          {Resize{.output_size = {3, 3},
                  .roi = {-0.2F, 0.1F, 0.9F, 1.4F},
                  .mode = "linear",
                  .coordinate_transformation_mode = "tf_crop_and_resize",
                  .extrapolation_value = 3},
           {x},
           {0},
           {0}},
          {WarpByGrid{}, {x, d.uniform({2, 4, 5, 2}, -1.2, 1.2)}, {0, 1}, {0, 1}},
          {WarpByGrid{.mode = "cubic", .padding_mode = "reflect", .align_corners = true},
           {x, d.uniform({2, 4, 5, 2}, -1.2, 1.2)},
           {0, 1},
           {0, 1}},
          {WarpByGrid{.mode = "nearest", .padding_mode = "repeat", .channel_last = true},
           {last, d.uniform({2, 3, 3, 2}, -1.2, 1.2)},
           {0, 1},
           {0}},
          {RoiAlign{.output_height = 2, .output_width = 3, .spatial_scale = 0.5F},
           {x, regions, at::tensor({1, 0, 1}, at::kLong)},
           {1, 2},
           {0}},
          {RoiAlign{.output_height = 2,
                    .sampling_ratio = 2,
                    .mode = "max",
                    .coordinate_transformation_mode = "output_half_pixel"},
           {x, regions, at::tensor({1, 0, 1}, at::kLong)},
           {1, 2},
           {0}},
          {MaxPooling{.kernel = {2, 3},
                      .stride = {2, 2},
                      .pad = {0, 1},
                      .pad_end = {1, 2},
                      .ceil_mode = true,
                      .dilation = {2, 1}},
           {x},
           {0},
           {0}},
          {MaxPooling{.kernel = {3, 3}, .pad = {1, 1}, .with_index = true}, {x}, {}, {0}},
          {MaxPooling{.kernel = {2}, .pad_end = {1}, .with_index = true}, {x}, {}, {0}},
          {AveragePooling{.kernel = {3, 3},
                          .stride = {2, 2},
                          .pad = {1, 0},
                          .including_pad = false,
                          .pad_end = {0, 2},
                          .ceil_mode = true},
           {x},
           {0},
           {0}},
          {LRN{.size = 2, .alpha = 0.5F}, {x}, {0}, {0}},
      });
}

void add_recurrences(SampleInputs& d, std::vector<OpSample>& samples) {
  // 3 steps of 2 samples of 4 features, 2 hidden values.
  const at::Tensor x = d.uniform({3, 2, 4});
  const at::Tensor lengths = at::tensor({3, 1}, at::kLong);
  const auto layer = [&](int64_t directions, int64_t gates) {
    return std::vector<at::Tensor>{
        x, d.uniform({directions, gates * 2, 4}), d.uniform({directions, gates * 2, 2}),
        d.uniform({directions, gates * 4}), d.uniform({directions, 2, 2})};
  };
  std::vector<at::Tensor> lstm = layer(2, 4);
  lstm.push_back(d.uniform({2, 2, 2}));
  lstm.push_back(d.uniform({2, 6}));
  lstm.push_back(lengths);
  samples.push_back({Recurrence{.direction = "bidirectional"}, lstm, {}, {0, 1, 2, 3, 4, 5, 6}});
  std::vector<at::Tensor> gru = layer(1, 3);
  samples.push_back({Recurrence{.cell = "GRU"}, gru, {}, {0, 1, 2, 3, 4}});
  gru.push_back(lengths);
  samples.push_back({Recurrence{.cell = "GRU", .direction = "reverse", .linear_before_reset = true},
                     gru,
                     {},
                     {0, 1, 2, 3, 4}});
  samples.push_back({Recurrence{.cell = "RNN", .activations = "Softplus", .clip = 9},
                     layer(1, 1),
                     {},
                     {0, 1, 2, 3, 4}});
}

}  // namespace

std::vector<OpSample> layer_samples() {
  SampleInputs draw;
  std::vector<OpSample> samples;
  add_convolutions(draw, samples);
  add_normalizations(draw, samples);
  add_pooling(draw, samples);
  add_recurrences(draw, samples);
  return samples;
}

}  // namespace octet
