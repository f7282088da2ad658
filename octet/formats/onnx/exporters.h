// From an operation of Octet to the nodes that compute the same in ONNX.
#pragma once

#include <string_view>

#include "octet/formats/onnx/layer_exporter.h"

namespace octet {

using Exporter = Names (*)(const Attributes& attributes, LayerExporter& layer);

// Null for an operation that exporters.inc does not have.
Exporter find_exporter(std::string_view type);

// Adds the function's nodes. Throws Error, naming the layer, for what ONNX cannot express.
void export_layer(ExportedValues& values, FunctionId id);

// One for each row of exporters.inc, in the export_ file of its family.
#define OCTET_EXPORT(Type) Names export_function(const Type& op, LayerExporter& layer);
#define OCTET_EXPORT_AS(Type, node)
#define OCTET_NOT_EXPORTED(Type, reason)
#include "octet/formats/onnx/exporters.inc"
#undef OCTET_EXPORT
#undef OCTET_EXPORT_AS
#undef OCTET_NOT_EXPORTED

}  // namespace octet
