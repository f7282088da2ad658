// A collection of labelled images, read by index.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "octet/base/shape.h"

namespace octet {

enum class DataSplit { kTraining, kValidation };

struct Example {
  // (C, H, W), uint8 in 0..255 or float32. May be a view of memory that other examples share, in
  // any strides: read it, don't write to it.
  at::Tensor image;
  // In 0..num_classes-1.
  int64_t label = 0;
};

// Every member function may be called from several threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual int64_t size() const = 0;
  virtual int64_t num_classes() const = 0;
  // (C, H, W) of every image; H and W are kFreeDim where the images differ in size.
  virtual Shape image_shape() const = 0;
  // Reads (and decodes) the example `index` in 0..size-1. Throws FileError with the path if the
  // file cannot be read or decoded, Error for an index outside the dataset.
  virtual Example get(int64_t index) const = 0;
  // Where the example comes from, for messages: its path, with the place in the file if that holds
  // several.
  virtual std::string source(int64_t index) const = 0;
  // num_classes names, in the order of the labels.
  virtual std::vector<std::string> class_names() const = 0;
};

// Throws Error prefixed with `where` unless 0 <= index < size.
void check_example_index(int64_t index, int64_t size, const char* where);

}  // namespace octet
