#include <algorithm>

#include "base/file.h"
#include "base/status.h"
#include "verifiers/code/sandbox/language.h"

namespace cupel::sandbox {
namespace {

constexpr size_t kMaxFiles = 4000;
constexpr size_t kMaxArguments = 400;

bool IsPlainName(std::string_view name) {
  if (name.empty() || name.size() > 255 || name.front() == '/' || name.back() == '/' || name.find('\0') != std::string_view::npos) {
    return false;
  }
  while (!name.empty()) {
    const size_t slash = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, slash);
    if (part.empty() || part == "." || part == "..") {
      return false;
    }
    name.remove_prefix(std::min(slash + 1, name.size()));
  }
  return true;
}

absl::Status CheckLimits(const Limits& limits) {
  const bool is_positive = limits.cpu_ms > 0 && limits.memory_bytes > 0 && limits.stack_bytes > 0 && limits.processes > 0 &&
                           limits.wall_ms >= 0 && limits.output_bytes >= 0 && limits.error_bytes >= 0 && limits.result_bytes >= 0 &&
                           limits.file_bytes > 0;
  return is_positive ? absl::OkStatus()
                     : InvalidArgument("limits of a job must be positive (cpu_ms {}, memory_bytes {}, processes {})", limits.cpu_ms,
                                       limits.memory_bytes, limits.processes);
}

}  // namespace

const LanguageSupport& Support(Language language) {
  switch (language) {
    case Language::kPython:
      return kPythonSupport;
    case Language::kC:
      return kCSupport;
    case Language::kCpp:
      return kCppSupport;
    case Language::kJavaScript:
      return kJavaScriptSupport;
    case Language::kNative:
      break;
  }
  return kNativeSupport;
}

absl::Status CheckLanguage(Language language) {
  const LanguageSupport& support = Support(language);
  if (support.program == nullptr || Exists(support.program)) {
    return absl::OkStatus();
  }
  return NotFound("{} is not there, so {} programs cannot be run: apt-get install {}", support.program, LanguageName(language),
                  support.package);
}

absl::Status CheckJob(const Job& job) {
  CUPEL_RETURN_IF_ERROR(CheckLimits(job.limits));
  CUPEL_RETURN_IF_ERROR(CheckLimits(job.compile_limits));
  if (job.files.size() > kMaxFiles || job.args.size() + job.compile_options.size() > kMaxArguments) {
    return InvalidArgument("a job has at most {} files and {} arguments; this one has {} and {}", kMaxFiles, kMaxArguments,
                           job.files.size(), job.args.size() + job.compile_options.size());
  }
  for (const JobFile& file : job.files) {
    if (!IsPlainName(file.name)) {
      return InvalidArgument("\"{}\" cannot be the name of a job's file: a relative path without \"..\" is wanted", file.name);
    }
  }
  const bool is_command = job.language == Language::kNative;
  if (is_command && !job.entry.starts_with('/')) {
    return InvalidArgument("\"{}\" is not an absolute path, which a native job's entry must be", job.entry);
  }
  if (!is_command && std::ranges::find(job.files, job.entry, &JobFile::name) == job.files.end()) {
    return InvalidArgument("\"{}\", the entry of the job, is none of its files", job.entry);
  }
  for (const std::string& option : job.compile_options) {
    if (!IsAllowedCompileOption(option)) {
      return InvalidArgument("\"{}\" is not on the list of compile options (optimisation, standard, warnings, plain -D)", option);
    }
  }
  const std::string_view output(job.output_file);
  if (!output.empty() && !IsPlainName(output.starts_with("/tmp/") ? output.substr(5) : output)) {
    return InvalidArgument("\"{}\" cannot be an output file: NAME (below /job) or /tmp/NAME is wanted", job.output_file);
  }
  return CheckLanguage(job.language);
}

}  // namespace cupel::sandbox
