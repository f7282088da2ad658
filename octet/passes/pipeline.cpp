// The table of contents of a conversion: which passes run, in which order.
#include "octet/passes/fold_batch_norm.h"
#include "octet/passes/fold_batch_norm_opposite.h"
#include "octet/passes/freeze_learned_scales.h"
#include "octet/passes/insert_qdq.h"
#include "octet/passes/insert_recorders.h"
#include "octet/passes/lower_int8.h"
#include "octet/passes/quantize_biases.h"
#include "octet/passes/release_batch_size.h"
#include "octet/passes/remove_dropout.h"
#include "octet/passes/remove_recorders.h"
#include "octet/passes/self_fold_batch_norm.h"
#include "octet/passes/share_qparams.h"
#include "octet/passes/unfuse_batch_norm.h"

namespace octet {

std::span<const NamedPass> recording_passes() {
  static constexpr NamedPass kPasses[] = {
      {"unfuse_batch_norm", unfuse_batch_norm},
      {"fold_batch_norm", fold_batch_norm},
      // After fold_batch_norm: a layer before the normalization takes it without any error.
      {"fold_batch_norm_opposite", fold_batch_norm_opposite},
      {"self_fold_batch_norm", self_fold_batch_norm},
      {"insert_recorders", insert_recorders},
      {"share_qparams", share_qparams},
  };
  return kPasses;
}

std::span<const NamedPass> training_passes() {
  static constexpr NamedPass kPasses[] = {
      {"insert_qdq", insert_qdq},
      // After insert_qdq: a bias's scale is the product of those of the input and the weight.
      {"quantize_biases", quantize_biases},
      // Last: it takes whole Q/DQ patterns, biases included.
      {"lower_int8", lower_int8},
  };
  return kPasses;
}

std::span<const NamedPass> saving_passes() {
  static constexpr NamedPass kPasses[] = {
      {"remove_recorders", remove_recorders},
      {"remove_dropout", remove_dropout},
      {"freeze_learned_scales", freeze_learned_scales},
      {"release_batch_size", release_batch_size},
  };
  return kPasses;
}

}  // namespace octet
