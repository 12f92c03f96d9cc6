#include "verifiers/code/sandbox/running_job.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"
#include "verifiers/code/sandbox/launcher/message.h"

namespace cupel::sandbox {
namespace {

static_assert(kChannelDescriptor == kChannelNumber && kResultDescriptor == kResultNumber);

constexpr size_t kReadBytes = 1 << 16;
constexpr int64_t kSlotGraceUs = 30'000'000;  // beyond the job's deadline, for a slot that hangs
// Tier 1 and 2 bound memory by address space x processes; this is the product.
constexpr int64_t kAddressSpaceOfAll = int64_t{4} << 30;
constexpr int64_t kMinimumAddressSpace = int64_t{128} << 20;

int64_t NowUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int64_t WallMs(const Limits& limits) { return limits.wall_ms > 0 ? limits.wall_ms : 3 * limits.cpu_ms + 2000; }

absl::Status SystemError(std::string_view what) {
  const int error = errno;
  return Unavailable("sandbox: {}: {}", what, strerrordesc_np(error) != nullptr ? strerrordesc_np(error) : "unknown error");
}

void Append(std::string& bundle, std::string_view text) {
  const uint64_t length = text.size();
  bundle.append(reinterpret_cast<const char*>(&length), sizeof length);
  bundle.append(text);
  bundle.push_back('\0');
}

}  // namespace

absl::StatusOr<Pipe> MakePipe(bool is_blocking) {
  std::array<int, 2> ends = {-1, -1};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return SystemError("no pipe");
  }
  Pipe pipe = {Descriptor(ends[0]), Descriptor(ends[1])};
  if (!is_blocking && fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
    return SystemError("no pipe");
  }
  return pipe;
}

absl::StatusOr<Descriptor> SealedFile(const char* name, std::string_view bytes) {
  Descriptor file(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  std::string_view rest = bytes;
  while (file.is_open() && !rest.empty()) {
    const ssize_t written = write(file.number(), rest.data(), rest.size());
    if (written < 0) {
      break;
    }
    rest.remove_prefix(static_cast<size_t>(written));
  }
  if (!file.is_open() || !rest.empty() || lseek(file.number(), 0, SEEK_SET) != 0 ||
      fcntl(file.number(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) {
    return SystemError("a file in memory");
  }
  return file;
}

bool CappedReader::Read() {
  std::array<char, kReadBytes> buffer;
  while (pipe_.is_open()) {
    const ssize_t got = read(pipe_.number(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0 && errno == EAGAIN) {
      return true;
    }
    if (got <= 0) {
      break;
    }
    const auto room = static_cast<size_t>(std::max(int64_t{0}, cap_ - std::ssize(bytes_)));
    bytes_.append(buffer.data(), std::min(room, static_cast<size_t>(got)));
    if (static_cast<size_t>(got) > room) {
      is_truncated_ = true;
      break;
    }
  }
  pipe_.Close();
  return false;
}

std::string RunningJob::Bundle() const {
  std::vector<std::string> environment = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "HOME=/tmp", "PYTHONHASHSEED=0"};
  environment.insert(environment.end(), command_.more_environment.begin(), command_.more_environment.end());
  BundleHeader header;
  header.num_args = static_cast<uint32_t>(command_.args.size() + job_.args.size());
  header.num_environment = static_cast<uint32_t>(environment.size());
  header.num_files = static_cast<uint32_t>(job_.files.size() + command_.more_files.size() + command_.links.size());
  std::string bundle(reinterpret_cast<const char*>(&header), sizeof header);
  for (const std::string* text : {&command_.program, &job_.driver, &job_.entry, &job_.output_file}) {
    Append(bundle, *text);
  }
  for (const std::vector<std::string>* list : {&command_.args, &job_.args, const_cast<const std::vector<std::string>*>(&environment)}) {
    for (const std::string& text : *list) {
      Append(bundle, text);
    }
  }
  for (const std::vector<JobFile>* list : {&job_.files, &command_.more_files}) {
    for (const JobFile& file : *list) {
      Append(bundle, file.name);
      Append(bundle, file.is_executable ? "x" : "");
      Append(bundle, file.bytes);
    }
  }
  for (const auto& [name, target] : command_.links) {
    Append(bundle, name);
    Append(bundle, "l");
    Append(bundle, target);
  }
  return bundle;
}

JobLimits RunningJob::SlotLimits() const {
  const Limits& limits = job_.limits;
  JobLimits result;
  result.cpu_ms = limits.cpu_ms;
  result.wall_ms = WallMs(limits);
  result.memory_bytes = limits.memory_bytes;
  result.stack_bytes = limits.stack_bytes;
  result.processes = limits.processes;
  result.file_bytes = limits.file_bytes;
  if (tier_ != Tier::kFull) {
    result.address_space_bytes = std::max({limits.memory_bytes, command_.address_space_bytes, kMinimumAddressSpace});
    result.processes = std::min(limits.processes, std::max(int64_t{2}, kAddressSpaceOfAll / result.address_space_bytes));
    if (command_.is_single_process) {
      result.processes = limits.processes;  // threads, which share the address space
    }
  }
  return result;
}

absl::Status RunningJob::Send(int slot, int program, const Pipes* pipes) {
  CUPEL_ASSIGN_OR_RETURN(const Descriptor bundle, SealedFile("job", Bundle()));
  Descriptor input;
  if (pipes == nullptr) {
    CUPEL_ASSIGN_OR_RETURN(input, SealedFile("input", job_.input));
  }
  std::array<Pipe, 3> outputs;
  const std::array<int64_t, 3> caps = {job_.limits.output_bytes, job_.limits.error_bytes, job_.limits.result_bytes};
  for (size_t i = 0; i < outputs.size(); ++i) {
    const bool is_used = i == 0 ? pipes == nullptr : i == 1 || job_.has_channels;
    if (is_used) {
      CUPEL_ASSIGN_OR_RETURN(outputs[i], MakePipe(false));
      readers_[i] = CappedReader(std::move(outputs[i].read), has_caps_ ? caps[i] : std::numeric_limits<int64_t>::max());
    }
  }
  Descriptor channel;
  std::vector<int> descriptors = {bundle.number(), pipes != nullptr ? pipes->input : input.number(),
                                  pipes != nullptr ? pipes->output : outputs[0].write.number(), outputs[1].write.number()};
  if (job_.has_channels) {
    if (command_.channel < 0) {
      CUPEL_ASSIGN_OR_RETURN(channel, SealedFile("channel", job_.channel_input));
    }
    descriptors.insert(descriptors.end(), {channel.is_open() ? channel.number() : command_.channel, outputs[2].write.number()});
  }
  JobStart start;
  start.start = command_.start;
  if (start.start == Start::kDescriptor) {
    descriptors.push_back(program);
  }
  start.has_channels = job_.has_channels ? 1 : 0;
  start.is_directory_writable = job_.is_directory_writable ? 1 : 0;
  start.has_output_file = job_.output_file.empty() ? 0 : 1;
  start.may_start_processes = tier_ == Tier::kFull || !command_.is_single_process ? 1 : 0;
  start.limits = SlotLimits();
  deadline_us_ = NowUs() + start.limits.wall_ms * 1000 + kSlotGraceUs;
  if (!cupel::sandbox::Send(slot, start, descriptors)) {
    return SystemError("a slot is gone");
  }
  return absl::OkStatus();
}

absl::Status RunningJob::Start(int slot, int program, const Pipes* pipes) {
  slot_ = slot;
  result_.tier = tier_;
  return Send(slot, program, pipes);
}

void RunningJob::AddEvents(std::vector<pollfd>& events) const {
  events.push_back({has_ended_ ? -1 : slot_, POLLIN, 0});
  for (const CappedReader& reader : readers_) {
    events.push_back({has_ended_ ? -1 : reader.number(), POLLIN, 0});
  }
}

absl::Status RunningJob::Handle(std::span<const pollfd> events) {
  if (has_ended_) {
    return absl::OkStatus();
  }
  for (size_t i = 0; i < readers_.size(); ++i) {
    if (events[i + 1].revents != 0) {
      readers_[i].Read();
      if (readers_[i].is_truncated() && !was_asked_to_stop_) {
        was_asked_to_stop_ = true;
        cupel::sandbox::Send(slot_, JobStop{});  // a slot that is gone shows when its answer is read
      }
    }
  }
  return events[0].revents != 0 ? HandleEnd() : absl::OkStatus();
}

absl::Status RunningJob::HandleEnd() {
  JobEnd end;
  std::array<int, kMaxDescriptors> descriptors;
  int count = 0;
  if (!Receive(slot_, end, descriptors, count)) {
    return SystemError("a slot died with its job");
  }
  Descriptor file(count > 0 ? descriptors[0] : -1);
  has_ended_ = true;
  if (end.trouble.text[0] != 0) {
    return Unavailable("sandbox: {}", end.trouble.text);
  }
  ReadRest();
  SetEnding(end);
  return file.is_open() ? ReadOutputFile(std::move(file)) : absl::OkStatus();
}

// Every writer is gone: what the pipes still hold is all there will be.
void RunningJob::ReadRest() {
  for (CappedReader& reader : readers_) {
    reader.Read();
  }
}

absl::Status RunningJob::ReadOutputFile(Descriptor file) {
  struct stat status {};
  if (fstat(file.number(), &status) != 0) {
    return SystemError("the output file");
  }
  result_.output_file.resize(static_cast<size_t>(std::min(int64_t{status.st_size}, job_.limits.file_bytes)));
  size_t at = 0;
  while (at < result_.output_file.size()) {
    const ssize_t got = pread(file.number(), result_.output_file.data() + at, result_.output_file.size() - at, static_cast<off_t>(at));
    if (got <= 0) {
      return SystemError("reading the output file");
    }
    at += static_cast<size_t>(got);
  }
  result_.has_output_file = true;
  return absl::OkStatus();
}

void RunningJob::SetEnding(const JobEnd& end) {
  result_.cpu_ms = end.cpu_us / 1000;
  result_.wall_ms = end.wall_us / 1000;
  result_.peak_kb = end.peak_bytes / 1024;
  result_.exit_code = WIFEXITED(end.wait_status) ? WEXITSTATUS(end.wait_status) : 0;
  result_.signal = WIFSIGNALED(end.wait_status) ? WTERMSIG(end.wait_status) : 0;
  const bool is_truncated = std::ranges::any_of(readers_, &CappedReader::is_truncated);
  if (end.was_out_of_memory != 0 || end.stopped == Stopped::kMemory) {
    result_.ending = Ending::kMemoryLimit;
  } else if (end.stopped == Stopped::kCpu || end.cpu_us > job_.limits.cpu_ms * 1000 || result_.signal == SIGXCPU) {
    result_.ending = Ending::kCpuLimit;
  } else if (end.stopped == Stopped::kWall) {
    result_.ending = Ending::kWallLimit;
  } else if (is_truncated || result_.signal == SIGXFSZ) {
    result_.ending = Ending::kOutputLimit;
  } else {
    result_.ending = result_.signal != 0 ? Ending::kSignalled : Ending::kExited;
  }
}

absl::Status RunningJob::CheckDeadline() const {
  if (has_ended_ || NowUs() < deadline_us_) {
    return absl::OkStatus();
  }
  return Unavailable("sandbox: a slot did not answer within {} s after the deadline of its job", kSlotGraceUs / 1'000'000);
}

JobResult RunningJob::TakeResult() {
  result_.standard_output = readers_[0].Take();
  result_.standard_error = readers_[1].Take();
  result_.result = readers_[2].Take();
  result_.is_output_truncated = readers_[0].is_truncated();
  result_.is_error_truncated = readers_[1].is_truncated();
  result_.is_result_truncated = readers_[2].is_truncated();
  return std::move(result_);
}

absl::Status RunUntilEnd(std::span<RunningJob*> jobs) {
  std::vector<pollfd> events;
  while (!std::ranges::all_of(jobs, &RunningJob::has_ended)) {
    events.clear();
    for (const RunningJob* job : jobs) {
      job->AddEvents(events);
    }
    if (poll(events.data(), events.size(), 1000) < 0 && errno != EINTR) {
      return SystemError("poll");
    }
    const size_t per_job = events.size() / jobs.size();
    for (size_t i = 0; i < jobs.size(); ++i) {
      CUPEL_RETURN_IF_ERROR(jobs[i]->Handle(std::span(events).subspan(i * per_job, per_job)));
      CUPEL_RETURN_IF_ERROR(jobs[i]->CheckDeadline());
    }
  }
  return absl::OkStatus();
}

}  // namespace cupel::sandbox
