#include "octet/formats/nnp/hdf5_old_format.h"

#include <algorithm>
#include <array>

#include "octet/base/error.h"
#include "octet/formats/nnp/hdf5_groups.h"

namespace octet {
namespace {

constexpr std::string_view kSignature("\x89HDF\r\n\x1a\n", 8);
constexpr uint64_t kUndefined = ~uint64_t{0};
constexpr uint64_t kMaxRank = 32;

// How the bits of an IEEE number lie; the numbers of its properties in the file.
struct FloatLayout {
  uint64_t size, precision, exponent_at, exponent_bits, mantissa_at, mantissa_bits, bias;
};
constexpr std::array kFloats{FloatLayout{2, 16, 10, 5, 0, 10, 15},
                             FloatLayout{4, 32, 23, 8, 0, 23, 127},
                             FloatLayout{8, 64, 52, 11, 0, 52, 1023}};

// The messages of one object as a dataset.
class ObjectReader {
 public:
  ObjectReader(const Hdf5Bytes& file, const Hdf5Object& object) : file_(file), object_(object) {}

  Hdf5Dataset read() const {
    for (const int type : {kExternalFilesMessage, kFilterMessage}) {
      check(find_message(object_, type) == nullptr,
            "is stored outside the file or with filters; only plain datasets are read");
    }
    Hdf5Dataset dataset;
    dataset.name = object_.name;
    dataset.type = read_type(message(kDatatypeMessage));
    dataset.dims = read_dims(message(kDataspaceMessage));
    dataset.data = read_data(message(kLayoutMessage), byte_count(dataset));
    for (const Hdf5Message& item : object_.messages) {
      if (item.type == kAttributeMessage) read_attribute(part(item.data), dataset);
    }
    return dataset;
  }

 private:
  void check(bool holds, std::string_view what) const {
    OCTET_CHECK_FILE(holds, file_.where(), "parameter '{}' {}", object_.name, what);
  }

  Hdf5Bytes part(std::string_view data) const { return Hdf5Bytes(data, file_.where()); }

  Hdf5Bytes message(int type) const {
    const Hdf5Message* found = find_message(object_, type);
    check(found != nullptr, "is not a whole dataset");
    return part(found->data);
  }

  Hdf5Type read_type(const Hdf5Bytes& data) const {
    const uint64_t kind = data.number(0, 1) & 0x0f;
    const uint64_t bits = data.number(1, 3);
    Hdf5Type type;
    type.size = data.number(4, 4);
    type.big_endian = (bits & 1) != 0;
    if (kind == 0) {
      type.kind = Hdf5Type::Kind::kInteger;
      type.is_signed = (bits & 8) != 0;
      check(data.number(8, 2) == 0 && data.number(10, 2) == 8 * type.size, kNotANumber);
    } else if (kind == 1) {
      check(is_ieee_float(data, type.size, bits), kNotANumber);
    } else if (kind == 8) {
      check((data.number(8, 1) & 0x0f) == 0, kNotANumber);  // over integers
      type = read_type(data.part(8, data.size() - 8));
      check(type.size == data.number(4, 4), kNotANumber);
      type.kind = Hdf5Type::Kind::kEnumeration;
    } else {
      check(false, kNotANumber);
    }
    check(type.size == 1 || type.size == 2 || type.size == 4 || type.size == 8, kNotANumber);
    return type;
  }

  static bool is_ieee_float(const Hdf5Bytes& data, uint64_t size, uint64_t bits) {
    constexpr uint64_t kVaxOrder = 0x40;
    const auto layout = std::find_if(kFloats.begin(), kFloats.end(),
                                     [size](const FloatLayout& f) { return f.size == size; });
    return layout != kFloats.end() && (bits & kVaxOrder) == 0 && data.number(8, 2) == 0 &&
           data.number(10, 2) == layout->precision && data.number(12, 1) == layout->exponent_at &&
           data.number(13, 1) == layout->exponent_bits &&
           data.number(14, 1) == layout->mantissa_at &&
           data.number(15, 1) == layout->mantissa_bits && data.number(16, 4) == layout->bias;
  }

  std::vector<int64_t> read_dims(const Hdf5Bytes& data) const {
    const uint64_t version = data.number(0, 1);
    const uint64_t rank = data.number(1, 1);
    check((version == 1 || version == 2) && rank <= kMaxRank, "has no valid shape");
    check(version == 1 || data.number(3, 1) <= 1, "has no shape");
    const uint64_t begin = version == 1 ? 8 : 4;
    std::vector<int64_t> dims;
    for (uint64_t i = 0; i < rank; ++i) {
      const uint64_t dim = data.number(begin + 8 * i, 8);
      check(dim <= file_.size(), "has a shape that is larger than the file");
      dims.push_back(static_cast<int64_t>(dim));
    }
    return dims;
  }

  // Bytes of all elements, which the file must be able to hold.
  uint64_t byte_count(const Hdf5Dataset& dataset) const {
    uint64_t bytes = dataset.type.size;
    for (const int64_t dim : dataset.dims) {
      const uint64_t extent = std::max<uint64_t>(static_cast<uint64_t>(dim), 1);
      OCTET_CHECK_FILE(extent <= file_.size() / bytes, file_.where(),
                       "parameter '{}' has shape ({}), more than the {} bytes of the file can hold",
                       dataset.name, fmt::join(dataset.dims, ", "), file_.size());
      bytes *= extent;
    }
    const bool empty = std::find(dataset.dims.begin(), dataset.dims.end(), 0) != dataset.dims.end();
    return empty ? 0 : bytes;
  }

  std::string_view read_data(const Hdf5Bytes& layout, uint64_t bytes) const {
    const uint64_t version = layout.number(0, 1);
    const uint64_t kind = layout.number(1, 1);
    check(version == 3 || version == 4, "has an unknown storage layout");
    check(kind == 0 || kind == 1, "is stored in chunks; only contiguous datasets are read");
    if (bytes == 0) return {};
    if (kind == 0) {
      check(layout.number(2, 2) == bytes, "has another size than its shape says");
      return layout.range(4, bytes);
    }
    const uint64_t address = layout.number(2, 8);
    if (address == kUndefined) return {};
    check(layout.number(10, 8) == bytes, "has another size than its shape says");
    return file_.range(address, bytes);
  }

  void read_attribute(const Hdf5Bytes& data, Hdf5Dataset& dataset) const {
    const uint64_t version = data.number(0, 1);
    check(version >= 1 && version <= 3, "has an attribute of an unknown kind");
    const uint64_t name_size = data.number(2, 2);
    const uint64_t type_size = data.number(4, 2);
    const uint64_t space_size = data.number(6, 2);
    // Version 1 pads each part to a multiple of eight.
    const auto padded = [version](uint64_t size) {
      return version == 1 ? (size + 7) / 8 * 8 : size;
    };
    const uint64_t name_at = version == 3 ? 9 : 8;
    const uint64_t type_at = name_at + padded(name_size);
    const uint64_t value_at = type_at + padded(type_size) + padded(space_size);
    const std::string_view name = data.part(name_at, name_size).text(0);
    if (name != "index" && name != "need_grad") return;
    const Hdf5Type type = read_type(data.part(type_at, type_size));
    check(type.kind != Hdf5Type::Kind::kFloat,
          fmt::format("has the attribute {} that is no integer", name));
    const int64_t value = read_integer(data.range(value_at, type.size), type);
    if (name == "index") {
      dataset.index = value;
    } else {
      dataset.need_grad = value != 0;
    }
  }

  int64_t read_integer(std::string_view raw, const Hdf5Type& type) const {
    std::string bytes(raw);
    if (type.big_endian) std::reverse(bytes.begin(), bytes.end());
    const uint64_t value = part(bytes).number(0, static_cast<int>(bytes.size()));
    const auto unused = static_cast<int>(64 - 8 * bytes.size());
    const auto shifted = static_cast<int64_t>(value << unused);
    return type.is_signed ? shifted >> unused : static_cast<int64_t>(value);
  }

  static constexpr std::string_view kNotANumber = "has an element type that parameters cannot have";

  const Hdf5Bytes& file_;
  const Hdf5Object& object_;
};

size_t element_bytes(const Hdf5Dataset& dataset) {
  size_t bytes = dataset.type.size;
  for (const int64_t dim : dataset.dims) bytes *= static_cast<size_t>(dim);
  return bytes;
}

}  // namespace

bool is_old_hdf5(std::string_view bytes) {
  return bytes.size() > kSignature.size() && bytes.starts_with(kSignature) &&
         (bytes[kSignature.size()] == 0 || bytes[kSignature.size()] == 1);
}

std::vector<Hdf5Dataset> parse_old_hdf5(std::string_view bytes, const std::string& where) {
  const Hdf5Bytes file(bytes, where);
  const uint64_t addresses = file.number(8, 1) == 0 ? 24 : 28;  // version 1 has one more field
  if (file.number(13, 1) != 8 || file.number(14, 1) != 8 || file.number(addresses, 8) != 0) {
    file.fail_damaged("its addresses are not of eight bytes from the beginning of the file");
  }
  OCTET_CHECK_FILE(file.number(addresses + 16, 8) <= bytes.size(), where,
                   "is not a whole HDF5 file: {} of {} bytes are there", bytes.size(),
                   file.number(addresses + 16, 8));
  std::vector<Hdf5Dataset> datasets;
  size_t data_bytes = 0;
  for (const Hdf5Object& object : walk_hdf5_groups(file, file.number(addresses + 40, 8))) {
    datasets.push_back(ObjectReader(file, object).read());
    // Datasets do not share bytes, so all of them together fit into the file. Those without storage
    // are held to that as well, since they are about to become as many zeros.
    data_bytes += element_bytes(datasets.back());
    if (data_bytes > bytes.size()) file.fail_damaged("its datasets are larger than the file");
  }
  return datasets;
}

}  // namespace octet
