#include "policy/checkpoint/gguf.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/status.h"
#include "policy/checkpoint/gguf_cursor.h"
#include "policy/tokenizer.h"

namespace cupel {
namespace {

constexpr uint32_t kVersion = 3;
constexpr uint64_t kMaxKeyBytes = 65'535;
constexpr uint64_t kMaxStringBytes = uint64_t{64} << 20;
constexpr uint64_t kMaxArrayElements = uint64_t{1} << 22;
constexpr uint64_t kMaxTensorNameBytes = 63;
constexpr uint32_t kMaxDimensions = 4;
constexpr int64_t kMaxAlignment = 1 << 20;
// The fewest bytes that a metadata entry and a tensor entry take.
constexpr uint64_t kMinEntryBytes = 8 + 4 + 1;
constexpr uint64_t kMinTensorBytes = 8 + 4 + 8 + 4 + 8;
constexpr size_t kChunkBytes = size_t{1} << 20;

constexpr std::array<uint64_t, kNumGgufTypes> kTypeBytes = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};  // strings and arrays: at least

using Scalar = std::variant<bool, int64_t, uint64_t, double>;  // uint64_t only beyond 2^63 - 1

template <class T>
absl::StatusOr<Scalar> ReadInteger(GgufCursor& cursor, std::string_view what) {
  CUPEL_ASSIGN_OR_RETURN(const T value, cursor.Read<T>(what));
  if (!std::in_range<int64_t>(value)) return Scalar(static_cast<uint64_t>(value));
  return Scalar(static_cast<int64_t>(value));
}

absl::StatusOr<Scalar> ReadBool(GgufCursor& cursor, std::string_view what) {
  CUPEL_ASSIGN_OR_RETURN(const uint8_t value, cursor.Read<uint8_t>(what));
  if (value > 1) return DataLoss("{}: {} is {}, expected 0 or 1", cursor.path(), what, value);
  return Scalar(value == 1);
}

absl::StatusOr<Scalar> ReadScalar(GgufCursor& cursor, GgufType type, std::string_view what) {
  switch (type) {
    case GgufType::kU8:
      return ReadInteger<uint8_t>(cursor, what);
    case GgufType::kI8:
      return ReadInteger<int8_t>(cursor, what);
    case GgufType::kU16:
      return ReadInteger<uint16_t>(cursor, what);
    case GgufType::kI16:
      return ReadInteger<int16_t>(cursor, what);
    case GgufType::kU32:
      return ReadInteger<uint32_t>(cursor, what);
    case GgufType::kI32:
      return ReadInteger<int32_t>(cursor, what);
    case GgufType::kU64:
      return ReadInteger<uint64_t>(cursor, what);
    case GgufType::kI64:
      return ReadInteger<int64_t>(cursor, what);
    case GgufType::kBool:
      return ReadBool(cursor, what);
    case GgufType::kF32: {
      CUPEL_ASSIGN_OR_RETURN(const float value, cursor.Read<float>(what));
      return Scalar(double{value});
    }
    default: {
      CUPEL_ASSIGN_OR_RETURN(const double value, cursor.Read<double>(what));
      return Scalar(value);
    }
  }
}

absl::StatusOr<GgufType> ReadType(GgufCursor& cursor, std::string_view what) {
  CUPEL_ASSIGN_OR_RETURN(const uint32_t type, cursor.Read<uint32_t>(what));
  if (type >= kNumGgufTypes) return DataLoss("{}: {} has value type {}, expected 0 to {}", cursor.path(), what, type, kNumGgufTypes - 1);
  return static_cast<GgufType>(type);
}

absl::Status ReadElements(GgufCursor& cursor, uint64_t count, std::string_view what, GgufArray& array) {
  if (array.element_type == GgufType::kString) {
    auto& strings = array.elements.emplace<std::vector<std::string>>();
    for (uint64_t i = 0; i < count; ++i) {
      CUPEL_ASSIGN_OR_RETURN(std::string text, cursor.ReadString(kMaxStringBytes, what));
      strings.push_back(std::move(text));
    }
    return absl::OkStatus();
  }
  const bool is_real = array.element_type == GgufType::kF32 || array.element_type == GgufType::kF64;
  if (is_real) array.elements.emplace<std::vector<double>>();
  for (uint64_t i = 0; i < count; ++i) {
    CUPEL_ASSIGN_OR_RETURN(const Scalar element, ReadScalar(cursor, array.element_type, what));
    if (is_real) {
      std::get<std::vector<double>>(array.elements).push_back(std::get<double>(element));
    } else {
      if (std::holds_alternative<uint64_t>(element)) return DataLoss("{}: {} has an element beyond 2^63-1", cursor.path(), what);
      const bool* flag = std::get_if<bool>(&element);
      std::get<std::vector<int64_t>>(array.elements).push_back(flag != nullptr ? int64_t{*flag} : std::get<int64_t>(element));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<GgufArray> ReadArray(GgufCursor& cursor, std::string_view what) {
  GgufArray array;
  CUPEL_ASSIGN_OR_RETURN(array.element_type, ReadType(cursor, what));
  if (array.element_type == GgufType::kArray) return Unimplemented("{}: {} is an array of arrays", cursor.path(), what);
  CUPEL_ASSIGN_OR_RETURN(const uint64_t count, cursor.Read<uint64_t>(what));
  const uint64_t element_bytes = kTypeBytes[static_cast<size_t>(array.element_type)];
  if (count > kMaxArrayElements || count > cursor.remaining() / element_bytes) {
    return DataLoss("{}: {} claims {} elements, but only {} bytes are left (and {} elements are the limit)", cursor.path(), what, count,
                    cursor.remaining(), kMaxArrayElements);
  }
  CUPEL_RETURN_IF_ERROR(ReadElements(cursor, count, what, array));
  return array;
}

absl::StatusOr<GgufValue> ReadValue(GgufCursor& cursor, std::string_view what) {
  GgufValue result;
  CUPEL_ASSIGN_OR_RETURN(result.type, ReadType(cursor, what));
  if (result.type == GgufType::kString) {
    CUPEL_ASSIGN_OR_RETURN(result.value, cursor.ReadString(kMaxStringBytes, what));
  } else if (result.type == GgufType::kArray) {
    CUPEL_ASSIGN_OR_RETURN(result.value, ReadArray(cursor, what));
  } else {
    CUPEL_ASSIGN_OR_RETURN(const Scalar scalar, ReadScalar(cursor, result.type, what));
    std::visit([&result](auto value) { result.value = value; }, scalar);
  }
  return result;
}

absl::Status ReadMagic(GgufCursor& cursor) {
  char magic[4];
  CUPEL_RETURN_IF_ERROR(cursor.ReadBytes(std::as_writable_bytes(std::span(magic)), "the magic word"));
  const std::string_view word(magic, 4);
  if (word == "FUGG") return Unimplemented("{}: this GGUF file is big-endian, which is not supported", cursor.path());
  if (word != "GGUF") return DataLoss("{}: not a GGUF file: it does not begin with \"GGUF\"", cursor.path());
  CUPEL_ASSIGN_OR_RETURN(const uint32_t version, cursor.Read<uint32_t>("the version"));
  if (__builtin_bswap32(version) == kVersion)
    return Unimplemented("{}: this GGUF file is big-endian, which is not supported", cursor.path());
  if (version != kVersion) {
    return Unimplemented("{}: GGUF version {}, expected {}; convert the file with a current llama.cpp", cursor.path(), version, kVersion);
  }
  return absl::OkStatus();
}

// A count of entries, believed only if the bytes left could hold as many.
absl::StatusOr<uint64_t> ReadCount(GgufCursor& cursor, uint64_t min_entry_bytes, std::string_view what) {
  CUPEL_ASSIGN_OR_RETURN(const uint64_t count, cursor.Read<uint64_t>(what));
  if (count > cursor.remaining() / min_entry_bytes) {
    return DataLoss("{}: {} is {}, more than the {} bytes that are left can hold; the file is truncated or damaged", cursor.path(), what,
                    count, cursor.remaining());
  }
  return count;
}

using Metadata = std::map<std::string, GgufValue, std::less<>>;

absl::StatusOr<Metadata> ReadMetadata(GgufCursor& cursor, uint64_t count) {
  Metadata metadata;
  for (uint64_t i = 0; i < count; ++i) {
    CUPEL_ASSIGN_OR_RETURN(std::string key, cursor.ReadString(kMaxKeyBytes, fmt::format("metadata key {}", i)));
    const std::string what = fmt::format("metadata entry \"{}\"", ReplaceInvalidUtf8(key.substr(0, 100)));
    if (key.empty()) return DataLoss("{}: metadata entry {} has an empty key", cursor.path(), i);
    CUPEL_ASSIGN_OR_RETURN(GgufValue value, ReadValue(cursor, what));
    if (!metadata.emplace(std::move(key), std::move(value)).second) return DataLoss("{}: {} appears twice", cursor.path(), what);
  }
  return metadata;
}

const int64_t* FindInt(const Metadata& metadata, std::string_view key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? nullptr : std::get_if<int64_t>(&found->second.value);
}

absl::StatusOr<uint64_t> AlignmentOf(const Metadata& metadata, const std::string& path) {
  if (!metadata.contains("general.alignment")) return 32;
  const int64_t* value = FindInt(metadata, "general.alignment");
  if (value == nullptr || *value < 1 || *value > kMaxAlignment || (*value & (*value - 1)) != 0) {
    return DataLoss("{}: general.alignment is {}, expected a power of two up to {}", path, value != nullptr ? *value : -1, kMaxAlignment);
  }
  return static_cast<uint64_t>(*value);
}

// Rounds up to a power of two. Callers keep `offset` below 2^63, so nothing wraps.
uint64_t AlignUp(uint64_t offset, uint64_t alignment) { return (offset + alignment - 1) & ~(alignment - 1); }

// Elements and bytes of a tensor from its dims.
absl::Status MeasureTensor(GgufFile::Tensor& tensor, const std::string& what) {
  tensor.num_elements = 1;
  for (const int64_t dimension : tensor.shape) {
    if (dimension < 1 || __builtin_mul_overflow(tensor.num_elements, dimension, &tensor.num_elements)) {
      return DataLoss("{}: dimensions {} are not positive or have more than 2^63 elements in all", what, fmt::join(tensor.shape, " x "));
    }
  }
  if (tensor.shape.back() % tensor.type->block_elements != 0) {
    return DataLoss("{}: rows of {} elements are not whole blocks of {} ({})", what, tensor.shape.back(), tensor.type->block_elements,
                    tensor.type->name);
  }
  int64_t bytes = tensor.num_elements / tensor.type->block_elements;
  if (__builtin_mul_overflow(bytes, tensor.type->block_bytes, &bytes)) return DataLoss("{}: more than 2^63 bytes", what);
  tensor.end = static_cast<uint64_t>(bytes);  // made absolute by PlaceTensors
  return absl::OkStatus();
}

// One entry of the tensor table. `begin` is left relative to the data, `end` holds the number of bytes.
absl::StatusOr<GgufFile::Tensor> ReadTensorEntry(GgufCursor& cursor, uint64_t index) {
  GgufFile::Tensor tensor{};
  CUPEL_ASSIGN_OR_RETURN(tensor.name, cursor.ReadString(kMaxTensorNameBytes, fmt::format("the name of tensor {}", index)));
  const std::string what = fmt::format("{}: tensor \"{}\"", cursor.path(), ReplaceInvalidUtf8(tensor.name));
  CUPEL_ASSIGN_OR_RETURN(const uint32_t num_dimensions, cursor.Read<uint32_t>("the number of dimensions"));
  if (num_dimensions < 1 || num_dimensions > kMaxDimensions) {
    return DataLoss("{} has {} dimensions, expected 1 to {}", what, num_dimensions, kMaxDimensions);
  }
  for (uint32_t i = 0; i < num_dimensions; ++i) {
    CUPEL_ASSIGN_OR_RETURN(const uint64_t dimension, cursor.Read<uint64_t>("a dimension"));
    if (!std::in_range<int64_t>(dimension)) return DataLoss("{}: dimension {} is {}", what, i, dimension);
    tensor.shape.push_back(static_cast<int64_t>(dimension));
  }
  std::reverse(tensor.shape.begin(), tensor.shape.end());
  CUPEL_ASSIGN_OR_RETURN(const uint32_t type_id, cursor.Read<uint32_t>("the type of a tensor"));
  tensor.type = FindGgmlType(type_id);
  if (tensor.type == nullptr) {
    return Unimplemented("{}: quantisation {} is not supported; supported: {}", what, GgmlTypeName(type_id), GgmlTypeNames());
  }
  CUPEL_ASSIGN_OR_RETURN(tensor.begin, cursor.Read<uint64_t>("the offset of a tensor"));
  CUPEL_RETURN_IF_ERROR(MeasureTensor(tensor, what));
  return tensor;
}

// Turns relative offsets into places in the file. They must be consecutive in table order, as writers lay them.
absl::Status PlaceTensors(uint64_t data_begin, uint64_t alignment, const RandomAccessFile& file, std::vector<GgufFile::Tensor>& tensors) {
  uint64_t expected = 0;  // at most the file's size, so sums below stay far from overflow
  for (auto& tensor : tensors) {
    const uint64_t bytes = tensor.end;
    if (tensor.begin != expected) {
      return DataLoss("{}: tensor \"{}\" has offset {}, expected {}: tensors must follow each other", file.path(), tensor.name,
                      tensor.begin, expected);
    }
    if (data_begin > file.size() || expected > file.size() - data_begin || bytes > file.size() - data_begin - expected) {
      return DataLoss("{}: tensor \"{}\" ends behind the end of the file ({} bytes); the file is truncated: fetch it again", file.path(),
                      tensor.name, file.size());
    }
    tensor.begin = data_begin + expected;
    tensor.end = tensor.begin + bytes;
    expected = AlignUp(expected + bytes, alignment);
  }
  return absl::OkStatus();
}

FieldReader::Value ToField(const GgufValue& value) {
  struct Visitor {
    FieldReader::Value operator()(bool v) const { return v; }
    FieldReader::Value operator()(int64_t v) const { return v; }
    FieldReader::Value operator()(uint64_t) const { return FieldReader::Other{"a number beyond 2^63-1"}; }
    FieldReader::Value operator()(double v) const { return v; }
    FieldReader::Value operator()(const std::string& v) const { return v; }
    FieldReader::Value operator()(const GgufArray&) const { return FieldReader::Other{"an array"}; }
  };
  return std::visit(Visitor{}, value.value);
}

}  // namespace

absl::StatusOr<GgufFile> GgufFile::Open(const std::string& path) {
  GgufFile result;
  CUPEL_ASSIGN_OR_RETURN(RandomAccessFile file, RandomAccessFile::Open(path));
  result.file_ = std::make_unique<RandomAccessFile>(std::move(file));
  GgufCursor cursor(*result.file_);
  CUPEL_RETURN_IF_ERROR(ReadMagic(cursor));
  CUPEL_ASSIGN_OR_RETURN(const uint64_t num_tensors, ReadCount(cursor, kMinTensorBytes, "the number of tensors"));
  CUPEL_ASSIGN_OR_RETURN(const uint64_t num_entries, ReadCount(cursor, kMinEntryBytes, "the number of metadata entries"));
  CUPEL_ASSIGN_OR_RETURN(result.metadata_, ReadMetadata(cursor, num_entries));
  if (const int64_t* parts = FindInt(result.metadata_, "split.count"); parts != nullptr && *parts > 1) {
    return Unimplemented("{}: this is one of {} parts; join them with `llama-gguf-split --merge`", path, *parts);
  }
  CUPEL_ASSIGN_OR_RETURN(result.alignment_, AlignmentOf(result.metadata_, path));
  for (uint64_t i = 0; i < num_tensors; ++i) {
    CUPEL_ASSIGN_OR_RETURN(Tensor tensor, ReadTensorEntry(cursor, i));
    if (!result.tensor_index_.emplace(tensor.name, i).second) return DataLoss("{}: tensor \"{}\" appears twice", path, tensor.name);
    result.tensors_.push_back(std::move(tensor));
  }
  result.data_begin_ = AlignUp(cursor.offset(), result.alignment_);
  CUPEL_RETURN_IF_ERROR(PlaceTensors(result.data_begin_, result.alignment_, *result.file_, result.tensors_));
  return result;
}

const GgufFile::Tensor* GgufFile::Find(std::string_view name) const {
  const auto found = tensor_index_.find(name);
  return found == tensor_index_.end() ? nullptr : &tensors_[found->second];
}

const std::string* GgufFile::FindString(std::string_view key) const {
  const auto found = metadata_.find(key);
  return found == metadata_.end() ? nullptr : std::get_if<std::string>(&found->second.value);
}

const std::vector<std::string>* GgufFile::FindStrings(std::string_view key) const {
  const auto found = metadata_.find(key);
  const GgufArray* array = found == metadata_.end() ? nullptr : std::get_if<GgufArray>(&found->second.value);
  return array == nullptr ? nullptr : std::get_if<std::vector<std::string>>(&array->elements);
}

const std::vector<int64_t>* GgufFile::FindInts(std::string_view key) const {
  const auto found = metadata_.find(key);
  const GgufArray* array = found == metadata_.end() ? nullptr : std::get_if<GgufArray>(&found->second.value);
  return array == nullptr ? nullptr : std::get_if<std::vector<int64_t>>(&array->elements);
}

FieldReader GgufFile::Fields(std::string prefix) const {
  return FieldReader(path(), [this, prefix = std::move(prefix)](std::string_view key) -> FieldReader::Value {
    const auto found = metadata_.find(prefix + std::string(key));
    return found == metadata_.end() ? FieldReader::Value() : ToField(found->second);
  });
}

absl::Status GgufFile::ReadFloats(const Tensor& tensor, std::span<float> out) const {
  if (out.size() != static_cast<size_t>(tensor.num_elements)) {
    return InvalidArgument("{}: tensor {} has {} elements, the buffer {}", path(), tensor.name, tensor.num_elements, out.size());
  }
  const auto block_bytes = static_cast<size_t>(tensor.type->block_bytes);
  const size_t num_blocks = (tensor.end - tensor.begin) / block_bytes;
  std::vector<std::byte> chunk(std::min(num_blocks, kChunkBytes / block_bytes) * block_bytes);
  for (size_t done = 0; done < num_blocks;) {
    const size_t count = std::min(chunk.size() / block_bytes, num_blocks - done);
    const auto part = std::span(chunk).first(count * block_bytes);
    CUPEL_RETURN_IF_ERROR(file_->ReadExact(tensor.begin + done * block_bytes, part));
    tensor.type->to_float(reinterpret_cast<const uint8_t*>(part.data()), static_cast<int64_t>(count),
                          out.data() + done * static_cast<size_t>(tensor.type->block_elements));
    done += count;
  }
  return absl::OkStatus();
}

}  // namespace cupel
