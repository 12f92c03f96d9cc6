#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "verifiers/code/sandbox/descriptor.h"
#include "verifiers/code/sandbox/language.h"
#include "verifiers/code/sandbox/launcher/protocol.h"

struct pollfd;

namespace cupel::sandbox {

// A file in memory with these bytes that nobody can change any more.
absl::StatusOr<Descriptor> SealedFile(const char* name, std::string_view bytes);

// What a pipe brought, up to a cap.
class CappedReader {
 public:
  CappedReader() = default;
  CappedReader(Descriptor pipe, int64_t cap) : pipe_(std::move(pipe)), cap_(cap) {}
  // Reads what is there. False once there was more than the cap, or the other side has closed.
  bool Read();
  bool is_open() const { return pipe_.is_open(); }
  bool is_truncated() const { return is_truncated_; }
  int number() const { return pipe_.number(); }
  std::string Take() { return std::move(bytes_); }

 private:
  Descriptor pipe_;
  int64_t cap_ = 0;
  std::string bytes_;
  bool is_truncated_ = false;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};
// `is_blocking` is for an end that a program reads.
absl::StatusOr<Pipe> MakePipe(bool is_blocking);

// Where standard input comes from and standard output goes to when another job is at the other end.
struct Pipes {
  int input = -1;
  int output = -1;
};

// One job in one slot, from its message to its result. The descriptors of the job are closed here as soon as they are sent.
class RunningJob {
 public:
  // `has_caps` false, for tests: output is read without end.
  RunningJob(const Job& job, const Command& command, Tier tier, bool has_caps)
      : job_(job), command_(command), tier_(tier), has_caps_(has_caps) {}

  // Sends the job to the slot; `program` is the executable for Start::kDescriptor.
  absl::Status Start(int slot, int program, const Pipes* pipes);
  // What to wait for; appended to `events` in the order in which Handle reads them.
  void AddEvents(std::vector<pollfd>& events) const;
  absl::Status Handle(std::span<const pollfd> events);
  // The slot has not answered by now: it is broken.
  absl::Status CheckDeadline() const;
  bool has_ended() const { return has_ended_; }
  JobResult TakeResult();

 private:
  absl::Status Send(int slot, int program, const Pipes* pipes);
  std::string Bundle() const;
  JobLimits SlotLimits() const;
  absl::Status HandleEnd();
  void ReadRest();
  absl::Status ReadOutputFile(Descriptor file);
  void SetEnding(const JobEnd& end);

  const Job& job_;
  const Command& command_;
  Tier tier_;
  bool has_caps_;
  int slot_ = -1;
  std::array<CappedReader, 3> readers_;  // standard output, standard error, result
  bool was_asked_to_stop_ = false;
  bool has_ended_ = false;
  int64_t deadline_us_ = 0;
  JobResult result_;
};

// Until all of `jobs` have ended.
absl::Status RunUntilEnd(std::span<RunningJob*> jobs);

}  // namespace cupel::sandbox
