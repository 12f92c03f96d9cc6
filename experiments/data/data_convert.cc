#include "experiments/data/data_convert.h"

#include <optional>

#include <fmt/format.h>
#include <zstd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/status.h"

namespace cupel {
namespace {

constexpr size_t kChunkBytes = size_t{1} << 22;
constexpr int kLevel = 9;

// Chunks of lines on their way out, each packed as a frame of its own where they are packed.
class Writer {
 public:
  static absl::StatusOr<Writer> Open(const std::string& path) {
    Writer writer;
    writer.is_packed_ = path.ends_with(".zst");
    if (path != "-") {
      CUPEL_ASSIGN_OR_RETURN(writer.file_, FileWriter::Create(path));
    }
    return writer;
  }

  absl::Status Write(std::string_view line) {
    chunk_ += line;
    chunk_ += '\n';
    return chunk_.size() < kChunkBytes ? absl::OkStatus() : Flush();
  }

  absl::Status Close() {
    CUPEL_RETURN_IF_ERROR(Flush());
    return file_ ? file_->Close() : absl::OkStatus();
  }

 private:
  absl::Status Flush() {
    if (!file_) {
      fmt::print("{}", chunk_);
    } else if (!is_packed_) {
      CUPEL_RETURN_IF_ERROR(file_->Write(chunk_));
    } else if (!chunk_.empty()) {
      std::string packed(ZSTD_compressBound(chunk_.size()), '\0');
      const size_t size = ZSTD_compress(packed.data(), packed.size(), chunk_.data(), chunk_.size(), kLevel);
      if (ZSTD_isError(size) != 0U) {
        return Unavailable("zstd: {}", ZSTD_getErrorName(size));
      }
      CUPEL_RETURN_IF_ERROR(file_->Write(std::string_view(packed).substr(0, size)));
    }
    chunk_.clear();
    return absl::OkStatus();
  }

  std::optional<FileWriter> file_;  // none: standard output
  bool is_packed_ = false;
  std::string chunk_;
};

}  // namespace

std::string TaskLine(const Task& task) {
  Json prompt = Json::array();
  for (const ChatMessage& message : task.prompt) {
    prompt.push_back({{"role", message.role}, {"content", message.content}});
  }
  Json line = {{"id", task.id}, {"prompt", std::move(prompt)}, {"answer", task.answer}, {"verifier", task.verifier}};
  if (!task.metadata.empty()) {
    absl::StatusOr<Json> metadata = ParseJson(task.metadata, task.id);
    line["metadata"] = metadata.ok() ? *std::move(metadata) : Json(task.metadata);
  }
  return DumpJson(line);
}

absl::StatusOr<int64_t> WriteTasks(const Dataset& dataset, const std::string& path, const std::function<bool()>& should_stop) {
  CUPEL_ASSIGN_OR_RETURN(Writer writer, Writer::Open(path));
  int64_t count = 0;
  for (; count < dataset.size() && !should_stop(); ++count) {
    CUPEL_RETURN_IF_ERROR(writer.Write(TaskLine(dataset.At(count))));
  }
  CUPEL_RETURN_IF_ERROR(writer.Close());
  return count;
}

}  // namespace cupel
