// The scheduler of quantization-aware training.
//
//   QATScheduler qat(config, solver);
//   qat(pred);
//   qat(vpred, /*training=*/false);
//   for (...) {
//     qat.step();                       // the one line that QAT adds
//     ... forward, zero_grad, backward, update as before ...
//   }
//   qat.save("model.nnp", vimage, {.batch_size = 1});
//
// NON_QNN      the networks are as they were built
// RECORDING    from step niter_to_recording: batch normalization is folded if the config asks for
//              it, recorders collect the ranges of weights and activations; weights rest
// TRAINING     from step niter_to_training: Quantize/Dequantize pairs with the scales of those
//              ranges; the network trains on, its learning rate scaled once
// (After Jacob et al. 2018, "Quantization and training of neural networks for efficient
// integer-arithmetic-only inference", in the two stages of NNabla's QATScheduler.)
//
// Handles to values (image, pred, loss) stay valid: what is behind them is rewritten.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "octet/graph/network.h"
#include "octet/passes/pass.h"
#include "octet/qat/qat_config.h"
#include "octet/train/solver.h"

namespace octet {

enum class QNNState : uint8_t { NON_QNN, RECORDING, TRAINING };
std::string_view to_string(QNNState state);

// What QATScheduler::save writes.
struct SaveOptions {
  int64_t batch_size = 1;               // the batch size that a .nnp proposes; any other works too
  std::string parameter_format = "h5";  // of a .nnp, or "protobuf"
  int64_t opset = 17;                   // of a .onnx, 13 to 21
  // Weights and biases are stored as the integers that they are quantized to, a quarter of the
  // size. Every value of the network stays as it is, but it cannot be trained on.
  bool deploy = false;
  // Of a .nnp: with all that load() needs to go on, the solver's state, all parameters and ranges
  // of the training. The file is about three times as large.
  bool training_state = false;
};

// A network as it is written, with parameters of its own.
struct SavedNetwork {
  Graph graph;
  std::shared_ptr<ParameterStore> parameters;
};

class QATScheduler {
 public:
  // Throws Error if config.validate() does. Without a solver, the caller looks after the list of
  // parameters and the learning rate.
  explicit QATScheduler(QATConfig config);
  QATScheduler(QATConfig config, Solver& solver);

  // Registers an output of a network: any number of outputs and networks. Outputs of one network
  // are converted together. A validation network (training = false) shares the ranges of the
  // training network with the same layers; it may differ by Dropout and Identity, and in
  // batch_stat. Throws Error after RECORDING has begun.
  void operator()(const VariableRef& output, bool training = true);

  // To be called before each forward pass; changes the stage when its step has come. Throws Error
  // if a network cannot be converted; then all networks are as before the call.
  void step();

  QNNState state() const { return state_; }
  int64_t counter() const { return counter_; }  // step() calls so far
  const QATConfig& config() const { return config_; }

  // Writes the network that `input` belongs to, with all its registered outputs, to a .nnp file, or
  // to a .onnx file (formats/onnx/onnx.h) by that extension, if the config's target takes it.
  // Inputs are called x0, x1, ... in the order given, outputs y0, y1, ... in that of registration;
  // where a parameter has such a name, it keeps it, and the value gets a suffix (x0_1). The batch
  // size is free. Throws Error if no output of that network is registered, or it depends
  // on an input that is not given; for deploy = true before TRAINING.
  void save(const std::string& path, const VariableRef& input,
            const SaveOptions& options = {}) const;
  void save(const std::string& path, const std::vector<VariableRef>& inputs,
            const SaveOptions& options = {}) const;
  // The network as save() would write it: its own graph, free batch, learned scales frozen, no
  // recorders, no Dropout.
  SavedNetwork saved(const std::vector<VariableRef>& inputs) const;
  // The same with weights and biases as integers: what save() with deploy = true would write.
  SavedNetwork deployed(const std::vector<VariableRef>& inputs) const;

  // Stage, counter and config as a JSON text for checkpoints. restore() brings a new scheduler,
  // with the same networks registered, to the same stage. Before it the caller puts all parameters
  // (weights, ranges, scales) back into the store, after it the solver's state. Throws Error for a
  // state that is damaged or does not fit the networks; then scheduler and networks are as before.
  std::string save_state() const;
  void restore(const std::string& state);

  // Goes on from a .nnp that was saved with training_state: restore(), with parameters and solver.
  // The solver's type must be the one of the file; its learning rate is its own, scaled in TRAINING
  // as step() would have done. Random numbers and the order of the data are the caller's. Throws
  // FileError for a file without such a state.
  void load(const std::string& path);

  // How conversions run their passes: which are left out, who looks at the graph after each.
  void set_pipeline_options(PipelineOptions options) { pipeline_ = std::move(options); }

 private:
  struct Registered {
    Network network;
    std::vector<VariableRef> outputs;
    bool training;
  };

  // What a change of the stage makes: a graph for each of networks_.
  struct Conversion {
    QNNState state;
    std::vector<Graph> graphs;
    ConversionMemory memory;
  };

  Conversion current() const;
  // `from` in its next stage; nothing but parameters that are new is changed.
  Conversion converted(QNNState state, const QATConfig& config, Conversion from) const;
  void enter(Conversion conversion);
  void write(const std::string& path, const Graph& graph, const ParameterStore& parameters,
             const ParameterStore& training, const SaveOptions& options) const;
  void scale_learning_rate();
  void update_solver(const std::vector<std::string>& before);
  std::vector<std::string> parameter_names() const;
  const Registered& registered_with(const VariableRef& input) const;

  QATConfig config_;
  Solver* solver_ = nullptr;
  QNNState state_ = QNNState::NON_QNN;
  int64_t counter_ = 0;
  std::vector<Registered> networks_;
  ConversionMemory memory_;
  PipelineOptions pipeline_;
};

}  // namespace octet
