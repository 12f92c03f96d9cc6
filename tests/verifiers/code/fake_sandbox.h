#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "verifiers/code/sandbox/sandbox.h"

// A sandbox that runs nothing: each job gets what a function of the test says. Keeps the jobs, so that a test can look at what entered.

namespace cupel::sandbox {

class FakeSandbox final : public Sandbox {
 public:
  using Answer = std::function<absl::StatusOr<JobResult>(const Job&)>;
  explicit FakeSandbox(Answer answer) : answer_(std::move(answer)) {}

  absl::StatusOr<JobResult> Run(const Job& job) override {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(job);
    return answer_(job);
  }
  absl::StatusOr<Conversation> RunTogether(const Job& first, const Job& second) override {
    CUPEL_ASSIGN_OR_RETURN(JobResult one, Run(first));
    CUPEL_ASSIGN_OR_RETURN(JobResult two, Run(second));
    return Conversation{std::move(one), std::move(two)};
  }
  Tier tier() const override { return Tier::kFull; }
  std::string Description() const override { return "runs nothing"; }

  const std::vector<Job>& jobs() const { return jobs_; }

 private:
  std::mutex mutex_;
  Answer answer_;
  std::vector<Job> jobs_;
};

}  // namespace cupel::sandbox
