#include "octet/train/open_dataset.h"

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <vector>

#include "octet/base/error.h"
#include "octet/train/cifar10_dataset.h"
#include "octet/train/idx_dataset.h"
#ifdef OCTET_WITH_IMAGES
#include "octet/train/image_folder.h"
#endif

namespace octet {
namespace {

constexpr const char* kFashionMnistFolder = "/usr/share/datasets/fashion-mnist";

std::unique_ptr<Dataset> open_fashion_mnist(DataSplit split) {
  const char* variable = std::getenv("OCTET_FASHION_MNIST");
  const std::string folder = variable != nullptr ? variable : kFashionMnistFolder;
  OCTET_CHECK_FILE(std::filesystem::is_directory(folder), folder,
                   "no such folder: install Debian's dataset-fashion-mnist, or set "
                   "OCTET_FASHION_MNIST to the folder with the four idx files");
  return open_idx_dataset(folder, split,
                          {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                           "Sneaker", "Bag", "Ankle boot"});
}

std::unique_ptr<Dataset> open_image_folder_or_explain(const std::string& folder, DataSplit split) {
#ifdef OCTET_WITH_IMAGES
  return open_image_folder(folder, split);
#else
  throw_error("data",
              "images:{} needs OpenCV, and this build has none: configure with "
              "-DOCTET_WITH_IMAGES=ON",
              folder);
#endif
}

}  // namespace

std::unique_ptr<Dataset> open_dataset(const std::string& spec, DataSplit split) {
  if (spec == "fashion-mnist") return open_fashion_mnist(split);
  const size_t colon = spec.find(':');
  const std::string kind = spec.substr(0, colon);
  const std::string folder = colon == std::string::npos ? "" : spec.substr(colon + 1);
  const bool known = kind == "idx" || kind == "cifar10" || kind == "images";
  OCTET_CHECK(known && !folder.empty(), "data",
              "unknown '{}': expected fashion-mnist, idx:DIR, cifar10:DIR or images:DIR", spec);
  OCTET_CHECK_FILE(std::filesystem::is_directory(folder), folder, "no such folder");
  if (kind == "idx") {
    return open_idx_dataset(folder, split, {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
  }
  if (kind == "cifar10") return open_cifar10_dataset(folder, split);
  return open_image_folder_or_explain(folder, split);
}

}  // namespace octet
