#include "octet/plan/unread_steps.h"

#include <algorithm>
#include <set>

namespace octet::plan {

void remove_unread_steps(std::vector<std::unique_ptr<Step>>& steps, std::span<const ValueId> kept) {
  std::set<ValueId> read(kept.begin(), kept.end());
  std::vector<std::unique_ptr<Step>> needed;
  // Readers stand behind what they read.
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const std::vector<ValueId>& outputs = (*step)->outputs();
    const bool is_read =
        std::any_of(outputs.begin(), outputs.end(), [&](ValueId id) { return read.contains(id); });
    if (!outputs.empty() && !is_read) continue;
    read.insert((*step)->inputs().begin(), (*step)->inputs().end());
    needed.push_back(std::move(*step));
  }
  std::reverse(needed.begin(), needed.end());
  steps = std::move(needed);
}

}  // namespace octet::plan
