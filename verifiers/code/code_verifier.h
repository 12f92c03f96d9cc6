#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "verifiers/code/judge/report.h"
#include "verifiers/code/sandbox/sandbox.h"
#include "verifiers/verifier.h"

namespace cupel::code {

// What a text scored, with the report behind it.
struct Judgement {
  Verdict verdict;
  Report report;
};

// Judges programs in the text of a model by the tests of its task (Task::metadata: formats/formats.h). Thread-safe.
//
// The sandbox is opened at the first program that is judged and stays until the verifier goes; it is the only state, and no verdict depends
// on it: a sandbox that cannot be opened makes every verdict an error that says why.
class CodeVerifier final : public Verifier {
 public:
  explicit CodeVerifier(const sandbox::Config& config);
  explicit CodeVerifier(std::unique_ptr<sandbox::Sandbox> sandbox);  // an open one, or a fake
  ~CodeVerifier() override;

  std::string_view name() const override { return "code"; }
  int version() const override { return 1; }
  Verdict Verify(const Task& task, std::string_view answer) const override;
  absl::Status CheckGold(const Task& task) const override;

  Judgement Judge(const Task& task, std::string_view answer) const;
  // Opens the sandbox now, for programs that would rather fail early.
  absl::Status Open() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cupel::code
