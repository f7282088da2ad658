#include "octet/ops/warp_by_grid.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "octet/base/error.h"
#include "octet/ops/axes.h"
#include "octet/ops/op_types.h"

namespace octet {
namespace {

// In the order of ATen's numbers.
constexpr std::array<std::string_view, 3> kModes{"linear", "nearest", "cubic"};
constexpr std::array<std::string_view, 3> kPaddings{"zero", "repeat", "reflect"};

int64_t number_of(std::string_view name, const std::string& value,
                  const std::array<std::string_view, 3>& choices) {
  const auto found = std::find(choices.begin(), choices.end(), value);
  OCTET_CHECK(found != choices.end(), WarpByGrid::kType, "{} '{}' is not one of {}", name, value,
              fmt::join(choices, ", "));
  return found - choices.begin();
}

}  // namespace

OutputTypes infer(const WarpByGrid& op, InputTypes inputs) {
  check_floating(inputs[0], op.kType);
  const Shape& x = inputs[0].shape;
  const Shape& grid = inputs[1].shape;
  const int64_t spatial = x.rank() - 2;
  number_of("padding_mode", op.padding_mode, kPaddings);
  const bool cubic = number_of("mode", op.mode, kModes) == 2;
  OCTET_CHECK((spatial == 2 || (spatial == 3 && !cubic)) && grid.rank() == x.rank() &&
                  extents_agree(grid[0], x[0]) && grid.back() == spatial,
              op.kType, "grid {} does not fit an input of {} in mode {}", to_string(grid),
              to_string(x), op.mode);
  OCTET_CHECK(inputs[1].dtype == inputs[0].dtype, op.kType, "grid {} must be {}",
              to_string(inputs[1].dtype), to_string(inputs[0].dtype));
  Shape y = x;
  for (int64_t i = 0; i < spatial; ++i) y[(op.channel_last ? 1 : 2) + i] = grid[1 + i];
  return {{inputs[0].dtype, y, {}}};
}

OutputTensors forward(const WarpByGrid& op, InputTensors inputs, ForwardContext&) {
  const at::Tensor x = op.channel_last ? inputs[0].movedim(-1, 1) : inputs[0];
  const at::Tensor y =
      at::grid_sampler(x, inputs[1], number_of("mode", op.mode, kModes),
                       number_of("padding_mode", op.padding_mode, kPaddings), op.align_corners);
  return {op.channel_last ? y.movedim(1, -1) : y};
}

}  // namespace octet
