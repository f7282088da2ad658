// read_nnp.
#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/formats/nnp/network_declarations.h"
#include "octet/formats/nnp/network_reader.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/nnp/nnp_members.h"
#include "octet/ops/scalar_types.h"
#include "octet/targets/check_qparams.h"

namespace octet {
namespace {

// The first top-level message `kind` whose field `key` is `wanted` (any, if `wanted` is empty).
LocatedMessage find_message(const NnpMembers& members, std::string_view kind, std::string_view key,
                            const std::string& wanted) {
  for (const TextMember& member : members.texts) {
    for (const TextField& field : member.text.fields) {
      if (field.name != kind) continue;
      const TextMessage& message = message_value(field, member.where);
      if (wanted.empty() || optional_string(message, key, member.where) == wanted) {
        return {&message, member.where};
      }
    }
  }
  return {};
}

LocatedMessage find_executor(const NnpMembers& members, const std::string& path,
                             const std::string& wanted) {
  const LocatedMessage executor = find_message(members, "executor", "name", wanted);
  OCTET_CHECK_FILE(wanted.empty() || executor.message != nullptr, path,
                   "has no executor named '{}'", wanted);
  return executor;
}

LocatedMessage find_network(const NnpMembers& members, const std::string& path,
                            const LocatedMessage& executor) {
  std::string name;
  if (executor.message != nullptr) {
    name = optional_string(*executor.message, "network_name", executor.where);
  }
  const LocatedMessage network = find_message(members, "network", "name", name);
  OCTET_CHECK_FILE(network.message != nullptr, path, "has no network{}",
                   name.empty() ? "" : fmt::format(" named '{}'", name));
  return network;
}

// The type that the network takes the parameter for; NNabla computes in float32 whatever is stored.
at::ScalarType type_of(const std::string& name, const NetworkExtras* extras) {
  if (extras == nullptr) return at::kFloat;
  const auto found = extras->variables.find(name);
  return found == extras->variables.end() ? at::kFloat : scalar_type_of(found->second.dtype);
}

void fill_store(const NnpMembers& members, const NetworkExtras* extras, ParameterStore& store) {
  for (const StoredParameter& parameter : members.parameters) {
    store.set(parameter.name, parameter.value.to(type_of(parameter.name, extras)),
              parameter.need_grad);
  }
}

void check_batch_size(const NnpReadOptions& options, const std::string& path) {
  OCTET_CHECK(options.batch_size == kFreeDim || options.batch_size > 0, path,
              "cannot be read with the batch size {}", options.batch_size);
}

NnpModel model_of(const NnpMembers& members, const std::string& path,
                  const NnpReadOptions& options) {
  NetworkReadContext context;
  context.executor = find_executor(members, path, options.executor);
  context.network = find_network(members, path, context.executor);
  const std::string name = optional_string(*context.network.message, "name", context.network.where);
  const auto extras = members.extras.networks.find(name);
  if (extras != members.extras.networks.end()) context.extras = &extras->second;

  auto store = std::make_shared<ParameterStore>(options.seed, options.device);
  fill_store(members, context.extras, *store);
  context.parameters = store.get();
  context.batch_size = options.batch_size;

  NnpModel model;
  model.graph = read_network(context);
  model.parameters = std::move(store);
  if (const TextField* batch = find_field(*context.network.message, "batch_size")) {
    model.batch_size = int_value(*batch, context.network.where);
  }
  model.extra = members.extras.extra;
  check_qparams(model.graph, *model.parameters, path, /*converted_here=*/!model.extra.empty());
  return model;
}

}  // namespace

NnpModel read_nnp(const std::string& path, const NnpReadOptions& options) {
  check_batch_size(options, path);
  return model_of(read_nnp_members(path), path, options);
}

NnpModel parse_nnp(std::string_view bytes, const std::string& path, const NnpReadOptions& options) {
  check_batch_size(options, path);
  return model_of(parse_nnp_members(bytes, path), path, options);
}

}  // namespace octet
