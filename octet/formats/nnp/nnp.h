// NNabla's .nnp files: a network with its parameters.
//
// A .nnp is a ZIP archive of a text network (protobuf's text format), its parameters (HDF5 or
// protobuf), and here a member octet.json with what only Octet knows (extras.h). Read are files of
// NNabla, of its converter and of Neural Network Console, as long as they have no loops. Written
// are files that NNabla reads, as long as the network consists of NNabla's functions.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "octet/graph/graph.h"
#include "octet/graph/parameter_store.h"

namespace octet {

struct NnpReadOptions {
  // What the free batch dimension becomes; kFreeDim leaves it free.
  int64_t batch_size = kFreeDim;
  // The executor that says which network to read, with which inputs and outputs; "" is the first.
  // A file without executors has its first network read.
  std::string executor = {};
  // Where the parameters go.
  c10::Device device = c10::kCPU;
  // Draws the parameters that have an initializer instead of data.
  uint64_t seed = 0;
};

struct NnpModel {
  Graph graph;  // its outputs are the executor's
  // All parameters of the file, also those that this network does not use, as float32 unless
  // octet.json says otherwise.
  std::shared_ptr<ParameterStore> parameters;
  int64_t batch_size = 1;  // what the network was made for; its shapes do not depend on it
  std::string extra;       // see NnpWriteOptions; "" if there is none
};

// Reads a .nnp, or a bare .nntxt or .prototxt with its parameters inside. Throws FileError with the
// file, and where it can the member, line and column.
NnpModel read_nnp(const std::string& path, const NnpReadOptions& options = {});
// The same from memory; `path` tells the kind of file by its extension and is its name in errors.
NnpModel parse_nnp(std::string_view bytes, const std::string& path,
                   const NnpReadOptions& options = {});

// What a .nnp holds of a solver, and of each parameter that it trained.
struct StoredParameterState {
  int64_t step = 0;                           // updates so far
  std::map<std::string, at::Tensor> tensors;  // by NNabla's names: "m", "mean", "var"; float32
};
struct StoredSolverState {
  std::string solver;  // NNabla's name of the type, "Momentum"; "" where the file does not say
  std::map<std::string, StoredParameterState> parameters;
};

// The members .optimizer of a .nnp, which read_nnp passes by; restore_solver() in
// train/stored_solver.h takes them over. Throws FileError as read_nnp does.
std::vector<StoredSolverState> read_nnp_solvers(const std::string& path);

// All parameters of a training, from the member training.h5.octet (NnpWriteOptions::training); null
// if there is none. Throws FileError as read_nnp does.
std::shared_ptr<ParameterStore> read_nnp_training(const std::string& path);

enum class ParameterFormat : uint8_t { kHdf5, kProtobuf };

struct NnpWriteOptions {
  ParameterFormat parameter_format = ParameterFormat::kHdf5;
  // Only noted in the file, as a suggestion to its reader.
  int64_t batch_size = 1;
  // The first dimension of the inputs is left free in the file (-1), and so in all that follows
  // from it. Otherwise the shapes are written as they are.
  bool variable_batch_size = true;
  // JSON of the caller's own (the state of a scheduler, say), kept in octet.json.
  std::string extra = {};
  // For a training that goes on from the file, in members that NNabla passes by or takes over: the
  // states of solvers, and all parameters of the store, with ranges that are being recorded and
  // what the network that is saved has folded.
  std::vector<StoredSolverState> solvers = {};
  const ParameterStore* training = nullptr;
};

// Writes the part of the graph that its outputs need, with the parameters of that part only, to the
// executor "runtime". Equal models give equal bytes. Throws Error for a graph without outputs, a
// parameter that the store lacks, or one that the format cannot hold; FileError if the file cannot
// be written.
void write_nnp(const std::string& path, const Graph& graph, const ParameterStore& parameters,
               const NnpWriteOptions& options = {});

// Writes the same network as a .nntxt, with the parameters inside the text as float32 and what
// octet.json holds in comments.
void write_nntxt(const std::string& path, const Graph& graph, const ParameterStore& parameters,
                 const NnpWriteOptions& options = {});

// The same as bytes.
std::string format_nnp(const Graph& graph, const ParameterStore& parameters,
                       const NnpWriteOptions& options = {});

}  // namespace octet
