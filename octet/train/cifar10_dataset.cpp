#include "octet/train/cifar10_dataset.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "octet/base/error.h"

namespace octet {
namespace {

constexpr int64_t kSide = 32;
constexpr int64_t kImageBytes = 3 * kSide * kSide;
constexpr int64_t kRecordBytes = 1 + kImageBytes;  // the label, then the planes R, G, B
constexpr int64_t kNumClasses = 10;

struct Cifar10File {
  std::string path;
  at::Tensor records;  // (N, kRecordBytes) uint8
};

Cifar10File read_cifar10_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::error_code error;
  const auto bytes = static_cast<int64_t>(std::filesystem::file_size(path, error));
  OCTET_CHECK_FILE(stream && !error, path, "cannot be opened");
  OCTET_CHECK_FILE(bytes > 0 && bytes % kRecordBytes == 0, path,
                   "{} bytes are not a whole number of records of {} bytes", bytes, kRecordBytes);
  Cifar10File file{path, at::empty({bytes / kRecordBytes, kRecordBytes}, at::kByte)};
  stream.read(reinterpret_cast<char*>(file.records.data_ptr<uint8_t>()), bytes);
  OCTET_CHECK_FILE(stream.gcount() == bytes, path, "read {} of {} bytes", stream.gcount(), bytes);
  for (int64_t i = 0; i < file.records.size(0); ++i) {
    const int label = file.records.data_ptr<uint8_t>()[i * kRecordBytes];
    OCTET_CHECK_FILE(label < kNumClasses, path, "label {} of record {} is not in 0..{}", label, i,
                     kNumClasses - 1);
  }
  return file;
}

class Cifar10Dataset final : public Dataset {
 public:
  explicit Cifar10Dataset(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      files_.push_back(read_cifar10_file(path));
      size_ += files_.back().records.size(0);
    }
  }

  int64_t size() const override { return size_; }
  int64_t num_classes() const override { return kNumClasses; }
  Shape image_shape() const override { return {3, kSide, kSide}; }
  Example get(int64_t index) const override {
    check_example_index(index, size_, "cifar10");
    const auto [file, record] = locate(index);
    const at::Tensor bytes = file->records.select(0, record);
    return {bytes.narrow(0, 1, kImageBytes).view({3, kSide, kSide}), *bytes.data_ptr<uint8_t>()};
  }
  std::string source(int64_t index) const override {
    check_example_index(index, size_, "cifar10");
    const auto [file, record] = locate(index);
    return fmt::format("{} (record {})", file->path, record);
  }
  std::vector<std::string> class_names() const override {
    return {"airplane", "automobile", "bird",  "cat",  "deer",
            "dog",      "frog",       "horse", "ship", "truck"};
  }

 private:
  std::pair<const Cifar10File*, int64_t> locate(int64_t index) const {
    size_t file = 0;
    while (index >= files_[file].records.size(0)) index -= files_[file++].records.size(0);
    return {&files_[file], index};
  }

  std::vector<Cifar10File> files_;
  int64_t size_ = 0;
};

}  // namespace

std::unique_ptr<Dataset> open_cifar10_dataset(const std::string& folder, DataSplit split) {
  std::filesystem::path root(folder);
  const std::filesystem::path unpacked = root / "cifar-10-batches-bin";
  if (std::filesystem::is_directory(unpacked)) root = unpacked;
  std::vector<std::string> paths;
  if (split == DataSplit::kTraining) {
    for (int i = 1; i <= 5; ++i) {
      paths.push_back((root / fmt::format("data_batch_{}.bin", i)).string());
    }
  } else {
    paths.push_back((root / "test_batch.bin").string());
  }
  return std::make_unique<Cifar10Dataset>(paths);
}

}  // namespace octet
