// Scales of integers that no node of a file names: where a sum of products becomes integers again,
// ONNX's nodes hold the product of all scales alone. A file that Octet writes has them in its
// metadata, under "octet.scales": a JSON object from the names of values to numbers. Runtimes pass
// it by.
#pragma once

#include <map>
#include <string>

#include "octet/formats/onnx/model_file.h"

namespace octet {

// By the name of the value.
using ScaleNotes = std::map<std::string, float>;

// Nothing is written where there are none.
void write_scale_notes(const ScaleNotes& notes, onnx::ModelProto& model);

// Throws FileError for metadata of that name that is something else than positive numbers.
ScaleNotes read_scale_notes(const OnnxFile& file);

}  // namespace octet
