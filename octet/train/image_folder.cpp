#include "octet/train/image_folder.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <filesystem>
#include <iterator>
#include <utility>
#include <vector>

#include "octet/base/error.h"
#include "octet/train/image_decode.h"

namespace octet {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

constexpr int64_t kShapeSample = 16;

bool has_image_ending(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png";
}

// The sorted names of the folder's entries that `wanted` accepts. Sorted by bytes, so that labels
// do not depend on the language settings.
template <class Wanted>
Names list_names(const fs::path& folder, Wanted wanted) {
  Names names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name[0] != '.' && wanted(*it)) names.push_back(name);
  }
  OCTET_CHECK_FILE(!error, folder.string(), "cannot be listed: {}", error.message());
  std::sort(names.begin(), names.end());
  return names;
}

Names list_classes(const fs::path& folder) {
  return list_names(folder, [](const fs::directory_entry& entry) { return entry.is_directory(); });
}

Names list_images(const fs::path& folder) {
  return list_names(folder, [](const fs::directory_entry& entry) {
    return has_image_ending(entry.path()) && entry.is_regular_file();
  });
}

fs::path validation_folder(const fs::path& root) {
  return fs::is_directory(root / "val") ? root / "val" : root / "test";
}

Names subtract(const Names& from, const Names& names) {
  Names rest;
  std::set_difference(from.begin(), from.end(), names.begin(), names.end(),
                      std::back_inserter(rest));
  return rest;
}

// Labels are places in the sorted list of classes, so lists that differ would shift them.
void check_same_classes(const fs::path& training, const fs::path& validation) {
  const Names training_classes = list_classes(training);
  const Names validation_classes = list_classes(validation);
  const Names missing = subtract(training_classes, validation_classes);
  const Names added = subtract(validation_classes, training_classes);
  OCTET_CHECK_FILE(missing.empty(), validation.string(), "lacks classes that {} has: {}",
                   training.string(), fmt::join(missing, ", "));
  OCTET_CHECK_FILE(added.empty(), validation.string(), "has classes that {} lacks: {}",
                   training.string(), fmt::join(added, ", "));
}

class ImageFolder final : public Dataset {
 public:
  explicit ImageFolder(const fs::path& folder) : classes_(list_classes(folder)) {
    OCTET_CHECK_FILE(!classes_.empty(), folder.string(), "has no folder of a class");
    for (size_t label = 0; label < classes_.size(); ++label) {
      const fs::path class_folder = folder / classes_[label];
      const Names names = list_images(class_folder);
      OCTET_CHECK_FILE(!names.empty(), class_folder.string(), "has no .jpg, .jpeg or .png file");
      for (const std::string& name : names) {
        files_.push_back({(class_folder / name).string(), static_cast<int64_t>(label)});
      }
    }
    image_shape_ = sample_shape();
  }

  int64_t size() const override { return static_cast<int64_t>(files_.size()); }
  int64_t num_classes() const override { return static_cast<int64_t>(classes_.size()); }
  Shape image_shape() const override { return image_shape_; }
  Example get(int64_t index) const override {
    check_example_index(index, size(), "images");
    return {decode_image(files_[index].path), files_[index].label};
  }
  std::string source(int64_t index) const override {
    check_example_index(index, size(), "images");
    return files_[index].path;
  }
  std::vector<std::string> class_names() const override { return classes_; }

 private:
  struct File {
    std::string path;
    int64_t label;
  };

  // A corrupt image in the sample is left to whoever loads it, who may wish to skip it.
  Shape sample_shape() const {
    Shape shape;
    std::exception_ptr failure;
    const int64_t count = std::min(size(), kShapeSample);
    for (int64_t i = 0; i < count; ++i) {
      try {
        const at::Tensor image = decode_image(files_[i * size() / count].path);
        if (shape.empty()) shape = image.sizes().vec();
        if (shape[1] != image.size(1) || shape[2] != image.size(2)) return {3, kFreeDim, kFreeDim};
      } catch (const FileError&) {
        if (!failure) failure = std::current_exception();
      }
    }
    if (shape.empty()) std::rethrow_exception(failure);
    return shape;
  }

  Names classes_;
  std::vector<File> files_;
  Shape image_shape_;
};

}  // namespace

std::unique_ptr<Dataset> open_image_folder(const std::string& folder, DataSplit split) {
  const fs::path training = fs::path(folder) / "train";
  const fs::path validation = validation_folder(folder);
  const fs::path& wanted = split == DataSplit::kTraining ? training : validation;
  OCTET_CHECK_FILE(fs::is_directory(wanted), folder, "has no folder {}",
                   split == DataSplit::kTraining ? "train" : "val or test");
  if (fs::is_directory(training) && fs::is_directory(validation)) {
    check_same_classes(training, validation);
  }
  return std::make_unique<ImageFolder>(wanted);
}

}  // namespace octet
