#include "octet/passes/remove_dropout.h"

#include "octet/passes/bypass_functions.h"

namespace octet {

Graph remove_dropout(Graph graph, PassContext& ctx) {
  return bypass_functions(std::move(graph), ctx, [](const Attributes& attributes) {
    return std::holds_alternative<Dropout>(attributes);
  });
}

Graph without_dropout(Graph graph) {
  PassContext ctx;
  ctx.outputs = graph.outputs();
  return remove_dropout(std::move(graph), ctx);
}

}  // namespace octet
