#include "octet/qat/qat_scheduler.h"

#include <nlohmann/json.hpp>

#include "octet/base/error.h"
#include "octet/formats/nnp/nnp.h"
#include "octet/formats/onnx/onnx.h"
#include "octet/passes/integer_functions.h"
#include "octet/passes/layer_traits.h"
#include "octet/passes/quantize_parameters.h"
#include "octet/targets/check_graph.h"
#include "octet/train/checkpoint.h"
#include "octet/train/stored_solver.h"

namespace octet {
namespace {

constexpr std::string_view kWhere = "QATScheduler";

std::vector<VariableId> ids_of(const std::vector<VariableRef>& refs) {
  std::vector<VariableId> ids;
  for (const VariableRef& ref : refs) ids.push_back(ref.id());
  return ids;
}

QNNState parse_state(const std::string& text) {
  for (const auto state : {QNNState::NON_QNN, QNNState::RECORDING, QNNState::TRAINING}) {
    if (to_string(state) == text) return state;
  }
  throw_error(kWhere, "the saved state '{}' is not one of NON_QNN, RECORDING, TRAINING", text);
}

// Training that quantizes nothing would end in a float network without a word.
void check_anything_recorded(const Graph& graph, const std::vector<VariableId>& outputs) {
  int64_t layers = 0;
  for (const FunctionId id : graph.topological_order(outputs)) {
    const Attributes& attributes = graph.function(id).attributes;
    if (std::holds_alternative<Recorder>(attributes) ||
        std::holds_alternative<QuantizeLinear>(attributes) || is_integer_function(attributes)) {
      return;
    }
    if (!is_never_quantized(attributes)) ++layers;
  }
  throw_error(kWhere,
              "network {} has nothing to quantize: record_layers, include, exclude, "
              "skip_inputs_layers and skip_outputs_layers leave none of its {} layers",
              graph.name(), layers);
}

}  // namespace

std::string_view to_string(QNNState state) {
  switch (state) {
    case QNNState::NON_QNN:
      return "NON_QNN";
    case QNNState::RECORDING:
      return "RECORDING";
    case QNNState::TRAINING:
      return "TRAINING";
  }
  return "";
}

QATScheduler::QATScheduler(QATConfig config) : config_(std::move(config)) {
  config_.validate();
}

QATScheduler::QATScheduler(QATConfig config, Solver& solver) : QATScheduler(std::move(config)) {
  solver_ = &solver;
}

void QATScheduler::operator()(const VariableRef& output, bool training) {
  OCTET_CHECK(state_ == QNNState::NON_QNN, kWhere, "{} comes too late: the stage is {} already",
              output.name(), to_string(state_));
  for (Registered& known : networks_) {
    if (!(known.network == output.network())) continue;
    OCTET_CHECK(known.training == training, kWhere,
                "network {} is registered for training and for validation",
                output.network().graph().name());
    known.outputs.push_back(output);
    return;
  }
  networks_.push_back({output.network(), {output}, training});
}

void QATScheduler::step() {
  if (counter_ == config_.niter_to_recording) {
    enter(converted(QNNState::RECORDING, config_, current()));
  } else if (counter_ == config_.niter_to_training) {
    enter(converted(QNNState::TRAINING, config_, current()));
    scale_learning_rate();
  }
  ++counter_;
}

void QATScheduler::scale_learning_rate() {
  if (solver_ == nullptr) return;
  solver_->set_learning_rate(solver_->learning_rate() * config_.learning_rate_scale);
}

QATScheduler::Conversion QATScheduler::current() const {
  Conversion conversion{state_, {}, memory_};
  for (const Registered& registered : networks_) {
    conversion.graphs.push_back(registered.network.graph());
  }
  return conversion;
}

QATScheduler::Conversion QATScheduler::converted(QNNState state, const QATConfig& config,
                                                 Conversion from) const {
  OCTET_CHECK(!networks_.empty(), kWhere, "no network is registered; call qat(pred) before step()");
  const auto passes = state == QNNState::RECORDING ? recording_passes() : training_passes();
  // Training networks first: they make the recorders, folded weights and scales that validation
  // networks find.
  for (const bool training : {true, false}) {
    for (size_t i = 0; i < networks_.size(); ++i) {
      const Registered& registered = networks_[i];
      if (registered.training != training) continue;
      PassContext ctx;
      ctx.outputs = ids_of(registered.outputs);
      ctx.parameters = registered.network.parameters().get();
      ctx.config = config;
      ctx.memory = &from.memory;
      ctx.training = training;
      from.graphs[i] = run_passes(passes, std::move(from.graphs[i]), ctx, pipeline_);
      if (training) check_anything_recorded(from.graphs[i], ctx.outputs);
    }
  }
  from.state = state;
  return from;
}

void QATScheduler::enter(Conversion conversion) {
  const std::vector<std::string> before = parameter_names();
  state_ = conversion.state;
  memory_ = std::move(conversion.memory);
  const bool resting = state_ == QNNState::RECORDING && !config_.train_in_recording;
  for (size_t i = 0; i < networks_.size(); ++i) {
    Registered& registered = networks_[i];
    registered.network.graph() = std::move(conversion.graphs[i]);
    if (registered.training) registered.network.set_gradients(!resting);
  }
  if (solver_ != nullptr) update_solver(before);
}

// Every parameter that a registered training network uses, the loss above it included.
std::vector<std::string> QATScheduler::parameter_names() const {
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const Registered& registered : networks_) {
    if (!registered.training) continue;
    const Graph& graph = registered.network.graph();
    for (const FunctionId id : graph.topological_order()) {
      for (const VariableId input : graph.function(id).inputs) {
        const Variable& variable = graph.variable(input);
        if (variable.kind == VariableKind::kParameter && seen.insert(variable.name).second) {
          names.push_back(variable.name);
        }
      }
    }
  }
  return names;
}

// Parameters that the conversion folded away leave the solver, new ones join it, the others keep
// their state.
void QATScheduler::update_solver(const std::vector<std::string>& before) {
  const std::vector<std::string> now = parameter_names();
  const std::set<std::string> used(now.begin(), now.end());
  const std::set<std::string> used_before(before.begin(), before.end());
  std::map<std::string, ParameterStore*> stores;
  for (Registered& registered : networks_) {
    ParameterStore* store = registered.network.parameters().get();
    for (const std::string& name : store->names()) stores.emplace(name, store);
  }
  std::vector<Parameter> parameters;
  std::set<std::string> taken;
  const auto take = [&](const std::string& name) {
    const auto store = stores.find(name);
    if (store == stores.end() || !taken.insert(name).second) return;
    const Parameter& parameter = store->second->at(name);
    if (parameter.need_grad) parameters.push_back(parameter);
  };
  for (const std::string& name : solver_->parameter_names()) {
    if (used.contains(name) || !used_before.contains(name)) take(name);
  }
  // A folded parameter joins if the solver had one of those that it replaces.
  const std::vector<std::string> had = solver_->parameter_names();
  const std::set<std::string> trained(had.begin(), had.end());
  const auto is_wanted = [&](const std::string& name) {
    const auto replaced = memory_.replaced.find(name);
    return replaced == memory_.replaced.end() ||
           std::any_of(replaced->second.begin(), replaced->second.end(),
                       [&](const std::string& source) { return trained.contains(source); });
  };
  for (const std::string& name : now) {
    if (!used_before.contains(name) && is_wanted(name)) take(name);
  }
  solver_->set_parameters(parameters, /*keep_state=*/true);
}

const QATScheduler::Registered& QATScheduler::registered_with(const VariableRef& input) const {
  for (const Registered& registered : networks_) {
    if (registered.network == input.network()) return registered;
  }
  throw_error(kWhere,
              "no output of the network of {} is registered; call qat(output) before save()",
              input.name());
}

SavedNetwork QATScheduler::saved(const std::vector<VariableRef>& inputs) const {
  OCTET_CHECK(!inputs.empty(), kWhere, "save() needs the network's inputs");
  const Registered& registered = registered_with(inputs[0]);
  Graph graph = registered.network.graph();
  graph.set_name("net");
  graph.set_outputs(ids_of(registered.outputs));
  const std::vector<VariableId> given = ids_of(inputs);
  for (size_t i = 0; i < given.size(); ++i) graph.rename_variable(given[i], fmt::format("x{}", i));
  for (size_t i = 0; i < graph.outputs().size(); ++i) {
    graph.rename_variable(graph.outputs()[i], fmt::format("y{}", i));
  }
  for (const VariableId leaf : graph.leaves(graph.outputs())) {
    const Variable& variable = graph.variable(leaf);
    const bool missing = variable.kind == VariableKind::kInput &&
                         std::find(given.begin(), given.end(), leaf) == given.end();
    OCTET_CHECK(!missing, kWhere, "the network also depends on input {}; give it to save()",
                variable.name);
  }
  SavedNetwork result{compact(graph),
                      std::make_shared<ParameterStore>(registered.network.parameters()->clone())};
  PassContext ctx;
  ctx.outputs = result.graph.outputs();
  ctx.parameters = result.parameters.get();
  ctx.config = config_;
  result.graph = compact(run_passes(saving_passes(), std::move(result.graph), ctx));
  return result;
}

SavedNetwork QATScheduler::deployed(const std::vector<VariableRef>& inputs) const {
  OCTET_CHECK(state_ == QNNState::TRAINING, kWhere,
              "deploy = true (--deploy) stores quantized weights, and there are none before "
              "TRAINING; the stage "
              "is {}",
              to_string(state_));
  SavedNetwork result = saved(inputs);
  PassContext ctx;
  ctx.outputs = result.graph.outputs();
  ctx.parameters = result.parameters.get();
  ctx.config = config_;
  result.graph = compact(quantize_parameters(std::move(result.graph), ctx));
  verify(result.graph);
  return result;
}

void QATScheduler::save(const std::string& path, const std::vector<VariableRef>& inputs,
                        const SaveOptions& options) const {
  OCTET_CHECK(options.parameter_format == "h5" || options.parameter_format == "protobuf", kWhere,
              "parameter_format '{}' is not one of h5, protobuf", options.parameter_format);
  const SavedNetwork network = options.deploy ? deployed(inputs) : saved(inputs);
  write(path, network.graph, *network.parameters, *inputs[0].network().parameters(), options);
}

void QATScheduler::write(const std::string& path, const Graph& graph,
                         const ParameterStore& parameters, const ParameterStore& training,
                         const SaveOptions& options) const {
  OCTET_CHECK(!options.training_state || !(options.deploy || path.ends_with(".onnx")), kWhere,
              "training_state = true: {} cannot be trained on",
              options.deploy ? "a deployed network" : "a .onnx file");
  if (path.ends_with(".onnx")) {
    require_target(graph, parameters, config_.target);
    return write_onnx(path, graph, parameters, {.opset = options.opset});
  }
  NnpWriteOptions written;
  written.batch_size = options.batch_size;
  if (options.parameter_format == "protobuf") written.parameter_format = ParameterFormat::kProtobuf;
  written.extra = save_state();
  if (options.training_state) {
    written.training = &training;
    if (solver_ != nullptr) written.solvers.push_back(stored_state(*solver_));
  }
  write_nnp(path, graph, parameters, written);
}

void QATScheduler::save(const std::string& path, const VariableRef& input,
                        const SaveOptions& options) const {
  save(path, std::vector<VariableRef>{input}, options);
}

std::string QATScheduler::save_state() const {
  return nlohmann::json{
      {"stage", to_string(state_)}, {"counter", counter_}, {"config", config_to_toml(config_)}}
      .dump();
}

void QATScheduler::restore(const std::string& state) {
  OCTET_CHECK(state_ == QNNState::NON_QNN && counter_ == 0, kWhere,
              "restore() needs a new scheduler, this one is at step {}", counter_);
  const nlohmann::json saved = nlohmann::json::parse(state, nullptr, /*allow_exceptions=*/false);
  const bool complete = saved.is_object() && saved.value("stage", nlohmann::json()).is_string() &&
                        saved.value("counter", nlohmann::json()).is_number_integer() &&
                        saved.value("config", nlohmann::json()).is_string();
  OCTET_CHECK(complete, kWhere, "the saved state is damaged: {}", state.substr(0, 80));
  QATConfig config;
  read_config_text(saved["config"].get<std::string>(), "saved QATScheduler", config);
  config.validate();
  const QNNState stage = parse_state(saved["stage"].get<std::string>());
  // All stages are converted before the first is entered, so that an error leaves all as it was.
  std::vector<Conversion> stages;
  Conversion conversion = current();
  conversion.memory.restoring = true;
  for (const auto state : {QNNState::RECORDING, QNNState::TRAINING}) {
    if (state > stage) break;
    conversion = converted(state, config, std::move(conversion));
    stages.push_back(conversion);
  }
  config_ = std::move(config);
  for (Conversion& entered : stages) enter(std::move(entered));
  memory_.restoring = false;
  counter_ = saved["counter"].get<int64_t>();
}

void QATScheduler::load(const std::string& path) {
  const NnpModel model = read_nnp(path);
  const std::shared_ptr<ParameterStore> training = read_nnp_training(path);
  OCTET_CHECK_FILE(training != nullptr && !model.extra.empty(), path,
                   "holds no state of a training; save it with training_state = true");
  OCTET_CHECK(!networks_.empty(), kWhere, "register the networks before load()");
  for (const Registered& registered : networks_) {
    restore_parameters(copy_parameters(*training), *registered.network.parameters());
  }
  restore(model.extra);
  if (solver_ == nullptr) return;
  const std::vector<StoredSolverState> states = read_nnp_solvers(path);
  OCTET_CHECK_FILE(restore_solver(*solver_, states, path), path,
                   "has the state of another solver than {}", solver_->type());
  if (state_ == QNNState::TRAINING) scale_learning_rate();
}

}  // namespace octet
