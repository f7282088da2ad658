#include "octet/passes/remove_recorders.h"

#include "octet/passes/bypass_functions.h"

namespace octet {

Graph remove_recorders(Graph graph, PassContext& ctx) {
  return bypass_functions(std::move(graph), ctx, [](const Attributes& attributes) {
    return std::holds_alternative<Recorder>(attributes);
  });
}

}  // namespace octet
