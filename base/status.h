#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <fmt/format.h>

// Status construction with fmt, and the two macros that pass a failure up. A message says what was wrong, where (file, line or key), what
// was expected, and what to do next.

namespace cupel {

template <class... Args>
absl::Status InvalidArgument(fmt::format_string<Args...> format, Args&&... args) {
  return absl::InvalidArgumentError(fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
absl::Status NotFound(fmt::format_string<Args...> format, Args&&... args) {
  return absl::NotFoundError(fmt::format(format, std::forward<Args>(args)...));
}
// A file, database or checkpoint whose bytes are not what they must be.
template <class... Args>
absl::Status DataLoss(fmt::format_string<Args...> format, Args&&... args) {
  return absl::DataLossError(fmt::format(format, std::forward<Args>(args)...));
}
// The request is fine but the state of things forbids it (run folder in use, newer schema).
template <class... Args>
absl::Status FailedPrecondition(fmt::format_string<Args...> format, Args&&... args) {
  return absl::FailedPreconditionError(fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
absl::Status Unimplemented(fmt::format_string<Args...> format, Args&&... args) {
  return absl::UnimplementedError(fmt::format(format, std::forward<Args>(args)...));
}
// The disk is full, memory is short, a limit is reached.
template <class... Args>
absl::Status ResourceExhausted(fmt::format_string<Args...> format, Args&&... args) {
  return absl::ResourceExhaustedError(fmt::format(format, std::forward<Args>(args)...));
}
// The operating system or a library said no for a reason of its own.
template <class... Args>
absl::Status Unavailable(fmt::format_string<Args...> format, Args&&... args) {
  return absl::UnavailableError(fmt::format(format, std::forward<Args>(args)...));
}

// The same status with "CONTEXT: " before its message; OK stays OK.
absl::Status Annotate(const absl::Status& status, std::string_view context);

// The message as std::string_view (absl::string_view is another type on Debian).
inline std::string_view Message(const absl::Status& status) { return {status.message().data(), status.message().size()}; }

}  // namespace cupel

#define CUPEL_CONCAT_INNER(a, b) a##b
#define CUPEL_CONCAT(a, b) CUPEL_CONCAT_INNER(a, b)

// Returns the status of `expression` from the enclosing function unless it is OK.
#define CUPEL_RETURN_IF_ERROR(expression)                     \
  do {                                                        \
    if (absl::Status status_ = (expression); !status_.ok()) { \
      return status_;                                         \
    }                                                         \
  } while (false)

// Evaluates a StatusOr expression; on failure returns its status, else assigns or declares `target` with the value.
#define CUPEL_ASSIGN_OR_RETURN(target, ...) CUPEL_ASSIGN_OR_RETURN_IMPL(CUPEL_CONCAT(status_or_, __LINE__), target, __VA_ARGS__)
#define CUPEL_ASSIGN_OR_RETURN_IMPL(temporary, target, ...) \
  auto temporary = (__VA_ARGS__);                           \
  if (!temporary.ok()) {                                    \
    return temporary.status();                              \
  }                                                         \
  target = std::move(temporary).value()
