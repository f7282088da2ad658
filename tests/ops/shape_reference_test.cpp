// Reductions, shape operations and losses against the reference system's outputs and gradients.

#include <gtest/gtest.h>

#include "tests/support/layer_case.h"
#include "tests/support/reference_files.h"

namespace octet {
namespace {

class ShapeReference : public testing::TestWithParam<LayerCase> {};

TEST_P(ShapeReference, AgreesInOutputsAndGradients) {
  if (!reference_present()) GTEST_SKIP() << "no reference files in " << reference_dir();
  expect_layer_case(GetParam());
}

LayerCase of_x(const std::string& name, const Attributes& attributes, double eps = 0) {
  return {.name = name, .attributes = attributes, .inputs = {"in_x"}, .eps = eps};
}

// Sums are taken in another order: a few eps. What only moves values is exact.
INSTANTIATE_TEST_SUITE_P(
    Layers, ShapeReference,
    testing::Values(
        of_x("reduce_sum_all", Sum{}, 8), of_x("reduce_mean_all", Mean{}, 8),
        of_x("reduce_max_all", Max{}), of_x("reduce_min_all", Min{}),
        of_x("reduce_prod_all", Prod{}, 32),
        LayerCase{.name = "concatenate3_axis3",
                  .attributes = Concatenate{.axis = 3},
                  .inputs = {"in_a", "in_b", "in_c"},
                  .eps = 0},
        LayerCase{
            .name = "stack", .attributes = Stack{.axis = 1}, .inputs = {"in_a", "in_b"}, .eps = 0},
        of_x("slice", Slice{{0, 1, 2, 0}, {2, 4, 8, 7}, {1, 1, 2, 3}}),
        of_x("pad_constant", Pad{.pad_width = {1, 2, 0, 3}, .constant_value = 0.5F}),
        of_x("pad_repeat", Pad{.pad_width = {1, 2, 2, 1}, .mode = "repeat"}, 4),
        of_x("transpose", Transpose{.axes = {0, 2, 3, 1}}), of_x("tile", Tile{.reps = {2, 3}}, 4),
        LayerCase{.name = "softmax_cross_entropy",
                  .attributes = SoftmaxCrossEntropy{.axis = 1},
                  .inputs = {"in_x", "in_t"}},
        LayerCase{.name = "categorical_cross_entropy",
                  .attributes = CategoricalCrossEntropy{.axis = 1},
                  .inputs = {"in_x", "in_t"}},
        LayerCase{.name = "gather",
                  .attributes = Gather{.axis = 1},
                  .inputs = {"in_x", "in_i"},
                  .eps = 4}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace octet
