#include "octet/passes/pass.h"

#include <chrono>

#include "octet/base/error.h"

namespace octet {
namespace {

bool is_pass(std::string_view name) {
  for (const auto list : {recording_passes(), training_passes(), saving_passes()}) {
    for (const NamedPass& pass : list) {
      if (pass.name == name) return true;
    }
  }
  return false;
}

}  // namespace

Graph run_passes(std::span<const NamedPass> passes, Graph graph, PassContext& ctx,
                 const PipelineOptions& options) {
  for (const std::string& name : options.skip) {
    OCTET_CHECK(is_pass(name), "passes", "there is no pass '{}' to skip", name);
  }
  for (const NamedPass& pass : passes) {
    if (options.skip.contains(std::string(pass.name))) continue;
    const auto start = std::chrono::steady_clock::now();
    graph = pass.pass(std::move(graph), ctx);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (options.verify) verify(graph);
    if (options.observer) options.observer(pass.name, took.count(), graph);
  }
  return graph;
}

}  // namespace octet
