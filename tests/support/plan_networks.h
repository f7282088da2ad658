// Small networks that together have every kind of step with integers.
#pragma once

#include "octet/graph/functions.h"
#include "octet/graph/network.h"
#include "octet/graph/parametric_functions.h"
#include "octet/models/model_options.h"

namespace octet {

// Gates, activations by tables, and a pooling behind what no kernel computes: 4 + 12 channels.
inline VariableRef gated_network(const VariableRef& image, const models::ModelOptions& options) {
  const VariableRef wide = PF::convolution(image, "wide", 16, {3, 3}, {.pad = {1, 1}});
  const VariableRef active = F::mul2(wide, F::sigmoid(wide));
  const VariableRef squeezed = F::global_average_pooling(active);
  const VariableRef gate = F::sigmoid(PF::convolution(squeezed, "gate", 16, {1, 1}));
  const VariableRef gated = F::mul2(active, gate);
  const VariableRef rest = F::sub2(gated, F::hard_sigmoid(wide));
  const VariableRef halves =
      F::slice(rest, {.start = {0, 4, 0, 0}, .stop = {4, 16, 32, 32}, .step = {1, 1, 1, 1}});
  const VariableRef pooled = F::max_pooling(halves, {.kernel = {2, 2}});
  const VariableRef narrow = PF::convolution(pooled, "narrow", 8, {3, 3}, {.stride = {2, 2}});
  const VariableRef bent = F::sub2(F::tanh(narrow), narrow);
  return PF::affine(F::relu(bent), "head", options.num_classes);
}

// Concatenation of whole and of split blocks of channels, with average pooling, slices and affine
// functions of channels.
inline VariableRef joined_network(const VariableRef& image, const models::ModelOptions& options) {
  const VariableRef first =
      F::relu(PF::convolution(image, "first", 16, {3, 3}, {.pad = {1, 1}, .stride = {2, 2}}));
  const VariableRef grown = F::relu(PF::convolution(first, "grown", 8, {3, 3}, {.pad = {1, 1}}));
  // They fold themselves: products and sums with values of channels, in blocks of eight and not.
  const VariableRef joined =
      PF::batch_normalization(F::concatenate({first, grown}, {.axis = 1}), "joined");
  const VariableRef pooled = F::average_pooling(
      joined, {.kernel = {3, 3}, .stride = {2, 2}, .pad = {1, 1}, .including_pad = false});
  const VariableRef front =
      F::slice(pooled, {.start = {0, 0, 0, 0}, .stop = {4, 8, 8, 8}, .step = {1, 1, 1, 1}});
  const VariableRef rest =
      F::slice(pooled, {.start = {0, -13, 0, 0}, .stop = {4, 24, 8, 8}, .step = {1, 1, 1, 1}});
  const VariableRef odd =
      F::relu(PF::batch_normalization(F::concatenate({front, rest}, {.axis = 1}), "odd"));
  const VariableRef last = PF::convolution(odd, "last", 16, {3, 3});
  const VariableRef means = F::average_pooling(last, {.kernel = {2, 2}});
  return PF::affine(means, "head", options.num_classes);
}

// Windows of 3 x 3 over enough channels to go by tiles, forward and backward; images of odd
// extents.
inline VariableRef tiled_network(const VariableRef& image, const models::ModelOptions& options) {
  const VariableRef first =
      F::relu(PF::convolution(image, "first", 32, {3, 3}, {.pad = {1, 1}, .stride = {2, 2}}));
  const VariableRef wide = F::relu(PF::convolution(first, "wide", 48, {3, 3}, {.pad = {1, 1}}));
  const VariableRef cut = F::relu(PF::convolution(wide, "cut", 40, {3, 3}, {.pad = {0, 1}}));
  const VariableRef odd = F::max_pooling(cut, {.kernel = {2, 2}, .stride = {1, 1}});
  const VariableRef last = PF::convolution(odd, "last", 32, {3, 3}, {.pad = {1, 1}});
  return PF::affine(F::global_average_pooling(last), "head", options.num_classes);
}

// Padding, upsampling, flips, parts of images and a channel shuffle.
inline VariableRef moving_network(const VariableRef& image, const models::ModelOptions& options) {
  const VariableRef small =
      F::relu(PF::convolution(image, "small", 16, {3, 3}, {.pad = {1, 1}, .stride = {4, 4}}));
  const VariableRef padded = F::pad(small, {.pad_width = {1, 2, 0, 1}, .mode = "constant"});
  const VariableRef mirrored = F::pad(padded, {.pad_width = {2, 0, 1, 1}, .mode = "reflect"});
  const VariableRef wide =
      F::interpolate(mirrored, {.output_size = {20, 17}, .mode = "nearest", .half_pixel = true});
  const VariableRef turned = F::flip(wide, {.axes = {2, -1}});
  const VariableRef part = F::slice(turned, {.start = {2, 15}, .stop = {18, 1}, .step = {2, -1}});
  const VariableRef convolved = PF::convolution(part, "convolved", 8, {3, 3});
  const VariableRef doubled = F::unpooling(convolved, {.kernel = {2, 1}});
  const VariableRef groups = F::reshape(doubled, {.shape = {4, 2, 4, 12, 12}});
  const VariableRef mixed = F::transpose(groups, {.axes = {0, 2, 1, 3, 4}});
  const VariableRef shuffled = F::reshape(mixed, {.shape = {4, 8, 12, 12}});
  const VariableRef grouped =
      PF::convolution(shuffled, "grouped", 8, {3, 3}, {.stride = {3, 3}, .group = 2});
  return PF::affine(grouped, "head", options.num_classes);
}

}  // namespace octet
