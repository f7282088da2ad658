// A node of an ONNX graph as its importer sees it: inputs that are values, attributes that must all
// be read.
#pragma once

#include <fmt/format.h>

#include <set>
#include <string>

#include "octet/base/error.h"
#include "octet/formats/onnx/imported_value.h"

namespace onnx {
class AttributeProto;
class NodeProto;
}  // namespace onnx

namespace octet {

class OnnxNode {
 public:
  // `opset`: the version of the operators of the node's domain. `proto` outlives the node.
  OnnxNode(const onnx::NodeProto& proto, OnnxValues inputs, int64_t opset,
           const std::string& model_path);

  const std::string& type() const { return type_; }
  // The node's name, or that of its first output.
  const std::string& name() const { return name_; }
  // "model.onnx: node 'conv1' (Conv)", for messages.
  const std::string& where() const { return where_; }
  int64_t opset() const { return opset_; }

  // ---- inputs and outputs -------------------------------------------------------------------
  size_t num_inputs() const { return inputs_.size(); }
  const OnnxValues& inputs() const { return inputs_; }
  bool has_input(size_t index) const { return index < inputs_.size() && inputs_[index] != nullptr; }
  // Throws FileError if it is left out.
  const OnnxValue& input(size_t index) const;
  // Null if it is left out.
  OnnxValue optional_input(size_t index) const;
  size_t num_outputs() const;
  bool wants_output(size_t index) const;

  // The values of an input that must be known before the network runs and not depend on an open
  // dimension.
  IntList known_integers(size_t index) const;
  std::vector<float> known_floats(size_t index) const;
  int64_t known_integer(size_t index) const;
  double known_number(size_t index) const;

  // ---- attributes ---------------------------------------------------------------------------
  bool has(const std::string& name) const;
  int64_t integer(const std::string& name, int64_t missing);
  float number(const std::string& name, float missing);
  std::string word(const std::string& name, const std::string& missing);
  IntList integers(const std::string& name, const IntList& missing = {});
  std::vector<float> numbers(const std::string& name);
  std::vector<std::string> words(const std::string& name);
  at::Tensor tensor(const std::string& name);
  bool flag(const std::string& name, bool missing) { return integer(name, missing ? 1 : 0) != 0; }
  // Marks an attribute as read that does not change the result.
  void ignore(const std::string& name) { read_.insert(name); }
  // Throws FileError for an attribute that no importer asked for: what is not understood is not
  // passed over.
  void check_all_read() const;

  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    throw_file_error(where_, "{}", fmt::format(format, std::forward<Args>(args)...));
  }
  template <class... Args>
  void check(bool condition, fmt::format_string<Args...> format, Args&&... args) const {
    if (!condition) fail(format, std::forward<Args>(args)...);
  }

 private:
  const onnx::AttributeProto* find(const std::string& name, int type, const char* type_name);
  at::Tensor known_tensor(size_t index) const;

  const onnx::NodeProto& proto_;
  OnnxValues inputs_;
  int64_t opset_;
  std::string model_path_;
  std::string type_;
  std::string name_;
  std::string where_;
  std::set<std::string> read_;
};

}  // namespace octet
