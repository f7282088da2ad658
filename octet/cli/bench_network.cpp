#include "octet/cli/bench_network.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>

#include "octet/base/error.h"
#include "octet/cli/model_sink.h"
#include "octet/passes/lower_int8.h"
#include "octet/passes/quantize_parameters.h"
#include "octet/targets/integer_values.h"

namespace octet::cli {

namespace {

constexpr std::array kModes{
    BenchMode{"float", true, std::nullopt},
    BenchMode{"sim_qnn", true, PrecisionMode::SIM_QNN},
    BenchMode{"mixed_qnn", true, PrecisionMode::MIXED_QNN},
    BenchMode{"qnn", true, PrecisionMode::QNN},
    BenchMode{"infer_float", false, std::nullopt},
    BenchMode{"infer_sim_qnn", false, PrecisionMode::SIM_QNN},
    BenchMode{"infer_int8", false, PrecisionMode::QNN},
};

// Random images and labels that fit the networks.
void fill_inputs(const NetworkPair& networks, int64_t batch) {
  const c10::Device device = networks.image.network().parameters()->device();
  Shape shape = networks.image.shape();
  shape[0] = batch;
  RandomState random(0);
  at::Generator& generator = random.generator(c10::kCPU);
  const at::Tensor image = at::randn(shape, generator).to(device);
  networks.image.d() = image;
  networks.validation_image.d() = image;
  const int64_t classes = networks.pred.shape().at(1);
  networks.label.d() = at::randint(0, classes, {batch, 1}, generator, at::kLong).to(device);
}

QATConfig bench_config(const QuantizationOptions& options, const BenchMode& mode) {
  QATConfig config = read_config(options);
  config.precision_mode = *mode.precision;
  if (mode.precision == PrecisionMode::QNN || !mode.training) {
    config.bn_folding = config.bn_self_folding = true;
  }
  config.niter_to_recording = 0;
  config.niter_to_training = 1;
  config.validate();
  return config;
}

// Brings the networks to TRAINING: one step records ranges, the next converts.
std::unique_ptr<QATScheduler> quantize(const NetworkPair& networks, const QATConfig& config,
                                       Solver& solver) {
  auto scheduler = std::make_unique<QATScheduler>(config, solver);
  (*scheduler)(networks.pred);
  (*scheduler)(networks.validation_pred, /*training=*/false);
  scheduler->step();
  networks.loss.forward();
  scheduler->step();
  return scheduler;
}

// A quantized network from a file, as integer functions where the mode wants them.
SavedNetwork deploy(const Graph& graph, const ParameterStore& parameters, PrecisionMode precision) {
  SavedNetwork result{graph, std::make_shared<ParameterStore>(parameters.clone())};
  ConversionMemory memory;
  PassContext context;
  context.outputs = graph.outputs();
  context.parameters = result.parameters.get();
  context.config.precision_mode = precision;
  context.memory = &memory;
  context.training = false;
  static constexpr NamedPass kPasses[] = {{"lower_int8", lower_int8},
                                          {"quantize_parameters", quantize_parameters}};
  result.graph = compact(run_passes(kPasses, std::move(result.graph), context));
  return result;
}

void infer_with(BenchNetwork& result, SavedNetwork deployed, const std::string& where) {
  const VariableId image = only_image(deployed.graph, where);
  const VariableId pred = only_output(deployed.graph, where);
  const at::Tensor images = result.networks.validation_image.d();
  Network network = make_network(std::move(deployed.graph), deployed.parameters);
  result.image = network.ref(image);
  result.pred = network.ref(pred);
  result.image.d() = images;
}

}  // namespace

std::span<const BenchMode> bench_modes() {
  return kModes;
}

const BenchMode& bench_mode(std::string_view name) {
  const auto found = std::ranges::find(kModes, name, &BenchMode::name);
  OCTET_INTERNAL_CHECK(found != kModes.end());
  return *found;
}

BenchNetwork make_bench_network(const Model& model, const BenchMode& mode,
                                const QuantizationOptions& quantization, int64_t batch,
                                Solver& solver, const std::string& where) {
  const bool quantized = is_quantized(model.graph);
  OCTET_CHECK(!quantized || (mode.precision && !mode.training), where,
              "the network is quantized already, which --mode {} does not measure; "
              "infer_sim_qnn and infer_int8 do",
              mode.name);
  BenchNetwork result;
  result.networks = network_pair_of(model.graph, model.parameters, where);
  fill_inputs(result.networks, batch);
  solver.set_parameters(*model.parameters);
  result.image = result.networks.validation_image;
  result.pred = result.networks.validation_pred;
  if (!mode.precision) return result;
  if (quantized) {
    infer_with(result, deploy(model.graph, *model.parameters, *mode.precision), where);
    return result;
  }
  result.scheduler = quantize(result.networks, bench_config(quantization, mode), solver);
  if (!mode.training) {
    infer_with(result, result.scheduler->deployed({result.networks.validation_image}), where);
  }
  return result;
}

void save_bench_network(const std::string& path, const BenchNetwork& network,
                        const BenchMode& mode) {
  if (network.scheduler) {
    return network.scheduler->save(path, network.networks.validation_image,
                                   {.deploy = !mode.training});
  }
  Network saved = network.pred.network();
  Model model{saved.graph(), saved.parameters()};
  model.graph.set_outputs({network.pred.id()});
  model.graph = compact(model.graph);
  write_model(path, model, {});
}

}  // namespace octet::cli
