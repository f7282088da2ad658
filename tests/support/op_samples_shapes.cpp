// Samples of reductions, shape operations and sources.

#include <ATen/ATen.h>

#include "tests/support/op_samples.h"

namespace octet {
namespace {

void add_reductions(SampleInputs& d, std::vector<OpSample>& samples) {
  const at::Tensor x = d.uniform({2, 3, 4});
  samples.insert(
      samples.end(),
      {
          {Sum{}, {x}, {0}, {0}},
          {Sum{.axes = {1}}, {x}, {0}, {0}},
          {Mean{.axes = {1, 2}, .keep_dims = true}, {x}, {0}, {0}},
          {Mean{.axes = {0}}, {x}, {0}, {0}},
          {Max{.axes = {-1}}, {x}, {0}, {0}},
          {Max{.axes = {0, 2}, .keep_dims = true, .with_index = true}, {x}, {0}, {0}},
          {Min{.axes = {1}, .with_index = true}, {x}, {0}, {0}},
          {Min{.axes = {1}, .only_index = true}, {x}, {0}},
          {Prod{.axes = {1}, .keep_dims = true}, {x}, {0}, {0}},
          {Norm{.axes = {2}}, {x}, {0}, {0}},
          {Norm{.p = 3, .axes = {1, 2}}, {x}, {0}, {0}},
          {LogSumExp{.axes = {1}, .keep_dims = true}, {x}, {0}, {0}},
          {Max{.axes = {1}, .with_index = true, .last = true}, {x}, {0}, {0}},
          {CumSum{.axis = 1}, {x}, {0}, {0}},
          {CumSum{.axis = 2, .exclusive = true, .reverse = true}, {x}, {0}, {0}},
          {CumProd{.axis = 1, .exclusive = true}, {x}, {0}, {0}},
          {Sort{.with_index = true}, {x}, {0}, {0}},
          {Sort{.axis = 1, .reverse = true, .only_index = true}, {x}, {0}},
          {TopKData{.k = 3, .with_index = true}, {x}, {0}, {0}},
          {TopKData{.k = 2, .abs = true, .reduce = false, .base_axis = 2}, {x}, {0}, {0}},
      });
}

void add_movements(SampleInputs& d, std::vector<OpSample>& samples) {
  const at::Tensor x = d.uniform({2, 3, 4});
  samples.insert(samples.end(),
                 {
                     {Concatenate{.axis = 1},
                      {x, d.uniform({2, 1, 4}), d.uniform({2, 2, 4})},
                      {0, 1, 2},
                      {0, 1, 2}},
                     {Concatenate{.axis = 0}, {x, d.uniform({1, 3, 4})}, {0, 1}, {0, 1}},
                     {Stack{.axis = 1}, {x, d.uniform({2, 3, 4})}, {0, 1}, {0, 1}},
                     {Split{.axis = 1}, {x}, {0}, {0}},
                     {Slice{{1, 0}, {3, -1}, {1, 2}}, {x}, {0}, {0}},
                     {Slice{{-1}, {kSliceEnd}, {-2}}, {x}, {0}, {0}},
                     {Pad{.pad_width = {1, 0, 2, 1}, .constant_value = 0.5F}, {x}, {0}, {0}},
                     {Pad{.pad_width = {1, 2}, .mode = "reflect"}, {x}, {0}, {0}},
                     {Pad{.pad_width = {2, 0, 1, 3}, .mode = "repeat"}, {x}, {0}, {0}},
                     {Shift{.shifts = {1, -2}}, {x}, {0}, {0}},
                     {Shift{.shifts = {3}, .border_mode = "reflect"}, {x}, {0}, {0}},
                     {Reshape{.shape = {-1, 12}}, {x}, {0}, {0}},
                     {Reshape{.shape = {0, 2, -1}}, {x}, {0}, {0}},
                     {Reshape{.shape = {4, 6}}, {x}, {}, {0}},
                     {Transpose{.axes = {0, 2, 1}}, {x}, {0}, {0}},
                     {Transpose{.axes = {2, 0, 1}}, {x}, {0}, {0}},
                     {Flip{.axes = {1, 2}}, {x}, {0}, {0}},
                     {Broadcast{.shape = {-1, 3, 4}}, {d.uniform({2, 1, 4})}, {0}, {0}},
                     {Broadcast{.shape = {2, 3, 4}}, {d.uniform({3, 1})}, {}, {0}},
                     {BroadcastTo{.axis = 1}, {x, d.uniform({3})}, {0}, {1}},
                     {BroadcastTo{}, {x, d.uniform({3, 4})}, {0}, {1}},
                     {Tile{.reps = {1, 2, 3}}, {x}, {0}, {0}},
                     {Tile{.reps = {2, 1, 1, 1}}, {x}, {0}, {0}},
                     {MatrixDiag{}, {x}, {0}, {0}},
                     {MatrixDiagPart{}, {d.uniform({2, 3, 3})}, {0}, {0}},
                     {BatchDet{}, {d.uniform({2, 3, 3})}, {0}, {0}},
                     {Trilu{.k = 1}, {x}, {0}, {0}},
                     {Trilu{.k = -1, .upper = false}, {x}, {0}, {0}},
                     {ShapeOf{.start = 1}, {x}, {0}},
                 });
}

void add_gathering(SampleInputs& d, std::vector<OpSample>& samples) {
  const at::Tensor x = d.uniform({2, 3, 4});
  samples.insert(
      samples.end(),
      {
          {Gather{.axis = 1}, {x, d.integers({5}, 3)}, {0}, {0}},
          {Gather{.axis = 2, .batch_dims = 1}, {x, d.integers({2, 2, 2}, 4)}, {0, 1}, {0}},
          {GatherNd{}, {x, d.integers({2, 5}, 2)}, {}, {0}},
          {GatherNd{.batch_dims = 1}, {x, d.integers({2, 2, 5}, 3)}, {}, {0}},
          {GatherElements{.axis = 1}, {x, d.integers({2, 5, 2}, 3)}, {0, 1}, {0}},
          {ScatterElements{.axis = 2},
           {x, at::arange(4).flip(0).expand({2, 3, 4}).clone(), d.uniform({2, 3, 4})},
           {0, 1, 2},
           {0, 2}},
          {ScatterElements{.axis = 1, .reduction = "mul"},
           {x, d.integers({2, 4, 4}, 3), d.uniform({2, 4, 4})},
           {0, 1, 2},
           {0, 2}},
          {ScatterElements{.axis = 1, .reduction = "max"},
           {x, d.integers({2, 4, 4}, 3), d.uniform({2, 4, 4})},
           {0, 1, 2},
           {0, 2}},
          {ScatterNd{.reduction = "add"},
           {d.uniform({5, 4}), d.integers({2, 5}, 2), x},
           {},
           {0, 2}},
          {ScatterNd{.shape = {3, 4}, .add = true},
           {d.uniform({5, 4}), d.integers({1, 5}, 3)},
           {},
           {0}},
          {ReverseSequence{.batch_axis = 0, .time_axis = 1}, {x, d.integers({2}, 4)}, {0, 1}, {0}},
          {ScatterAdd{.axis = 1},
           {x, d.integers({2, 4, 4}, 3), d.uniform({2, 4, 4})},
           {0, 1, 2},
           {0, 2}},
          {OneHot{.shape = {3, 5}}, {d.integers({4, 2}, 3)}, {0}},
      });
}

}  // namespace

std::vector<OpSample> shape_samples() {
  SampleInputs draw;
  std::vector<OpSample> samples;
  add_reductions(draw, samples);
  add_movements(draw, samples);
  add_gathering(draw, samples);
  samples.push_back({Constant{.val = 1.5F, .shape = {2, 3}}});
  samples.push_back({Arange{.start = 1, .stop = 3, .step = 0.4F}});
  samples.push_back({Linspace{.start = -1, .stop = 1, .num = 7}});
  samples.push_back({Rand{.low = -1, .high = 2, .shape = {2, 3}}});
  samples.push_back({Randint{.low = 2, .high = 9, .shape = {4}}});
  samples.push_back({Randn{.mu = 1, .sigma = 0.5F, .shape = {2, 3}, .seed = 3}});
  samples.push_back({Sink{}, {draw.uniform({2, 3}), draw.uniform({4})}, {0}, {0, 1}});
  samples.push_back({Sink{.one_input_grad = false}, {draw.uniform({2, 3})}, {0}});
  samples.push_back({Unlink{}, {draw.uniform({2, 3})}, {0}});
  return samples;
}

}  // namespace octet
