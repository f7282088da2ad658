#include "octet/train/idx_dataset.h"

#include <ATen/ATen.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "octet/base/error.h"

namespace octet {
namespace {

constexpr uint32_t kImagesMagic = 0x00000803;  // uint8, three dimensions
constexpr uint32_t kLabelsMagic = 0x00000801;  // uint8, one dimension
constexpr int64_t kMaxSide = 1 << 14;
// deflate never packs more than 1032 bytes into one (zlib's technical details page).
constexpr int64_t kMaxDeflateRatio = 1032;

// Reads a file through zlib, which passes files that are not compressed through as they are.
class GzipReader {
 public:
  explicit GzipReader(const std::string& path) : path_(path) {
    std::error_code error;
    file_bytes_ = static_cast<int64_t>(std::filesystem::file_size(path, error));
    OCTET_CHECK_FILE(!error, path, "cannot be opened: {}", error.message());
    file_ = gzopen(path.c_str(), "rb");
    OCTET_CHECK_FILE(file_ != nullptr, path, "cannot be opened");
  }
  ~GzipReader() { gzclose(file_); }
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  // Up to `count` bytes; returns how many there were.
  int64_t read(uint8_t* bytes, int64_t count) {
    int64_t total = 0;
    while (total < count) {
      const int64_t piece = std::min<int64_t>(count - total, 1 << 24);
      const int got = gzread(file_, bytes + total, static_cast<unsigned>(piece));
      check_stream(got);
      if (got == 0) break;
      total += got;
    }
    return total;
  }

  // An upper bound for the bytes that the file can hold.
  int64_t capacity() { return gzdirect(file_) ? file_bytes_ : file_bytes_ * kMaxDeflateRatio; }
  int64_t file_bytes() const { return file_bytes_; }

 private:
  void check_stream(int got) {
    int code = Z_OK;
    const char* message = gzerror(file_, &code);
    OCTET_CHECK_FILE(got >= 0 && code != Z_BUF_ERROR, path_, "broken gzip data: {}",
                     code == Z_BUF_ERROR ? "it ends too early" : message);
  }

  const std::string& path_;
  int64_t file_bytes_ = 0;
  gzFile file_ = nullptr;
};

struct IdxFile {
  Shape dims;
  at::Tensor data;  // uint8, of shape dims
};

std::vector<uint32_t> read_words(GzipReader& reader, const std::string& path, int64_t count) {
  std::vector<uint8_t> bytes(count * 4);
  const int64_t got = reader.read(bytes.data(), count * 4);
  OCTET_CHECK_FILE(got == count * 4, path, "too short for an idx header: {} bytes", got);
  std::vector<uint32_t> words;
  for (int64_t i = 0; i < count; ++i) {
    const uint8_t* word = bytes.data() + i * 4;
    words.push_back(uint32_t{word[0]} << 24 | word[1] << 16 | word[2] << 8 | word[3]);
  }
  return words;
}

Shape read_dims(GzipReader& reader, const std::string& path, uint32_t magic) {
  const uint32_t found = read_words(reader, path, 1)[0];
  OCTET_CHECK_FILE(found == magic, path,
                   "not an idx file of {}: magic number {:#010x}, not {:#010x}",
                   magic == kImagesMagic ? "images" : "labels", found, magic);
  const int64_t rank = magic & 0xff;
  Shape dims;
  for (uint32_t dim : read_words(reader, path, rank)) dims.push_back(dim);
  OCTET_CHECK_FILE(dims[0] > 0, path, "the header says that there are 0 entries");
  for (int64_t i = 1; i < rank; ++i) {
    OCTET_CHECK_FILE(dims[i] > 0 && dims[i] <= kMaxSide, path,
                     "the header says {} pixels for a side; 1 to {} are allowed", dims[i],
                     kMaxSide);
  }
  return dims;
}

IdxFile read_idx(const std::string& path, uint32_t magic) {
  GzipReader reader(path);
  IdxFile file;
  file.dims = read_dims(reader, path, magic);
  const int64_t bytes = file.dims.num_elements();
  OCTET_CHECK_FILE(bytes <= reader.capacity(), path,
                   "the header promises {} bytes of data {}, more than a file of {} bytes can hold",
                   bytes, to_string(file.dims), reader.file_bytes());
  file.data = at::empty(file.dims, at::kByte);
  const int64_t got = reader.read(file.data.data_ptr<uint8_t>(), bytes);
  OCTET_CHECK_FILE(got == bytes, path, "the header promises {} bytes of data {}, but there are {}",
                   bytes, to_string(file.dims), got);
  uint8_t extra = 0;
  OCTET_CHECK_FILE(reader.read(&extra, 1) == 0, path,
                   "goes on after the {} bytes of data {} that the header promises", bytes,
                   to_string(file.dims));
  return file;
}

class IdxDataset final : public Dataset {
 public:
  IdxDataset(const std::string& images_path, const std::string& labels_path,
             std::vector<std::string> class_names)
      : images_path_(images_path), class_names_(std::move(class_names)) {
    images_ = read_idx(images_path, kImagesMagic).data;
    labels_ = read_idx(labels_path, kLabelsMagic).data;
    OCTET_CHECK_FILE(labels_.size(0) == images_.size(0), labels_path,
                     "{} labels for the {} images of {}", labels_.size(0), images_.size(0),
                     images_path);
    for (int64_t i = 0; i < size(); ++i) {
      OCTET_CHECK_FILE(label(i) < num_classes(), labels_path,
                       "label {} of entry {} is not in 0..{}", label(i), i, num_classes() - 1);
    }
  }

  int64_t size() const override { return images_.size(0); }
  int64_t num_classes() const override { return static_cast<int64_t>(class_names_.size()); }
  Shape image_shape() const override { return {1, images_.size(1), images_.size(2)}; }
  Example get(int64_t index) const override {
    check_example_index(index, size(), "idx");
    return {images_.narrow(0, index, 1), label(index)};
  }
  std::string source(int64_t index) const override {
    return fmt::format("{} (image {})", images_path_, index);
  }
  std::vector<std::string> class_names() const override { return class_names_; }

 private:
  int64_t label(int64_t index) const { return labels_.data_ptr<uint8_t>()[index]; }

  std::string images_path_;
  std::vector<std::string> class_names_;
  at::Tensor images_;  // (N, H, W) uint8
  at::Tensor labels_;  // (N) uint8
};

// `stem` as in "train-images", `kind` as in "idx3".
std::string find_idx_file(const std::string& folder, const std::string& stem,
                          const std::string& kind) {
  for (const char* separator : {"-", "."}) {
    for (const char* suffix : {"", ".gz"}) {
      const auto path =
          std::filesystem::path(folder) / (stem + separator + kind + "-ubyte" + suffix);
      if (std::filesystem::exists(path)) return path.string();
    }
  }
  throw_file_error(folder, "has no {0}-{1}-ubyte or {0}.{1}-ubyte, with or without .gz", stem,
                   kind);
}

}  // namespace

std::unique_ptr<Dataset> read_idx_dataset(const std::string& images_path,
                                          const std::string& labels_path,
                                          std::vector<std::string> class_names) {
  return std::make_unique<IdxDataset>(images_path, labels_path, std::move(class_names));
}

std::unique_ptr<Dataset> open_idx_dataset(const std::string& folder, DataSplit split,
                                          std::vector<std::string> class_names) {
  const std::string prefix = split == DataSplit::kTraining ? "train" : "t10k";
  const std::string images = find_idx_file(folder, prefix + "-images", "idx3");
  const std::string labels = find_idx_file(folder, prefix + "-labels", "idx1");
  return read_idx_dataset(images, labels, std::move(class_names));
}

}  // namespace octet
