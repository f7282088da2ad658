#include "octet/formats/onnx/exporters.h"

#include <unordered_map>

namespace octet {
namespace {

const std::unordered_map<std::string_view, Exporter>& exporters() {
  static const std::unordered_map<std::string_view, Exporter> table{
#define OCTET_EXPORT(Type)                                      \
  {Type::kType, [](const Attributes& a, LayerExporter& layer) { \
     return export_function(*std::get_if<Type>(&a), layer);     \
   }},
#define OCTET_EXPORT_AS(Type, type)                           \
  {Type::kType, [](const Attributes&, LayerExporter& layer) { \
     return Names{layer.node(type, layer.inputs())};          \
   }},
#define OCTET_NOT_EXPORTED(Type, reason) \
  {Type::kType, [](const Attributes&, LayerExporter& layer) -> Names { layer.fail(reason); }},
#include "octet/formats/onnx/exporters.inc"
#undef OCTET_EXPORT
#undef OCTET_EXPORT_AS
#undef OCTET_NOT_EXPORTED
  };
  return table;
}

}  // namespace

Exporter find_exporter(std::string_view type) {
  const auto found = exporters().find(type);
  return found == exporters().end() ? nullptr : found->second;
}

void export_layer(ExportedValues& values, FunctionId id) {
  const Attributes& attributes = values.graph().function(id).attributes;
  LayerExporter layer(values, id);
  const Exporter exporter = find_exporter(type_name(attributes));
  if (exporter == nullptr) layer.fail("has no counterpart in ONNX");
  layer.finish(exporter(attributes, layer));
}

}  // namespace octet
