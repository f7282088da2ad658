// ONNX's operators, each turned into Octet's operations by a function of its own: importers.inc is
// the table. The functions stand in import_<family>.cpp.
#pragma once

#include "octet/formats/onnx/graph_builder.h"
#include "octet/formats/onnx/node.h"

namespace octet {

// The node's outputs, as many as it has at most.
using OnnxImporter = OnnxValues (*)(OnnxNode& node, OnnxGraphBuilder& graph);

#define OCTET_ONNX_OP(type, oldest, importer) \
  OnnxValues importer(OnnxNode& node, OnnxGraphBuilder& graph);
#include "octet/formats/onnx/importers.inc"
#undef OCTET_ONNX_OP
OnnxValues import_qgemm(OnnxNode& node, OnnxGraphBuilder& graph);

struct OnnxImporterRow {
  const char* type;
  int64_t oldest;  // the operator set whose form of the operator is the oldest that is understood
  OnnxImporter importer;
};

// Of the domain "", or of ONNX Runtime's (see runtime_function.h) what is no composition of ONNX's
// operators. Null if there is none.
const OnnxImporterRow* find_onnx_importer(const std::string& domain, const std::string& type);

// What an operator needs that networks here do not have, as the end of a message: ": control flow".
// Empty for all others.
std::string_view why_not_supported(std::string_view type);

}  // namespace octet
