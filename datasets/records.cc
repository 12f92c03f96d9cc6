#include "datasets/records.h"

#include <algorithm>

#include "base/status.h"
#include "datasets/byte_source.h"
#include "datasets/parquet.h"

namespace cupel {
namespace {

constexpr size_t kMaxRecordBytes = size_t{64} << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool IsBlank(std::string_view text) { return std::ranges::all_of(text, IsSpace); }

// Cuts the bytes of a file into records. The text of the record at hand is all that it keeps.
class Splitter {
 public:
  Splitter(const std::string& path, RecordCallback each) : path_(path), each_(each) {}

  // Returns false when no more bytes are wanted.
  absl::StatusOr<bool> Feed(std::string_view bytes) {
    while (!bytes.empty() && is_wanted_) {
      switch (shape_) {
        case Shape::kUnknown:
          bytes = FindShape(bytes);
          break;
        case Shape::kLines:
          bytes = FeedLine(bytes);
          break;
        case Shape::kArray:
          CUPEL_RETURN_IF_ERROR(FeedElement(bytes.front()));
          bytes.remove_prefix(1);
          break;
      }
      if (text_.size() > kMaxRecordBytes) {
        return ResourceExhausted("{}:{}: a record of more than {} bytes, the limit", path_, line_, kMaxRecordBytes);
      }
    }
    return is_wanted_;
  }

  absl::Status Finish() {
    if (shape_ == Shape::kArray && is_wanted_ && !is_array_closed_) {
      return DataLoss("{}: the array ends in the middle, after record {}", path_, count_);
    }
    if (shape_ != Shape::kArray && is_wanted_) {
      EmitLine();
    }
    return absl::OkStatus();
  }

 private:
  enum class Shape { kUnknown, kLines, kArray };

  // Looks past white space and the byte-order mark at the first character; text_ holds what was passed over.
  std::string_view FindShape(std::string_view bytes) {
    const char c = bytes.front();
    const bool may_be_mark = text_.size() < kByteOrderMark.size() && kByteOrderMark[text_.size()] == c;
    if (c == '[' && IsBlank(text_ == kByteOrderMark ? "" : text_)) {
      shape_ = Shape::kArray;
      text_.clear();
      return bytes.substr(1);
    }
    if (may_be_mark) {
      text_ += c;
    } else if (c == '\n') {
      ++line_;
      text_.clear();
    } else if (!IsSpace(c)) {
      shape_ = Shape::kLines;
      text_ = text_ == kByteOrderMark ? "" : text_;
      return bytes;
    }
    return bytes.substr(1);
  }

  std::string_view FeedLine(std::string_view bytes) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    text_ += bytes.substr(0, end);
    if (end == bytes.size()) {
      return {};
    }
    EmitLine();
    ++line_;
    return bytes.substr(end + 1);
  }

  void EmitLine() {
    if (!IsBlank(text_)) {
      const std::string where = fmt::format("{}:{}", path_, line_);
      is_wanted_ = each_({ParseJson(text_, where), where, where});
    }
    text_.clear();
  }

  // One byte of an array: elements are cut at the commas outside of every bracket and string.
  absl::Status FeedElement(char c) {
    line_ += c == '\n' ? 1 : 0;
    if (is_array_closed_) {
      return IsSpace(c) ? absl::OkStatus() : DataLoss("{}:{}: something follows the end of the array", path_, line_);
    }
    if (in_string_) {
      in_string_ = c != '"' || is_escaped_;
      is_escaped_ = c == '\\' && !is_escaped_;
    } else if (depth_ == 0 && (c == ',' || c == ']')) {
      is_array_closed_ = c == ']';
      EmitElement(c == ',');
      return absl::OkStatus();
    } else {
      in_string_ = c == '"';
      depth_ += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
    }
    if (text_.empty() && IsSpace(c)) {
      return absl::OkStatus();
    }
    first_line_ = text_.empty() ? line_ : first_line_;
    text_ += c;
    return absl::OkStatus();
  }

  void EmitElement(bool is_followed) {
    if (text_.empty() && !is_followed && count_ == 0) {
      return;  // an empty array
    }
    ++count_;
    const std::string where = fmt::format("{}:{} (record {})", path_, text_.empty() ? line_ : first_line_, count_);
    is_wanted_ = each_({ParseJson(text_, where), where, fmt::format("{}#{}", path_, count_)});
    text_.clear();
  }

  const std::string& path_;
  RecordCallback each_;
  Shape shape_ = Shape::kUnknown;
  bool is_wanted_ = true;
  std::string text_;
  int64_t line_ = 1;
  // Of arrays:
  int64_t first_line_ = 1;  // of the element at hand
  int64_t count_ = 0;
  int64_t depth_ = 0;
  bool in_string_ = false;
  bool is_escaped_ = false;
  bool is_array_closed_ = false;
};

}  // namespace

absl::Status ReadRecords(const std::string& path, RecordCallback each) {
  if (IsParquetFile(path)) {
    return ReadParquet(path, each);
  }
  CUPEL_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, ByteSource::Open(path));
  Splitter splitter(path, each);
  while (true) {
    CUPEL_ASSIGN_OR_RETURN(const std::string_view bytes, source->Next());
    if (bytes.empty()) {
      return splitter.Finish();
    }
    CUPEL_ASSIGN_OR_RETURN(const bool is_wanted, splitter.Feed(bytes));
    if (!is_wanted) {
      return absl::OkStatus();
    }
  }
}

}  // namespace cupel
