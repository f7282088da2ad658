#include "octet/formats/onnx/graph_writer.h"

#include "octet/base/error.h"
#include "octet/formats/onnx/exporters.h"
#include "octet/formats/onnx/tensor_proto.h"

namespace octet {
namespace {

constexpr std::string_view kBatch = "N";

// The shapes of the outputs for a batch of that size; none if the graph does not take it.
std::optional<std::vector<Shape>> output_shapes(const Graph& graph, int64_t batch) {
  Graph sized = graph;
  try {
    for (const VariableId id : graph.leaves(graph.outputs())) {
      const Variable& variable = graph.variable(id);
      Shape shape = variable.type.shape;
      const bool free =
          variable.kind == VariableKind::kInput && !shape.empty() && shape[0] == kFreeDim;
      if (!free) continue;
      shape[0] = batch;
      sized.set_input_shape(id, shape);
    }
    sized.infer_all_types();
  } catch (const Error&) {
    return std::nullopt;
  }
  std::vector<Shape> shapes;
  for (const VariableId id : graph.outputs()) shapes.push_back(sized.variable(id).type.shape);
  return shapes;
}

class GraphWriter {
 public:
  GraphWriter(const Graph& graph, const ParameterStore& parameters, int64_t opset)
      : graph_(graph), builder_(graph.name(), opset), values_(graph, parameters, builder_) {}

  onnx::ModelProto write() {
    add_inputs();
    for (const FunctionId id : graph_.topological_order(graph_.outputs())) {
      export_layer(values_, id);
    }
    add_outputs();
    write_scale_notes(values_.scale_notes(), builder_.model());
    return std::move(builder_.model());
  }

 private:
  void add_inputs() {
    for (const VariableId id : graph_.leaves(graph_.outputs())) {
      const Variable& variable = graph_.variable(id);
      if (variable.kind != VariableKind::kInput) continue;
      onnx::ValueInfoProto& info = *builder_.graph().add_input();
      describe(info, values_.name_of(id), variable.type);
      if (!variable.type.shape.empty() && variable.type.shape[0] == kFreeDim) {
        set_batch(info);
      }
    }
  }

  // A dimension is the batch if it is as large as the batch is, whatever its size.
  void add_outputs() {
    constexpr int64_t kSize = 3;
    constexpr int64_t kOtherSize = 5;
    const auto shapes = output_shapes(graph_, kSize);
    const auto other_shapes = output_shapes(graph_, kOtherSize);
    for (size_t i = 0; i < graph_.outputs().size(); ++i) {
      const VariableId id = graph_.outputs()[i];
      const Variable& variable = graph_.variable(id);
      onnx::ValueInfoProto& info = *builder_.graph().add_output();
      describe(info, output_name(id), variable.type);
      const bool free = !variable.type.shape.empty() && variable.type.shape[0] == kFreeDim;
      if (free && shapes && other_shapes && (*shapes)[i][0] == kSize &&
          (*other_shapes)[i][0] == kOtherSize) {
        set_batch(info);
      }
    }
  }

  // An output that no node makes, or that is listed twice, passes through an Identity.
  Name output_name(VariableId id) {
    const bool made = graph_.variable(id).kind == VariableKind::kActivation;
    if (made && listed_.insert(id).second) return values_.name_of(id);
    const bool parameter = graph_.variable(id).kind == VariableKind::kParameter;
    const Name value = parameter
                           ? values_.initializer(id, "value", [&] { return values_.parameter(id); })
                           : values_.name_of(id);
    const Name copy = builder_.value_name(values_.name_of(id) + "/Identity");
    onnx::NodeProto& identity = builder_.add_node("Identity", {value}, {});
    identity.add_output(copy);
    identity.set_name(builder_.node_name(copy));
    return copy;
  }

  static void describe(onnx::ValueInfoProto& info, const Name& name, const VariableType& type) {
    info.set_name(name);
    onnx::TypeProto::Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(onnx_data_type(type.dtype));
    onnx::TensorShapeProto& shape = *tensor.mutable_shape();
    for (int64_t i = 0; i < type.shape.rank(); ++i) {
      onnx::TensorShapeProto::Dimension& dim = *shape.add_dim();
      if (type.shape[i] == kFreeDim) {
        dim.set_dim_param(fmt::format("{}_dim{}", name, i));
      } else {
        dim.set_dim_value(type.shape[i]);
      }
    }
  }

  static void set_batch(onnx::ValueInfoProto& info) {
    info.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_param(
        std::string(kBatch));
  }

  const Graph& graph_;
  ModelBuilder builder_;
  ExportedValues values_;
  std::set<VariableId> listed_;
};

}  // namespace

onnx::ModelProto onnx_model(const Graph& graph, const ParameterStore& parameters, int64_t opset) {
  return GraphWriter(graph, parameters, opset).write();
}

}  // namespace octet
