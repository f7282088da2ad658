// read_onnx: node by node, with an explicit stack for functions that call functions.
#include <ATen/ATen.h>

#include <set>
#include <unordered_map>

#include "octet/base/error.h"
#include "octet/formats/onnx/function_body.h"
#include "octet/formats/onnx/graph_inputs.h"
#include "octet/formats/onnx/importers.h"
#include "octet/formats/onnx/model_file.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/formats/onnx/recover_integers.h"
#include "octet/formats/onnx/recover_layers.h"
#include "octet/formats/onnx/runtime_function.h"
#include "octet/formats/onnx/tensor_proto.h"
#include "octet/targets/check_qparams.h"

namespace octet {
namespace {

// What a file may grow to by functions that call functions.
constexpr size_t kMaxDepth = 64;
constexpr int64_t kMaxNodes = int64_t{1} << 20;

// The main graph, or a function that is being called.
struct Frame {
  OnnxFunctionBody body;  // of a function; empty for the main graph
  const google::protobuf::RepeatedPtrField<onnx::NodeProto>* nodes = nullptr;
  std::map<std::string, int64_t> opsets;
  std::set<std::string> wanted;  // the values that the outputs need
  std::vector<bool> live;        // the nodes that compute them
  int next = 0;
  std::unordered_map<std::string, OnnxValue> values;
  const onnx::NodeProto* call = nullptr;  // in the frame below
  std::string prefix;                     // of the names of its values
  VariableId first_new = 0;               // variables of the graph from here on are its own
};

// Marks the nodes that `wanted` depend on and adds all that they read to it. Nodes come after what
// they read, so one pass from the end is enough.
std::vector<bool> live_nodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes,
                             std::set<std::string>& wanted) {
  std::vector<bool> live(static_cast<size_t>(nodes.size()));
  for (int i = nodes.size() - 1; i >= 0; --i) {
    for (const std::string& output : nodes[i].output()) {
      if (!output.empty() && wanted.contains(output)) live[static_cast<size_t>(i)] = true;
    }
    if (!live[static_cast<size_t>(i)]) continue;
    wanted.insert(nodes[i].input().begin(), nodes[i].input().end());
  }
  return live;
}

class Reader {
 public:
  Reader(const OnnxFile& file, const OnnxReadOptions& options)
      : file_(file),
        store_(std::make_shared<ParameterStore>(0, options.device)),
        graph_(file.model.graph().name().empty() ? "net" : file.model.graph().name()),
        builder_(graph_, *store_) {
    open_main_graph(options);
  }

  OnnxModel read() {
    while (true) {
      Frame& frame = *frames_.back();
      if (frame.next < frame.nodes->size()) {
        step(frame);
      } else if (frames_.size() > 1) {
        close_function();
      } else {
        break;
      }
    }
    return finish();
  }

 private:
  // ---- the main graph -----------------------------------------------------------------------
  void open_main_graph(const OnnxReadOptions& options) {
    const onnx::GraphProto& graph = file_.model.graph();
    OCTET_CHECK_FILE(graph.output_size() > 0, file_.path, "has no outputs");
    OCTET_CHECK_FILE(graph.sparse_initializer_size() == 0, file_.path,
                     "has sparse initializers, which are not supported");
    auto frame = std::make_unique<Frame>();
    frame->nodes = &graph.node();
    frame->opsets = file_.opsets;
    for (const onnx::ValueInfoProto& output : graph.output()) frame->wanted.insert(output.name());
    frame->live = live_nodes(graph.node(), frame->wanted);
    frame->values = import_graph_inputs(file_, frame->wanted, options, builder_);
    import_initializers(frame->wanted, frame->values);
    frames_.push_back(std::move(frame));
  }

  void import_initializers(const std::set<std::string>& wanted,
                           std::unordered_map<std::string, OnnxValue>& values) {
    std::unordered_map<std::string, int64_t> readers;
    for (const onnx::NodeProto& node : file_.model.graph().node()) {
      for (const std::string& input : node.input()) ++readers[input];
    }
    for (const onnx::TensorProto& proto : file_.model.graph().initializer()) {
      if (!wanted.contains(proto.name())) continue;
      const at::Tensor tensor = tensor_from_proto(proto, file_.path);
      const OnnxValue value = builder_.weight(tensor, proto.name(), readers[proto.name()]);
      value->data_type = proto.data_type();
      OCTET_CHECK_FILE(values.emplace(proto.name(), value).second, file_.path,
                       "has two initializers '{}'", proto.name());
    }
  }

  OnnxModel finish() {
    std::vector<VariableId> outputs;
    for (const onnx::ValueInfoProto& output : file_.model.graph().output()) {
      builder_.set_node(fmt::format("{}: output '{}'", file_.path, output.name()), output.name());
      outputs.push_back(output_variable(output.name()));
    }
    graph_.set_outputs(outputs);
    recover_integers(graph_, *store_, read_scale_notes(file_));
    recover_layers(graph_, *store_);
    OnnxModel model;
    model.graph = compact(graph_);
    verify(model.graph);
    for (const std::string& name : store_->names()) {
      if (model.graph.find_variable(name) == kNoId) store_->erase(name);
    }
    model.parameters = store_;
    model.opset = file_.opset();
    return model;
  }

  // A value of its own for each output: not an input, a parameter or another output.
  VariableId output_variable(const std::string& name) {
    const OnnxValue value = find_value(*frames_.back(), name, builder_.where());
    if (value->id == kNoId && value->name == name) value->name.clear();  // the output has the name
    const VariableId id = builder_.variable(value, value->weight);
    const bool is_own =
        graph_.variable(id).kind == VariableKind::kActivation && graph_.variable(id).name == name;
    if (is_own) return id;
    return graph_.output_of(graph_.add_function(Identity{}, {id}, "", {name}));
  }

  // ---- nodes --------------------------------------------------------------------------------
  void step(Frame& frame) {
    const int index = frame.next++;
    if (!frame.live.empty() && !frame.live[static_cast<size_t>(index)]) return;
    OCTET_CHECK_FILE(++num_nodes_ <= kMaxNodes, file_.path,
                     "has functions that make more than {} nodes", kMaxNodes);
    const onnx::NodeProto& proto = (*frame.nodes)[index];
    const std::string domain = normalized_domain(proto.domain());
    // ONNX Runtime's operators that have an importer are extended ones of ONNX.
    const auto opset = frame.opsets.find(domain == kRuntimeDomain ? "" : domain);
    OnnxNode node(proto, inputs_of(frame, proto), frame.wanted,
                  opset == frame.opsets.end() ? 0 : opset->second, file_.path);
    builder_.set_node(node.where(), frame.prefix + node.name());
    const OnnxImporterRow* row =
        is_model_function(file_, proto) ? nullptr : find_onnx_importer(domain, proto.op_type());
    if (row == nullptr) {
      open_function(frame, node, proto);
      return;
    }
    node.check(node.opset() >= row->oldest,
               "is of version {} of the operators; of {} and later is supported", node.opset(),
               row->oldest);
    const VariableId first_new = graph_.num_variable_slots();
    name_outputs(frame, proto, run_importer(*row, node), first_new);
  }

  OnnxValues inputs_of(const Frame& frame, const onnx::NodeProto& proto) const {
    const std::string where = fmt::format(
        "{}: node '{}' ({})", file_.path,
        proto.name().empty() && proto.output_size() > 0 ? proto.output(0) : proto.name(),
        proto.op_type());
    OnnxValues inputs;
    for (const std::string& name : proto.input()) {
      inputs.push_back(name.empty() ? nullptr : find_value(frame, name, where));
    }
    return inputs;
  }

  OnnxValue find_value(const Frame& frame, const std::string& name,
                       const std::string& where) const {
    const auto found = frame.values.find(name);
    if (found != frame.values.end()) return found->second;
    bool later = false;
    for (const onnx::NodeProto& node : *frame.nodes) {
      for (const std::string& output : node.output()) later = later || output == name;
    }
    OCTET_CHECK_FILE(!later, where,
                     "reads '{}' before it is computed: the nodes are in a cycle or out of order",
                     name);
    throw_file_error(where, "reads '{}', which nothing computes", name);
  }

  // What an operation's shape rule or a folded computation refuses becomes an error of the node.
  OnnxValues run_importer(const OnnxImporterRow& row, OnnxNode& node) {
    try {
      OnnxValues outputs = row.importer(node, builder_);
      node.check_all_read();
      return outputs;
    } catch (const FileError&) {
      throw;
    } catch (const Error& error) {
      throw_file_error(node.where(), "{}", error.what());
    } catch (const c10::Error& error) {
      throw_file_error(node.where(), "{}", error.what_without_backtrace());
    }
  }

  void name_outputs(Frame& frame, const onnx::NodeProto& proto, const OnnxValues& outputs,
                    VariableId first_new) {
    for (int i = 0; i < proto.output_size(); ++i) {
      const std::string& name = proto.output(i);
      if (name.empty() || !frame.wanted.contains(name)) continue;
      OCTET_CHECK_FILE(static_cast<size_t>(i) < outputs.size() && outputs[i] != nullptr,
                       builder_.where(), "has an output {} ('{}'), which is not supported", i,
                       name);
      OCTET_CHECK_FILE(frame.values.emplace(name, outputs[i]).second, builder_.where(),
                       "computes '{}', which exists already", name);
      if (outputs[i]->id >= first_new && graph_.variable(outputs[i]->id).producer != kNoId) {
        graph_.rename_variable(outputs[i]->id, frame.prefix + name);
      } else if (outputs[i]->name.empty()) {
        outputs[i]->name = frame.prefix + name;
      }
    }
  }

  // ---- functions ----------------------------------------------------------------------------
  void open_function(const Frame& frame, const OnnxNode& node, const onnx::NodeProto& proto) {
    std::optional<OnnxFunctionBody> body =
        find_function_body(file_, frame.opsets, proto, node.inputs(), builder_);
    node.check(body.has_value(), "is an operator{} that is not supported{}",
               proto.domain().empty() ? "" : fmt::format(" of '{}'", proto.domain()),
               proto.domain().empty() ? why_not_supported(proto.op_type()) : "");
    node.check(frames_.size() < kMaxDepth, "calls functions more than {} deep", kMaxDepth);
    auto called = std::make_unique<Frame>();
    called->body = std::move(*body);
    called->nodes = &called->body.function.node();
    called->opsets = called->body.opsets;
    called->call = &proto;
    called->prefix = frame.prefix + node.name() + "/";
    called->first_new = graph_.num_variable_slots();
    called->wanted.insert(called->body.function.output().begin(),
                          called->body.function.output().end());
    called->live = live_nodes(*called->nodes, called->wanted);
    bind_inputs(node, *called);
    frames_.push_back(std::move(called));
  }

  void bind_inputs(const OnnxNode& node, Frame& called) {
    std::unordered_map<std::string, int64_t> readers;
    for (const onnx::NodeProto& inner : *called.nodes) {
      for (const std::string& input : inner.input()) ++readers[input];
    }
    const auto& names = called.body.function.input();
    node.check(node.num_inputs() <= static_cast<size_t>(names.size()),
               "gives {} inputs to a function of {}", node.num_inputs(), names.size());
    for (size_t i = 0; i < static_cast<size_t>(names.size()); ++i) {
      const std::string& name = names[static_cast<int>(i)];
      const OnnxValue value = node.optional_input(i);  // left out here, it is left out inside
      called.values.emplace(name, value);
      if (value != nullptr) value->readers += readers[name] - 1;
    }
  }

  void close_function() {
    const std::unique_ptr<Frame> called = std::move(frames_.back());
    frames_.pop_back();
    Frame& frame = *frames_.back();
    builder_.set_node(fmt::format("{}: function '{}'", file_.path, called->body.function.name()),
                      frame.prefix + called->body.function.name());
    OnnxValues outputs;
    for (const std::string& name : called->body.function.output()) {
      outputs.push_back(find_value(*called, name, builder_.where()));
    }
    name_outputs(frame, *called->call, outputs, called->first_new);
  }

  const OnnxFile& file_;
  std::shared_ptr<ParameterStore> store_;
  Graph graph_;
  OnnxGraphBuilder builder_;
  std::vector<std::unique_ptr<Frame>> frames_;
  int64_t num_nodes_ = 0;
};

OnnxModel model_of(const OnnxFile& file, const OnnxReadOptions& options) {
  OnnxModel model = Reader(file, options).read();
  check_qparams(model.graph, *model.parameters, file.path, /*converted_here=*/false);
  return model;
}

}  // namespace

OnnxModel parse_onnx_model(const std::string& bytes, const std::string& path,
                           const OnnxReadOptions& options) {
  return model_of(parse_onnx(bytes, path), options);
}

OnnxModel read_onnx(const std::string& path, const OnnxReadOptions& options) {
  return model_of(read_onnx_file(path), options);
}

}  // namespace octet
