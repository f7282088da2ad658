// Reparametrizations of a layer's weights.
//
//   WeightNormalization    y = g w / sqrt(sum w^2 + eps), the sum over all dimensions but `dim`; g
//   is
//                          (w.shape[dim]) (Salimans and Kingma 2016, eq. 2)
//   WeightStandardization  y = (w - mean) / sqrt(var + eps), over all but channel_axis (Qiao 2019)
//   SpectralNorm           y = w / sigma, sigma the largest singular value of w as a matrix with
//                          the rows `dim`, from `itr` power iterations on u (w.shape[dim]), which
//                          is updated in place unless `test` (Miyato et al. 2018, algorithm 1)
#pragma once

#include "octet/ops/attributes.h"

namespace octet {

struct WeightNormalization {
  OCTET_ATTRIBUTES(WeightNormalization, dim, eps)
  static constexpr std::array kInputs{InputSpec{.name = "w", .parameter = true},
                                      InputSpec{.name = "g", .parameter = true}};
  int64_t dim = 0;
  float eps = 1e-12F;
};

struct WeightStandardization {
  OCTET_ATTRIBUTES(WeightStandardization, channel_axis, eps)
  static constexpr std::array kInputs{InputSpec{.name = "w", .parameter = true}};
  int64_t channel_axis = 0;
  float eps = 1e-5F;
};

struct SpectralNorm {
  OCTET_ATTRIBUTES(SpectralNorm, dim, itr, eps, test, output_u)
  static constexpr std::array kInputs{InputSpec{.name = "w", .parameter = true},
                                      InputSpec{.name = "u", .parameter = true, .exact = true}};
  int64_t dim = 0;
  int64_t itr = 1;
  float eps = 1e-12F;
  bool test = false;
  bool output_u = false;  // u after the iterations as a second output
};

}  // namespace octet
