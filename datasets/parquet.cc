// Parquet through the Arrow C++ library. Only this file includes its headers.

#include "datasets/parquet.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <exception>
#include <memory>
#include <parquet/arrow/reader.h>
#include <string>
#include <utility>

#include "base/status.h"

namespace cupel {
namespace {

constexpr int64_t kBatchRows = 1024;
constexpr int kMaxDepth = 32;

absl::StatusOr<Json> ValueAt(const arrow::Array& array, int64_t i, int depth);

absl::StatusOr<Json> ListAt(const arrow::Array& values, int64_t begin, int64_t length, int depth) {
  Json list = Json::array();
  for (int64_t i = begin; i < begin + length; ++i) {
    CUPEL_ASSIGN_OR_RETURN(Json value, ValueAt(values, i, depth));
    list.push_back(std::move(value));
  }
  return list;
}

absl::StatusOr<Json> StructAt(const arrow::StructArray& array, int64_t i, int depth) {
  Json object = Json::object();
  for (int k = 0; k < array.num_fields(); ++k) {
    CUPEL_ASSIGN_OR_RETURN(object[array.type()->field(k)->name()], ValueAt(*array.field(k), i, depth));
  }
  return object;
}

// A map from text is an object, as in the JSON that it came from; any other a list of {key, value}.
absl::StatusOr<Json> MapAt(const arrow::MapArray& map, int64_t i, int depth) {
  const bool has_text_keys = map.keys()->type_id() == arrow::Type::STRING;
  Json result = has_text_keys ? Json::object() : Json::array();
  for (int64_t j = map.value_offset(i); j < map.value_offset(i) + map.value_length(i); ++j) {
    CUPEL_ASSIGN_OR_RETURN(Json key, ValueAt(*map.keys(), j, depth));
    CUPEL_ASSIGN_OR_RETURN(Json value, ValueAt(*map.items(), j, depth));
    if (has_text_keys) {
      result[key.get<std::string>()] = std::move(value);
    } else {
      result.push_back({{"key", std::move(key)}, {"value", std::move(value)}});
    }
  }
  return result;
}

template <class Array>
auto Plain(const arrow::Array& array, int64_t i) {
  return static_cast<const Array&>(array).Value(i);
}

template <class Array>
std::string Text(const arrow::Array& array, int64_t i) {
  return std::string(static_cast<const Array&>(array).GetView(i));
}

template <class Array>
absl::StatusOr<Json> AnyListAt(const arrow::Array& array, int64_t i, int depth) {
  const auto& list = static_cast<const Array&>(array);
  return ListAt(*list.values(), list.value_offset(i), list.value_length(i), depth);
}

// What has no type of its own in JSON as the text that Arrow prints: dates, times, decimals.
absl::StatusOr<Json> PrintedAt(const arrow::Array& array, int64_t i) {
  const arrow::Result<std::shared_ptr<arrow::Scalar>> scalar = array.GetScalar(i);
  if (!scalar.ok()) {
    return DataLoss("{}", scalar.status().message());
  }
  return (*scalar)->ToString();
}

absl::StatusOr<Json> ValueAt(const arrow::Array& array, int64_t i, int depth) {
  using arrow::Type;
  if (depth > kMaxDepth) {
    return InvalidArgument("values nested more than {} deep", kMaxDepth);
  }
  if (array.IsNull(i)) {
    return Json();
  }
  switch (array.type_id()) {
    case Type::BOOL:
      return Plain<arrow::BooleanArray>(array, i);
    case Type::INT8:
      return Plain<arrow::Int8Array>(array, i);
    case Type::INT16:
      return Plain<arrow::Int16Array>(array, i);
    case Type::INT32:
      return Plain<arrow::Int32Array>(array, i);
    case Type::INT64:
      return Plain<arrow::Int64Array>(array, i);
    case Type::UINT8:
      return Plain<arrow::UInt8Array>(array, i);
    case Type::UINT16:
      return Plain<arrow::UInt16Array>(array, i);
    case Type::UINT32:
      return Plain<arrow::UInt32Array>(array, i);
    case Type::UINT64:
      return Plain<arrow::UInt64Array>(array, i);
    case Type::FLOAT:
      return Plain<arrow::FloatArray>(array, i);
    case Type::DOUBLE:
      return Plain<arrow::DoubleArray>(array, i);
    case Type::STRING:
      return Text<arrow::StringArray>(array, i);
    case Type::LARGE_STRING:
      return Text<arrow::LargeStringArray>(array, i);
    case Type::LIST:
      return AnyListAt<arrow::ListArray>(array, i, depth + 1);
    case Type::LARGE_LIST:
      return AnyListAt<arrow::LargeListArray>(array, i, depth + 1);
    case Type::FIXED_SIZE_LIST:
      return AnyListAt<arrow::FixedSizeListArray>(array, i, depth + 1);
    case Type::STRUCT:
      return StructAt(static_cast<const arrow::StructArray&>(array), i, depth + 1);
    case Type::MAP:
      return MapAt(static_cast<const arrow::MapArray&>(array), i, depth + 1);
    case Type::DICTIONARY: {
      const auto& coded = static_cast<const arrow::DictionaryArray&>(array);
      return ValueAt(*coded.dictionary(), coded.GetValueIndex(i), depth + 1);
    }
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIMESTAMP:
    case Type::TIME32:
    case Type::TIME64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return PrintedAt(array, i);
    default:
      return InvalidArgument("type {} has no place in JSON; leave the column out, or turn it into text", array.type()->ToString());
  }
}

absl::StatusOr<Json> RowAt(const arrow::RecordBatch& batch, int64_t i) {
  Json row = Json::object();
  for (int k = 0; k < batch.num_columns(); ++k) {
    absl::StatusOr<Json> value = ValueAt(*batch.column(k), i, 0);
    CUPEL_RETURN_IF_ERROR(Annotate(value.status(), fmt::format("column \"{}\"", batch.column_name(k))));
    row[batch.column_name(k)] = *std::move(value);
  }
  return row;
}

// The file as a sequence of batches; `count` is how many rows came before.
absl::StatusOr<bool> ReadBatch(const std::string& path, const arrow::RecordBatch& batch, int64_t& count, RecordCallback each) {
  for (int64_t i = 0; i < batch.num_rows(); ++i) {
    ++count;
    Record record{RowAt(batch, i), fmt::format("{}, row {}", path, count), fmt::format("{}#{}", path, count)};
    if (!record.value.ok()) {
      record.value = Annotate(record.value.status(), record.where);
    }
    if (!each(record)) {
      return false;
    }
  }
  return true;
}

absl::Status Damaged(const std::string& path, std::string_view what) {
  return DataLoss("{}: not a Parquet file, or damaged: {}", path, what);
}

absl::Status Read(const std::string& path, RecordCallback each) {
  arrow::Result<std::shared_ptr<arrow::io::ReadableFile>> file = arrow::io::ReadableFile::Open(path);
  if (!file.ok()) {
    return NotFound("{}: {}", path, file.status().message());
  }
  arrow::Result<std::unique_ptr<parquet::arrow::FileReader>> reader = parquet::arrow::OpenFile(*file, arrow::default_memory_pool());
  if (!reader.ok()) {
    return Damaged(path, reader.status().message());
  }
  (*reader)->set_use_threads(false);
  (*reader)->set_batch_size(kBatchRows);
  arrow::Result<std::unique_ptr<arrow::RecordBatchReader>> batches = (*reader)->GetRecordBatchReader();
  if (!batches.ok()) {
    return Damaged(path, batches.status().message());
  }
  int64_t count = 0;
  std::shared_ptr<arrow::RecordBatch> batch;
  while (true) {
    if (const arrow::Status status = (*batches)->ReadNext(&batch); !status.ok()) {
      return Damaged(path, status.message());
    }
    if (batch == nullptr) {
      return absl::OkStatus();
    }
    CUPEL_ASSIGN_OR_RETURN(const bool is_wanted, ReadBatch(path, *batch, count, each));
    if (!is_wanted) {
      return absl::OkStatus();
    }
  }
}

}  // namespace

std::string_view ParquetLibrary() { return arrow::GetBuildInfo().version_string; }

absl::Status ReadParquet(const std::string& path, RecordCallback each) {
  try {
    return Read(path, each);
  } catch (const std::exception& error) {  // parquet::ParquetException where the library does not turn it into a status
    return Damaged(path, error.what());
  }
}

}  // namespace cupel
