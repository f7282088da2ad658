#include "octet/formats/onnx/graph_inputs.h"

#include <ATen/ATen.h>

#include "octet/base/error.h"
#include "octet/formats/onnx/tensor_proto.h"
#include "octet/ops/scalar_types.h"

namespace octet {
namespace {

// The extents of an open dimension in the imagined runs. Those of a first dimension are primes, so
// that no arithmetic takes them for something else; those of others are multiples of 32, so that
// images of that size go through networks that halve and double them.
std::array<int64_t, kSamples> sample_extents(bool first_dimension, int64_t index) {
  constexpr std::array<std::array<int64_t, kSamples>, 4> kPrimes{
      {{101, 211, 307}, {103, 223, 311}, {107, 227, 313}, {109, 229, 317}}};
  if (first_dimension) return kPrimes[static_cast<size_t>(index) % kPrimes.size()];
  return {32 * (11 + 6 * index), 32 * (13 + 10 * index), 32 * (19 + 14 * index)};
}

class OpenDimensions {
 public:
  OpenDimensions(const std::string& path, const OnnxReadOptions& options)
      : path_(path), options_(options) {}

  // Puts one dimension of an input at the end of `type` and of `samples`.
  void add(const onnx::TensorShapeProto::Dimension& dim, const std::string& place, bool is_first,
           Shape& shape, SampledShape& samples) {
    const bool has_value = dim.has_dim_value() && dim.dim_value() >= 0;
    const std::string name = dim.dim_param().empty() ? place : dim.dim_param();
    const int64_t extent = has_value ? dim.dim_value() : chosen(name, place, is_first);
    shape.push_back(extent);
    if (extent != kFreeDim) {
      for (Shape& sample : samples) sample.push_back(extent);
      return;
    }
    // First dimensions without a name are all the batch.
    const std::string symbol = dim.dim_param().empty() && is_first ? "" : name;
    const auto known = extents_.find(symbol);
    if (known == extents_.end()) {
      extents_[symbol] = sample_extents(is_first, is_first ? num_first_++ : num_other_++);
    }
    for (size_t run = 0; run < kSamples; ++run) samples[run].push_back(extents_[symbol][run]);
  }

  void check_options_used() const {
    for (const auto& [name, extent] : options_.dimensions) {
      OCTET_CHECK(used_.contains(name), path_, "no input has an open dimension '{}'", name);
      OCTET_CHECK(extent > 0, path_, "the dimension '{}' cannot have the extent {}", name, extent);
    }
  }

 private:
  int64_t chosen(const std::string& name, const std::string& place, bool is_first) {
    for (const std::string& key : {name, place}) {
      const auto found = options_.dimensions.find(key);
      if (found == options_.dimensions.end()) continue;
      used_.insert(key);
      return found->second;
    }
    return is_first ? options_.batch_size : kFreeDim;
  }

  const std::string& path_;
  const OnnxReadOptions& options_;
  std::map<std::string, std::array<int64_t, kSamples>> extents_;
  std::set<std::string> used_;
  int64_t num_first_ = 0;
  int64_t num_other_ = 0;
};

OnnxValue import_input(const onnx::ValueInfoProto& info, const std::string& path,
                       OpenDimensions& dimensions, const OnnxReadOptions& options,
                       OnnxGraphBuilder& graph) {
  const std::string where = fmt::format("{}: input '{}'", path, info.name());
  OCTET_CHECK_FILE(info.type().has_tensor_type(), where, "is not a tensor");
  const onnx::TypeProto::Tensor& tensor = info.type().tensor_type();
  OCTET_CHECK_FILE(tensor.has_shape(), where, "has no shape");
  VariableType type{dtype_of_onnx(tensor.elem_type(), where), {}, {}};
  SampledShape samples;
  for (int i = 0; i < tensor.shape().dim_size(); ++i) {
    dimensions.add(tensor.shape().dim(i), fmt::format("{}:{}", info.name(), i), i == 0, type.shape,
                   samples);
  }
  const auto fixed = options.fixed_inputs.find(info.name());
  if (fixed == options.fixed_inputs.end()) {
    OnnxValue value = graph.input(info.name(), type, samples);
    value->data_type = tensor.elem_type();
    return value;
  }
  const Shape given(fixed->second.sizes().vec());
  bool fits = given.rank() == type.shape.rank();
  for (int64_t i = 0; fits && i < given.rank(); ++i) {
    fits = type.shape[i] == kFreeDim || type.shape[i] == given[i];
  }
  OCTET_CHECK(fits, where, "has shape {}, the fixed value has {}", to_string(type.shape),
              to_string(given));
  OnnxValue value = graph.constant(fixed->second.to(scalar_type_of(type.dtype)), info.name());
  value->data_type = tensor.elem_type();
  return value;
}

}  // namespace

std::unordered_map<std::string, OnnxValue> import_graph_inputs(const OnnxFile& file,
                                                               const std::set<std::string>& wanted,
                                                               const OnnxReadOptions& options,
                                                               OnnxGraphBuilder& graph) {
  OCTET_CHECK(options.batch_size == kFreeDim || options.batch_size > 0, file.path,
              "cannot be read with the batch size {}", options.batch_size);
  std::set<std::string> initializers;
  for (const onnx::TensorProto& tensor : file.model.graph().initializer()) {
    initializers.insert(tensor.name());
  }
  OpenDimensions dimensions(file.path, options);
  std::unordered_map<std::string, OnnxValue> values;
  std::set<std::string> names;
  for (const onnx::ValueInfoProto& info : file.model.graph().input()) {
    OCTET_CHECK_FILE(names.insert(info.name()).second, file.path, "has two inputs '{}'",
                     info.name());
    if (initializers.contains(info.name()) || !wanted.contains(info.name())) continue;
    values[info.name()] = import_input(info, file.path, dimensions, options, graph);
  }
  dimensions.check_options_used();
  for (const auto& [name, value] : options.fixed_inputs) {
    OCTET_CHECK(names.contains(name), file.path, "has no input '{}' to give a value", name);
  }
  return values;
}

}  // namespace octet
