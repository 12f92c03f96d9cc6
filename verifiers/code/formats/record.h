#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "base/json.h"
#include "verifiers/code/judge/problem.h"

// What the readers of formats share. Internal to formats/.

namespace cupel::code {

// The member as text, or an error that names it.
absl::StatusOr<std::string> TextField(const Json& record, std::string_view key);
// The member as text; `fallback` when it is missing or null.
absl::StatusOr<std::string> TextField(const Json& record, std::string_view key, std::string_view fallback);
// A number that is positive; nullopt when missing or null.
absl::StatusOr<std::optional<double>> PositiveField(const Json& record, std::string_view key);
// The member, which must be an array; null when missing.
absl::StatusOr<const Json*> ArrayField(const Json& record, std::string_view key);
// A member that is an object or array, or a string that holds one as JSON.
absl::StatusOr<Json> NestedField(const Json& record, std::string_view key);

absl::StatusOr<sandbox::Language> LanguageOf(std::string_view name);

// A parsed JSON value as plain data.
Value ValueOf(const Json& json);

// Sets the time limit of a test in seconds and its memory.
void SetLimits(Problem& problem, std::optional<double> seconds, std::optional<double> megabytes);

// "inputs" and "outputs" of equal length: calls when there is a function, else runs (APPS, TACO, verl, LiveCodeBench).
absl::Status AddInputsOutputs(const Json& object, Problem& problem);
// One functional test in the notation of LiveCodeBench: a line of JSON per argument, one JSON value as result.
absl::Status AddJsonCall(std::string id, std::string_view function, std::string_view input, std::string_view output, Problem& problem);
// Assertions in Python: calls if every one is plain, else tests that are run.
void AddAssertions(const std::vector<std::string>& assertions, std::string_view setup, Problem& problem);

// The readers, one per format.
absl::StatusOr<Problem> ReadHumanEval(const Json& record);
absl::StatusOr<Problem> ReadMbpp(const Json& record);
absl::StatusOr<Problem> ReadApps(const Json& record);
absl::StatusOr<Problem> ReadCodeContests(const Json& record);
absl::StatusOr<Problem> ReadLiveCodeBench(const Json& record);
absl::StatusOr<Problem> ReadVerl(const Json& record);
absl::StatusOr<Problem> ReadOpenR1(const Json& record);
absl::StatusOr<Problem> ReadIoi(const Json& record);  // the records of format open-r1 that have "grader_files"
absl::StatusOr<Problem> ReadCall(const Json& record);
absl::StatusOr<Problem> ReadStdio(const Json& record);
absl::StatusOr<Problem> ReadSwe(const Json& record);
absl::StatusOr<Problem> ReadPytest(const Json& record);

// Task options over what the record says.
absl::Status ApplyOptions(const Json& options, Problem& problem);

}  // namespace cupel::code
