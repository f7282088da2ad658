// onnx::TensorProto, a tensor in a model file or in a file of its own, as an at::Tensor and back.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>

#include "octet/base/dtype.h"
#include "octet/formats/onnx/onnx_headers.h"

namespace octet {

// "float", "int8", ... as ONNX calls the number; "type 99" for one that it does not have.
std::string onnx_type_name(int32_t data_type);

// onnx::TensorProto::FLOAT for kFloat32 and so on.
int32_t onnx_data_type(DType dtype);

// The element type in which a graph holds values of an ONNX type: itself, or the narrowest that
// holds all its values (float16 and bfloat16: float32; uint16: int32; uint32 and uint64: int64).
// Throws FileError "[where] ..." for strings and complex numbers.
DType dtype_of_onnx(int32_t data_type, std::string_view where);

// The values, on the CPU. float16 and bfloat16 keep their type; uint16 becomes int32, uint32 and
// uint64 become int64 (an element above its range is an error). `model_path` is the model's file:
// its name stands in errors, and its folder holds external data. Throws FileError if the data is
// not exactly what the shape asks for, if external data lies outside the folder, and for strings
// and complex numbers.
at::Tensor tensor_from_proto(const onnx::TensorProto& proto, const std::string& model_path);

// The tensor as raw data, of its own element type (those of DType, float16 and bfloat16).
onnx::TensorProto proto_from_tensor(const at::Tensor& tensor, const std::string& name = "");

// Reads a TensorProto that is a file of its own, as ONNX's test data has them.
at::Tensor read_tensor_file(const std::string& path);

}  // namespace octet
