#pragma once

#include <cstdint>

// What the keeper (a thread of the program that uses the sandbox), the launcher and the slots say to each other: one plain struct per
// message on a SOCK_SEQPACKET socket, descriptors beside it. All ends are built from the same sources, so the structs have no version.
//
//   keeper --Hello--> launcher            once, with the settings
//   keeper --NewSlot--> launcher          and back: SlotReady with one end of the slot's own socket
//   keeper --JobStart--> slot             with the descriptors in the order of JobDescriptor
//   keeper --JobStop--> slot              a cap was exceeded: end the job
//   slot --JobEnd--> keeper               with the output file's descriptor if there is one

namespace cupel::sandbox {

// Means of confinement that tests leave out one at a time, to show that each is necessary. Only the launcher built for tests reads them.
enum class Control : uint32_t {
  kNetworkNamespace,
  kPidNamespace,
  kSocketFamilies,
  kIoUring,
  kInodes,
  kShmSize,
  kReadOnlyRoot,
  kUid,
  kMemoryGroup,
  kPidsGroup,
  kFileSize,
  kOutputCap,  // of the keeper
  kGroupWait,
  kNoFollow,
  kLandlock,  // not one of the fourteen: it backs several of them, which are shown to be necessary beneath it
};

// Tier of sandbox.h as a number.
inline constexpr int kFullTier = 0;
inline constexpr int kNamespacesTier = 1;
inline constexpr int kNoNamespacesTier = 2;

// kChannelDescriptor and kResultDescriptor of sandbox.h.
inline constexpr int kChannelNumber = 3;
inline constexpr int kResultNumber = 4;

inline constexpr int kErrorTextBytes = 160;

// Why a process of ours could not go on: the call and errno, in words. Empty: it could.
struct Trouble {
  char text[kErrorTextBytes] = {};
};

struct Hello {
  int32_t tier = 0;               // confine to this tier, or report why not
  uint32_t dropped_controls = 0;  // bits of Control
  int64_t fail_at_call = 0;       // launcher built for tests: this call of the operating system fails, counted from 1; 0: none
  int64_t jobs_per_interpreter = 0;
};

enum class LauncherRequest : uint32_t { kNewSlot = 1 };

struct NewSlot {
  LauncherRequest request = LauncherRequest::kNewSlot;
  int32_t slot = 0;
};

struct SlotReady {
  Trouble trouble;  // no descriptor comes with it unless this is empty
};

// How the program of a job comes to run.
enum class Start : uint32_t {
  kPath,        // execve of Bundle::program
  kDescriptor,  // execveat of a descriptor that comes along
  kPython,      // fork of the warm interpreter
};

enum class JobDescriptor : uint32_t { kBundle, kInput, kOutput, kError, kChannel, kResult, kProgram };
inline constexpr int kNumJobDescriptors = 7;
inline constexpr int kMaxDescriptors = 10;  // in one message

struct JobLimits {
  int64_t cpu_ms = 0;
  int64_t wall_ms = 0;
  int64_t memory_bytes = 0;
  int64_t address_space_bytes = 0;  // 0: no such limit
  int64_t stack_bytes = 0;
  int64_t processes = 0;
  int64_t file_bytes = 0;
};

struct JobStart {
  uint32_t magic = 0x4a6f6221;
  Start start = Start::kPath;
  uint8_t has_channels = 0;
  uint8_t is_directory_writable = 0;
  uint8_t has_output_file = 0;
  uint8_t may_start_processes = 1;  // tier 1 and below: otherwise threads only
  JobLimits limits;
};

struct JobStop {
  uint32_t magic = 0x53746f70;
};

enum class Stopped : uint32_t { kNo, kCpu, kWall, kMemory, kAsked };

struct JobEnd {
  Trouble trouble;  // not empty: nothing below counts
  Stopped stopped = Stopped::kNo;
  int32_t wait_status = 0;  // of the program, as waitpid gives it
  int32_t was_out_of_memory = 0;
  int64_t cpu_us = 0;
  int64_t wall_us = 0;
  int64_t peak_bytes = 0;
};

// Slot to its warm interpreter, with the job's descriptors in the order of JobDescriptor (without the program), the pidfd of the job's init
// (unless tier 2) and the report.
struct InterpreterStart {
  JobStart start;
};
struct InterpreterForked {
  Trouble trouble;
  int32_t pid = 0;  // in the slot's process namespace
};
struct InterpreterEnded {
  int32_t wait_status = 0;
  int64_t cpu_us = 0;
  int64_t peak_bytes = 0;
};

// What is common to all jobs of a job's sealed memory file: the header, then `num_strings` strings, each a uint64_t length and the bytes.
// In order: program, driver, entry, output_file, the arguments (with argv[0]), the environment, then for each file its name, its mode
// ("x" executable, "l" a symbolic link, or "") and its bytes or the link's target.
struct BundleHeader {
  uint32_t magic = 0x42756e64;
  uint32_t num_args = 0;
  uint32_t num_environment = 0;
  uint32_t num_files = 0;
};
inline constexpr int kFixedStrings = 4;

}  // namespace cupel::sandbox
