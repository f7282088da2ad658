#include "octet/passes/quantization_config.h"

#include <algorithm>
#include <array>

#include "octet/base/error.h"
#include "octet/base/words.h"
#include "octet/ops/operation.h"

namespace octet {
namespace {

constexpr std::string_view kWhere = "QATConfig";

constexpr std::array kRecorderPositions{
    Word<RecorderPosition>{RecorderPosition::BEFORE, "BEFORE"},
    Word<RecorderPosition>{RecorderPosition::BOTH, "BOTH"},
};
constexpr std::array kPrecisionModes{
    Word<PrecisionMode>{PrecisionMode::SIM_QNN, "SIM_QNN"},
    Word<PrecisionMode>{PrecisionMode::QNN, "QNN"},
    Word<PrecisionMode>{PrecisionMode::MIXED_QNN, "MIXED_QNN"},
};

void check_types(std::string_view field, const std::vector<std::string>& types) {
  const auto& known = operation_types();
  for (const std::string& type : types) {
    if (std::find(known.begin(), known.end(), type) != known.end()) continue;
    // The usual slip is a name of another framework or another case.
    std::string hint;
    for (const std::string_view candidate : known) {
      const bool same =
          candidate.size() == type.size() &&
          std::equal(candidate.begin(), candidate.end(), type.begin(),
                     [](char a, char b) { return std::tolower(a) == std::tolower(b); });
      if (same) hint = fmt::format("; write '{}'", candidate);
    }
    throw_error(kWhere, "{} names '{}', which is not an operation type{}", field, type,
                hint.empty() ? "; write types such as Convolution, Affine, ReLU" : hint);
  }
}

}  // namespace

std::string_view to_string(RecorderPosition position) {
  return word_of(kRecorderPositions, position);
}

RecorderPosition parse_recorder_position(std::string_view text) {
  return parse_word(kRecorderPositions, text, "recorder_position");
}

std::string_view to_string(PrecisionMode mode) {
  return word_of(kPrecisionModes, mode);
}

PrecisionMode parse_precision_mode(std::string_view text) {
  return parse_word(kPrecisionModes, text, "precision_mode");
}

void QuantizationConfig::validate() const {
  OCTET_CHECK(dtype == DType::kInt8 || dtype == DType::kUInt8, kWhere,
              "dtype {} cannot hold activations; write int8 or uint8", to_string(dtype));
  OCTET_CHECK(bits >= 2 && bits <= 8, kWhere, "bits {} is outside of 2 to 8", bits);
  OCTET_CHECK(bits_weight >= 2 && bits_weight <= 8, kWhere, "bits_weight {} is outside of 2 to 8",
              bits_weight);
  OCTET_CHECK(
      bn_folding_limit == 0 || bn_folding_limit >= 1, kWhere,
      "bn_folding_limit {} is no factor between weights; write at least 1, or 0 for no bound",
      bn_folding_limit);
  octet::validate(recorder_activation, "QATConfig recorder_activation");
  octet::validate(recorder_weight, "QATConfig recorder_weight");
  const bool learns = is_learned(recorder_activation) || is_learned(recorder_weight);
  OCTET_CHECK(precision_mode == PrecisionMode::SIM_QNN || !learns, kWhere,
              "precision_mode {} computes with scales that rest, but the recorder Learned trains "
              "them; write another recorder, or precision_mode SIM_QNN",
              to_string(precision_mode));
  OCTET_CHECK(
      !(dtype == DType::kUInt8 && narrow_range && !zero_point), kWhere,
      "uint8 with narrow_range has no integer for 0 without a zero point; set zero_point to "
      "true or narrow_range to false");
  const bool nnablas_scale = recorder_activation.rule == RangeRule::SPAN ||
                             recorder_activation.rule == RangeRule::MAX_ONLY;
  OCTET_CHECK(!nnablas_scale || (dtype == DType::kInt8 && !zero_point), kWhere,
              "recorder_activation {} repeats NNabla's scales, which are for int8 without a zero "
              "point; write dtype int8 and zero_point false, or a recorder without NNabla in its "
              "name",
              name_of(recorder_activation));
  check_types("record_layers", record_layers);
  check_types("skip_inputs_layers", skip_inputs_layers);
  check_types("skip_outputs_layers", skip_outputs_layers);
}

}  // namespace octet
