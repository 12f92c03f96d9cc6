#include "tests/testing/process.h"

#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>

#include "base/check.h"
#include "base/file.h"
#include "tests/testing/temp_dir.h"

namespace cupel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kDeadline{10};
constexpr std::chrono::milliseconds kPollInterval{2};

// Standard streams as files: nothing has to be read while the child runs, so no pipe can fill up.
class Streams {
 public:
  explicit Streams(const std::string& input) { Check(WriteFileAtomically(folder_.File("in"), input).ok(), "the input can be stored"); }

  void Apply(posix_spawn_file_actions_t* actions) const {
    posix_spawn_file_actions_addopen(actions, 0, folder_.File("in").c_str(), O_RDONLY, 0);
    posix_spawn_file_actions_addopen(actions, 1, folder_.File("out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(actions, 2, folder_.File("err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  }
  std::string Read(const std::string& name) const { return ReadFile(folder_.File(name)).value(); }

 private:
  TempDir folder_;
};

// As posix_spawn wants them: with a null at the end.
std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) {
    pointers.push_back(const_cast<char*>(text.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

pid_t Spawn(const ProcessRequest& request, const Streams& streams) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  streams.Apply(&actions);
  if (!request.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions, request.directory.c_str());
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t defaults;
  sigemptyset(&none);
  sigfillset(&defaults);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const std::vector<char*> arguments = Pointers(request.arguments);
  std::vector<char*> environment = Pointers(request.environment);
  environment.pop_back();
  for (char** variable = environ; *variable != nullptr; ++variable) {
    environment.push_back(*variable);
  }
  environment.push_back(nullptr);
  pid_t pid = -1;
  const int error = posix_spawn(&pid, arguments[0], &actions, &attributes, arguments.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  Check(error == 0, "the program can be started");
  return pid;
}

// The wait status of the child, which gets its signal when its time comes.
int Wait(pid_t pid, const ProcessRequest& request) {
  const Clock::time_point start = Clock::now();
  bool is_signalled = request.kill_after.count() < 0;
  int status = 0;
  while (waitpid(pid, &status, WNOHANG) == 0) {
    const auto elapsed = Clock::now() - start;
    if (!is_signalled && elapsed >= request.kill_after) {
      is_signalled = true;
      kill(pid, request.kill_signal);
    }
    if (elapsed > kDeadline) {
      kill(pid, SIGKILL);
      waitpid(pid, &status, 0);
      Check(false, "the program ends within ten minutes");
    }
    std::this_thread::sleep_for(kPollInterval);
  }
  return status;
}

}  // namespace

ProcessResult RunProcess(const ProcessRequest& request) {
  Check(!request.arguments.empty(), "a program is named");
  const Streams streams(request.input);
  const int status = Wait(Spawn(request, streams), request);
  ProcessResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  result.out = streams.Read("out");
  result.err = streams.Read("err");
  return result;
}

}  // namespace cupel
