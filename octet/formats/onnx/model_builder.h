// What an ONNX file is put together from: nodes, initializers and the names that join them.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "octet/base/shape.h"
#include "octet/formats/nnp/generated_names.h"
#include "octet/formats/onnx/onnx_headers.h"

namespace octet {

using AttributeValue =
    std::variant<int64_t, float, std::string, IntList, std::vector<std::string>, at::Tensor>;

struct NodeAttribute {
  std::string name;
  AttributeValue value;
};

class ModelBuilder {
 public:
  // A model of ONNX's operators of version `opset`, 13 to 21, in the format version of that time.
  ModelBuilder(const std::string& graph_name, int64_t opset);

  int64_t opset() const { return opset_; }

  // `wanted`, made valid UTF-8, not empty, and unique among values (nodes).
  std::string value_name(const std::string& wanted) { return take(values_, wanted); }
  std::string node_name(const std::string& wanted) { return take(nodes_, wanted); }

  // Outputs and name are the caller's, from the functions above.
  onnx::NodeProto& add_node(std::string_view type, const std::vector<std::string>& inputs,
                            const std::vector<NodeAttribute>& attributes);
  void add_initializer(const at::Tensor& value, const std::string& name);

  int num_nodes() const { return graph().node_size(); }
  onnx::NodeProto& node(int index) { return *graph().mutable_node(index); }
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }
  const onnx::GraphProto& graph() const { return model_.graph(); }
  onnx::ModelProto& model() { return model_; }

 private:
  static std::string take(UniqueNames& names, const std::string& wanted);

  int64_t opset_;
  onnx::ModelProto model_;
  UniqueNames values_;
  UniqueNames nodes_;
};

// The versions of the operators that can be written.
inline constexpr int64_t kOldestWrittenOpset = 13;
inline constexpr int64_t kNewestWrittenOpset = 21;

}  // namespace octet
