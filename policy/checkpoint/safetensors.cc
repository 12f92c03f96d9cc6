#include "policy/checkpoint/safetensors.h"

#include <algorithm>
#include <array>
#include <optional>

#include <absl/container/flat_hash_set.h>

#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "policy/checkpoint/float_formats.h"

namespace cupel {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr size_t kChunkBytes = size_t{1} << 20;

struct TypeInfo {
  SafetensorsType type;
  std::string_view name;
  int64_t size;
  int order;  // rank of the reference writer: by alignment, then as its source lists the types
};

constexpr std::array<TypeInfo, 12> kTypes = {{{SafetensorsType::kBool, "BOOL", 1, 0},
                                              {SafetensorsType::kU8, "U8", 1, 1},
                                              {SafetensorsType::kI8, "I8", 1, 2},
                                              {SafetensorsType::kF8E5M2, "F8_E5M2", 1, 3},
                                              {SafetensorsType::kF8E4M3, "F8_E4M3", 1, 4},
                                              {SafetensorsType::kI16, "I16", 2, 5},
                                              {SafetensorsType::kF16, "F16", 2, 6},
                                              {SafetensorsType::kBf16, "BF16", 2, 7},
                                              {SafetensorsType::kI32, "I32", 4, 8},
                                              {SafetensorsType::kF32, "F32", 4, 9},
                                              {SafetensorsType::kF64, "F64", 8, 10},
                                              {SafetensorsType::kI64, "I64", 8, 11}}};

const TypeInfo& Info(SafetensorsType type) {
  return *std::find_if(kTypes.begin(), kTypes.end(), [type](const TypeInfo& info) { return info.type == type; });
}

std::optional<SafetensorsType> TypeByName(std::string_view name) {
  for (const TypeInfo& info : kTypes) {
    if (info.name == name) return info.type;
  }
  return std::nullopt;
}

// Elements of a shape times bytes per element, or nullopt on overflow.
std::optional<uint64_t> ByteSize(const std::vector<int64_t>& shape, SafetensorsType type) {
  auto bytes = static_cast<uint64_t>(SafetensorsTypeSize(type));
  for (const int64_t dimension : shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(dimension), &bytes)) return std::nullopt;
  }
  return bytes;
}

// An integer from 0 to 2^63 - 1.
bool IsSize(const Json& value) { return value.is_number_integer() && value >= 0 && value <= INT64_MAX; }

// One entry of the header: {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}; offsets count from the end of the header.
absl::StatusOr<SafetensorsFile::Tensor> ParseEntry(const std::string& name, const Json& entry, uint64_t data_begin, uint64_t data_bytes,
                                                   const std::string& where) {
  CUPEL_ASSIGN_OR_RETURN(const std::string dtype, JsonString(entry, "dtype", where));
  const auto type = TypeByName(dtype);
  if (!type) return Unimplemented("{}: type {} is not known", where, dtype.substr(0, 60));
  SafetensorsFile::Tensor tensor{name, *type, {}, 0, 0};
  const auto shape = entry.find("shape");
  const auto offsets = entry.find("data_offsets");
  if (shape == entry.end() || offsets == entry.end() || !shape->is_array() || !offsets->is_array() || offsets->size() != 2) {
    return DataLoss("{}: expected \"dtype\", \"shape\" (a list) and \"data_offsets\" (two numbers)", where);
  }
  for (const Json& dimension : *shape) {
    if (!IsSize(dimension)) return DataLoss("{}: shape has the entry {}, expected an integer from 0 to 2^63-1", where, DumpJson(dimension));
    tensor.shape.push_back(dimension.get<int64_t>());
  }
  for (const Json& offset : *offsets) {
    if (!IsSize(offset))
      return DataLoss("{}: data_offsets has the entry {}, expected an integer from 0 to 2^63-1", where, DumpJson(offset));
  }
  const uint64_t begin = (*offsets)[0].get<uint64_t>();
  const uint64_t end = (*offsets)[1].get<uint64_t>();
  if (begin > end || end > data_bytes) {
    return DataLoss("{}: data_offsets [{}, {}] are outside the {} bytes of data; the file is truncated or damaged", where, begin, end,
                    data_bytes);
  }
  const auto bytes = ByteSize(tensor.shape, *type);
  if (!bytes || *bytes != end - begin) {
    return DataLoss("{}: shape {} of {} does not take the {} bytes of its data_offsets", where, DumpJson(*shape), dtype, end - begin);
  }
  tensor.begin = data_begin + begin;
  tensor.end = data_begin + end;
  return tensor;
}

// Tensors in the order of their bytes must cover the data without hole, overlap or rest: a rest could be another file in disguise.
absl::Status CheckCoverage(const std::vector<SafetensorsFile::Tensor>& tensors, uint64_t data_begin, uint64_t file_size,
                           const std::string& path) {
  std::vector<const SafetensorsFile::Tensor*> by_offset;
  for (const auto& tensor : tensors) by_offset.push_back(&tensor);
  std::sort(by_offset.begin(), by_offset.end(),
            [](const auto* a, const auto* b) { return std::pair(a->begin, a->end) < std::pair(b->begin, b->end); });
  uint64_t covered = data_begin;
  for (const auto* tensor : by_offset) {
    if (tensor->begin != covered) {
      return DataLoss("{}: tensor {} begins at byte {}, expected {}: tensors must neither overlap nor leave bytes out", path, tensor->name,
                      tensor->begin, covered);
    }
    covered = tensor->end;
  }
  if (covered != file_size) {
    return DataLoss("{}: {} bytes follow the last tensor; the file is damaged or not only a safetensors file", path, file_size - covered);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadHeader(const RandomAccessFile& file) {
  uint64_t length = 0;
  if (file.size() < sizeof(length)) return DataLoss("{}: {} bytes are too few for a safetensors file", file.path(), file.size());
  CUPEL_RETURN_IF_ERROR(file.ReadExact(0, std::as_writable_bytes(std::span(&length, 1))));
  if (length > kMaxHeaderBytes) {
    return DataLoss("{}: header of {} bytes, the format allows {}; this is not a safetensors file, or a damaged one", file.path(), length,
                    kMaxHeaderBytes);
  }
  if (length < 2 || length > file.size() - sizeof(length)) {
    return DataLoss("{}: header of {} bytes in a file of {}; the file is truncated or damaged", file.path(), length, file.size());
  }
  char first = 0;
  CUPEL_RETURN_IF_ERROR(file.ReadExact(sizeof(length), std::as_writable_bytes(std::span(&first, 1))));
  if (first != '{') return DataLoss("{}: the header does not begin with '{{'; this is not a safetensors file", file.path());
  std::string header(length, '\0');
  CUPEL_RETURN_IF_ERROR(file.ReadExact(sizeof(length), std::as_writable_bytes(std::span(header))));
  return header;
}

absl::Status ReadMetadata(const Json& object, const std::string& path, std::map<std::string, std::string>& metadata) {
  if (!object.is_object()) return DataLoss("{}: __metadata__ is not an object", path);
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string()) return DataLoss("{}: __metadata__ entry {} is not a string", path, DumpJson(Json(key)));
    metadata[key] = value.get<std::string>();
  }
  return absl::OkStatus();
}

// Converts `count` stored elements.
void ConvertToFloat(SafetensorsType type, const std::byte* in, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) {
    switch (type) {
      case SafetensorsType::kF64:
        out[i] = static_cast<float>(LoadLittleEndian<double>(in + 8 * i));
        break;
      case SafetensorsType::kF16:
        out[i] = HalfToFloat(LoadLittleEndian<uint16_t>(in + 2 * i));
        break;
      case SafetensorsType::kBf16:
        out[i] = Bf16ToFloat(LoadLittleEndian<uint16_t>(in + 2 * i));
        break;
      default:
        out[i] = LoadLittleEndian<float>(in + 4 * i);
        break;
    }
  }
}

bool IsFloat(SafetensorsType type) {
  return type == SafetensorsType::kF64 || type == SafetensorsType::kF32 || type == SafetensorsType::kF16 || type == SafetensorsType::kBf16;
}

absl::Status CheckItem(const SafetensorsWriteItem& item, const std::string& path) {
  const bool has_bad_dimension = std::any_of(item.shape.begin(), item.shape.end(), [](int64_t d) { return d < 0; });
  const auto bytes = has_bad_dimension ? std::nullopt : ByteSize(item.shape, item.type);
  if (!bytes || *bytes != item.bytes.size()) {
    return InvalidArgument("{}: tensor {} has {} bytes, which its shape and type do not take", path, item.name, item.bytes.size());
  }
  return absl::OkStatus();
}

// Length and JSON header, padded with spaces so that the data begins at a multiple of 8.
std::string BuildHeader(const std::vector<SafetensorsWriteItem>& items, const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  auto& members = header.get_ref<Json::object_t&>();  // operator[] would search all earlier keys
  Json metadata_json = Json::object();
  for (const auto& [key, value] : metadata) metadata_json[key] = value;
  members.emplace_back("__metadata__", std::move(metadata_json));
  uint64_t offset = 0;
  for (const auto& item : items) {
    const uint64_t end = offset + item.bytes.size();
    members.emplace_back(
        item.name, Json{{"dtype", SafetensorsTypeName(item.type)}, {"shape", item.shape}, {"data_offsets", Json::array({offset, end})}});
    offset = end;
  }
  std::string text = DumpJson(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  std::string prefix(sizeof(length), '\0');
  std::memcpy(prefix.data(), &length, sizeof(length));
  return prefix + text;
}

}  // namespace

int64_t SafetensorsTypeSize(SafetensorsType type) { return Info(type).size; }
std::string_view SafetensorsTypeName(SafetensorsType type) { return Info(type).name; }

absl::StatusOr<SafetensorsFile> SafetensorsFile::Open(const std::string& path) {
  SafetensorsFile result;
  CUPEL_ASSIGN_OR_RETURN(RandomAccessFile file, RandomAccessFile::Open(path));
  result.file_ = std::make_unique<RandomAccessFile>(std::move(file));
  CUPEL_ASSIGN_OR_RETURN(const std::string header, ReadHeader(*result.file_));
  CUPEL_ASSIGN_OR_RETURN(const Json json, ParseJson(header, path, {.max_depth = 8}));
  if (!json.is_object()) return DataLoss("{}: the header is not a JSON object", path);
  const uint64_t data_begin = sizeof(uint64_t) + header.size();
  const uint64_t data_bytes = result.file_->size() - data_begin;
  for (const auto& [name, entry] : json.items()) {
    if (name == "__metadata__") {
      CUPEL_RETURN_IF_ERROR(ReadMetadata(entry, path, result.metadata_));
      continue;
    }
    CUPEL_ASSIGN_OR_RETURN(Tensor tensor,
                           ParseEntry(name, entry, data_begin, data_bytes, fmt::format("{}: tensor {}", path, name.substr(0, 200))));
    result.tensors_.push_back(std::move(tensor));
  }
  CUPEL_RETURN_IF_ERROR(CheckCoverage(result.tensors_, data_begin, result.file_->size(), path));
  std::sort(result.tensors_.begin(), result.tensors_.end(), [](const Tensor& a, const Tensor& b) { return a.name < b.name; });
  return result;
}

const SafetensorsFile::Tensor* SafetensorsFile::Find(std::string_view name) const {
  const auto found =
      std::lower_bound(tensors_.begin(), tensors_.end(), name, [](const Tensor& tensor, std::string_view n) { return tensor.name < n; });
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

absl::Status SafetensorsFile::ReadBytes(const Tensor& tensor, std::span<std::byte> out) const {
  if (out.size() != tensor.end - tensor.begin) {
    return InvalidArgument("{}: tensor {} has {} bytes, the buffer {}", path(), tensor.name, tensor.end - tensor.begin, out.size());
  }
  return file_->ReadExact(tensor.begin, out);
}

absl::Status SafetensorsFile::ReadFloats(const Tensor& tensor, std::span<float> out) const {
  const auto size = static_cast<size_t>(SafetensorsTypeSize(tensor.type));
  if (!IsFloat(tensor.type)) {
    return Unimplemented("{}: tensor {} is of type {}, expected F64, F32, F16 or BF16", path(), tensor.name,
                         SafetensorsTypeName(tensor.type));
  }
  if (out.size() * size != tensor.end - tensor.begin) {
    return InvalidArgument("{}: tensor {} has {} elements, the buffer {}", path(), tensor.name, (tensor.end - tensor.begin) / size,
                           out.size());
  }
  if (tensor.type == SafetensorsType::kF32) return file_->ReadExact(tensor.begin, std::as_writable_bytes(out));
  std::vector<std::byte> chunk(std::min(kChunkBytes, out.size() * size));
  for (size_t done = 0; done < out.size();) {
    const size_t count = std::min(chunk.size() / size, out.size() - done);
    CUPEL_RETURN_IF_ERROR(file_->ReadExact(tensor.begin + done * size, std::span(chunk).first(count * size)));
    ConvertToFloat(tensor.type, chunk.data(), count, out.data() + done);
    done += count;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> WriteSafetensors(const std::string& path, std::vector<SafetensorsWriteItem> items,
                                             const std::map<std::string, std::string>& metadata) {
  std::sort(items.begin(), items.end(), [](const auto& a, const auto& b) {
    const int order_a = Info(a.type).order;
    const int order_b = Info(b.type).order;
    return order_a != order_b ? order_a > order_b : a.name < b.name;
  });
  absl::flat_hash_set<std::string> names = {"__metadata__"};
  for (const auto& item : items) {
    CUPEL_RETURN_IF_ERROR(CheckItem(item, path));
    if (!names.insert(item.name).second) return InvalidArgument("{}: the name {} is taken", path, item.name);
  }
  std::map<std::string, std::string> all_metadata = metadata;
  all_metadata.try_emplace("format", "pt");
  const std::string header = BuildHeader(items, all_metadata);
  CUPEL_ASSIGN_OR_RETURN(FileWriter writer, FileWriter::Create(path));
  Sha256 digest;
  digest.Update(header);
  CUPEL_RETURN_IF_ERROR(writer.Write(header));
  for (const auto& item : items) {
    digest.Update(item.bytes);
    CUPEL_RETURN_IF_ERROR(writer.Write(item.bytes));
  }
  CUPEL_RETURN_IF_ERROR(writer.Close());
  return digest.Hex();
}

}  // namespace cupel
