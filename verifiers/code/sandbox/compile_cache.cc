#include "verifiers/code/sandbox/compile_cache.h"

#include <string_view>

#include <fmt/format.h>

#include "base/sha256.h"
#include "base/status.h"

namespace cupel::sandbox {
namespace {

constexpr size_t kMaxPrograms = 200;   // each keeps a descriptor open
constexpr int64_t kEntryBytes = 4096;  // of a result without program

int64_t Size(const Compiled& compiled) { return compiled.program_bytes + std::ssize(compiled.result.standard_error) + kEntryBytes; }

}  // namespace

absl::StatusOr<std::shared_ptr<const Compiled>> CompileCache::Get(const std::string& key, const Compile& compile, bool& was_there) {
  was_there = true;
  {
    std::unique_lock lock(mutex_);
    while (true) {
      const auto found = entries_.find(key);
      if (found == entries_.end()) {
        entries_[key] = {};
        break;
      }
      if (found->second.compiled) {
        uses_.splice(uses_.end(), uses_, found->second.use);
        return found->second.compiled;
      }
      changed_.wait(lock);
    }
  }
  was_there = false;
  absl::StatusOr<Compiled> compiled = compile();
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
  if (!compiled.ok()) {
    entries_.erase(key);
    return compiled.status();
  }
  Entry& entry = entries_[key];
  entry.compiled = std::make_shared<const Compiled>(*std::move(compiled));
  entry.use = uses_.insert(uses_.end(), key);
  bytes_ += Size(*entry.compiled);
  const std::shared_ptr<const Compiled> result = entry.compiled;
  Evict();
  return result;
}

void CompileCache::Evict() {
  while ((bytes_ > capacity_bytes_ || uses_.size() > kMaxPrograms) && !uses_.empty()) {
    const auto oldest = entries_.find(uses_.front());
    bytes_ -= Size(*oldest->second.compiled);
    entries_.erase(oldest);
    uses_.pop_front();
  }
}

std::string CompileKey(const Job& job) {
  const Limits& limits = job.compile_limits;
  std::string text =
      fmt::format("{} {} {} {} {}", static_cast<int>(job.language), job.entry, limits.cpu_ms, limits.memory_bytes, limits.file_bytes);
  const auto add = [&](std::string_view part) { text += fmt::format("\n{}:{}", part.size(), part); };
  for (const std::string& option : job.compile_options) {
    add(option);
  }
  for (const JobFile& file : job.files) {
    add(file.name);
    add(file.bytes);
  }
  return Sha256Hex(text);
}

}  // namespace cupel::sandbox
