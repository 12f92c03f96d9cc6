#include "verifiers/code/judge/swe/build.h"

#include "base/file.h"
#include "base/status.h"

namespace cupel::code {
namespace {

constexpr std::string_view kNinjaFile = "build.ninja";
constexpr std::string_view kCMakeFile = "CMakeLists.txt";
constexpr int64_t kMiB = int64_t{1} << 20;

absl::Status CheckTool(const char* program, std::string_view package) {
  return Exists(program) ? absl::OkStatus()
                         : NotFound("{} is not there, so the project cannot be built: apt-get install {}", program, package);
}

sandbox::Job BuildJob(const Project& project, bool uses_cmake, sandbox::Tier tier) {
  // Without control groups memory is address space times processes, and a build is a chain of processes.
  const bool is_wide = tier == sandbox::Tier::kFull;
  sandbox::Job job;
  job.language = sandbox::Language::kNative;
  job.entry = "/bin/sh";
  const std::string ninja = fmt::format("exec ninja -j {} {}program", is_wide ? 2 : 1, uses_cmake ? "-C build " : "");
  job.args = {"-c", uses_cmake ? "cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null && " + ninja : ninja};
  job.is_directory_writable = true;
  job.output_file = uses_cmake ? "build/program" : "program";
  job.limits = {.cpu_ms = 60'000, .memory_bytes = (is_wide ? 1024 : 448) * kMiB, .file_bytes = 64 * kMiB};
  for (const auto& [path, text] : project) {
    job.files.push_back({path, text, false});
  }
  return job;
}

// What a compiler says is on standard output of ninja, and long; its first complaint is what a reader wants.
std::string FirstComplaint(const sandbox::JobResult& result) {
  const std::string words = result.standard_output + result.standard_error;
  const size_t error = words.find("error");
  const size_t begin = error == std::string::npos ? 0 : words.rfind('\n', error) + 1;
  return words.substr(begin, std::min<size_t>(words.find('\n', begin) - begin, 200));
}

}  // namespace

bool HasOwnBuild(const Project& project) { return project.contains(std::string(kNinjaFile)) || project.contains(std::string(kCMakeFile)); }

absl::StatusOr<BuiltProgram> BuildProject(sandbox::Sandbox& sandbox, const Project& project) {
  const bool uses_cmake = !project.contains(std::string(kNinjaFile));
  CUPEL_RETURN_IF_ERROR(CheckTool("/usr/bin/ninja", "ninja-build"));
  if (uses_cmake) {
    CUPEL_RETURN_IF_ERROR(CheckTool("/usr/bin/cmake", "cmake"));
  }
  CUPEL_ASSIGN_OR_RETURN(sandbox::JobResult result, sandbox.Run(BuildJob(project, uses_cmake, sandbox.tier())));
  BuiltProgram built;
  if (result.ending != sandbox::Ending::kExited || result.exit_code != 0) {
    built.mark = Mark::kCompile;
    built.detail = fmt::format("the project does not build ({}): {}", sandbox::EndingName(result.ending), FirstComplaint(result));
    return built;
  }
  if (!result.has_output_file) {
    return InvalidArgument("the build of the task makes no \"program\"");
  }
  built.program = std::move(result.output_file);
  return built;
}

}  // namespace cupel::code
