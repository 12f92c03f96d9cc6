#include "tests/rollout/test_disk.h"

#include <algorithm>
#include <deque>
#include <new>
#include <optional>
#include <signal.h>
#include <string_view>
#include <unistd.h>

#include <sqlite3.h>

#include "base/check.h"

namespace cupel {

struct TestDisk::State {
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  std::deque<std::string> paths;  // at fixed addresses, which open files refer to
  std::vector<Operation> operations;
  int64_t num_calls = 0;
  int64_t failing_call = 0;
  Fault fault = Fault::kNone;

  // The code with which the call that is about to be made must fail, or SQLITE_OK.
  int NextCall(int error_code) {
    ++num_calls;
    if (fault == Fault::kNone || num_calls < failing_call) {
      return SQLITE_OK;
    }
    if (fault == Fault::kKill) {
      kill(getpid(), SIGKILL);
    }
    if (fault == Fault::kFull) {
      return error_code == SQLITE_IOERR_WRITE ? SQLITE_FULL : SQLITE_OK;
    }
    return error_code;
  }
};

namespace {

constexpr int kPagesPerCheckpoint = 24;

// An open file: SQLite's part first, then ours, then the real file.
struct DiskFile {
  sqlite3_file base;
  TestDisk::State* disk;
  const std::string* path;

  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

DiskFile* Ours(sqlite3_file* file) { return reinterpret_cast<DiskFile*>(file); }

sqlite3_file* Real(sqlite3_file* file) { return Ours(file)->real(); }

int Write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  TestDisk::State& disk = *Ours(file)->disk;
  if (const int code = disk.NextCall(SQLITE_IOERR_WRITE); code != SQLITE_OK) {
    return code;
  }
  disk.operations.push_back({TestDisk::Operation::Kind::kWrite, *Ours(file)->path, offset,
                             std::string(static_cast<const char*>(data), static_cast<size_t>(size))});
  return Real(file)->pMethods->xWrite(Real(file), data, size, offset);
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  TestDisk::State& disk = *Ours(file)->disk;
  if (const int code = disk.NextCall(SQLITE_IOERR_TRUNCATE); code != SQLITE_OK) {
    return code;
  }
  disk.operations.push_back({TestDisk::Operation::Kind::kTruncate, *Ours(file)->path, size, ""});
  return Real(file)->pMethods->xTruncate(Real(file), size);
}

// The real sync is left out: these tests read files back through the same kernel, and only the record says what is durable.
int Sync(sqlite3_file* file, int /*flags*/) {
  TestDisk::State& disk = *Ours(file)->disk;
  if (const int code = disk.NextCall(SQLITE_IOERR_FSYNC); code != SQLITE_OK) {
    return code;
  }
  disk.operations.push_back({TestDisk::Operation::Kind::kSync, *Ours(file)->path, 0, ""});
  return SQLITE_OK;
}

// The rest passes through.
int Close(sqlite3_file* f) { return Real(f)->pMethods->xClose(Real(f)); }
int Read(sqlite3_file* f, void* data, int size, sqlite3_int64 at) { return Real(f)->pMethods->xRead(Real(f), data, size, at); }
int FileSize(sqlite3_file* f, sqlite3_int64* size) { return Real(f)->pMethods->xFileSize(Real(f), size); }
int Lock(sqlite3_file* f, int level) { return Real(f)->pMethods->xLock(Real(f), level); }
int Unlock(sqlite3_file* f, int level) { return Real(f)->pMethods->xUnlock(Real(f), level); }
int CheckReserved(sqlite3_file* f, int* result) { return Real(f)->pMethods->xCheckReservedLock(Real(f), result); }
int FileControl(sqlite3_file* f, int op, void* arg) { return Real(f)->pMethods->xFileControl(Real(f), op, arg); }
int SectorSize(sqlite3_file* f) { return Real(f)->pMethods->xSectorSize(Real(f)); }
int Characteristics(sqlite3_file* f) { return Real(f)->pMethods->xDeviceCharacteristics(Real(f)); }
int ShmMap(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return Real(f)->pMethods->xShmMap(Real(f), page, size, extend, out);
}
int ShmLock(sqlite3_file* f, int at, int n, int flags) { return Real(f)->pMethods->xShmLock(Real(f), at, n, flags); }
void ShmBarrier(sqlite3_file* f) { Real(f)->pMethods->xShmBarrier(Real(f)); }
int ShmUnmap(sqlite3_file* f, int remove) { return Real(f)->pMethods->xShmUnmap(Real(f), remove); }

constexpr sqlite3_io_methods kMethods = {2,        Close,         Read,        Write,      Truncate,        Sync,   FileSize, Lock,
                                         Unlock,   CheckReserved, FileControl, SectorSize, Characteristics, ShmMap, ShmLock,  ShmBarrier,
                                         ShmUnmap, nullptr,       nullptr};

int OpenFile(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  TestDisk::State& disk = *static_cast<TestDisk::State*>(vfs->pAppData);
  auto* ours = new (file) DiskFile{{nullptr}, &disk, &disk.paths.emplace_back(name == nullptr ? "" : name)};
  const int code = disk.real->xOpen(disk.real, name, ours->real(), flags, flags_out);
  ours->base.pMethods = ours->real()->pMethods == nullptr ? nullptr : &kMethods;
  return code;
}

int CheckpointOften(sqlite3* db, const char** /*message*/, const sqlite3_api_routines* /*api*/) {
  return sqlite3_wal_autocheckpoint(db, kPagesPerCheckpoint);
}

// sqlite3_auto_extension takes a function of no arguments by its own convention.
void (*CheckpointOftenEntry())(void) { return reinterpret_cast<void (*)(void)>(&CheckpointOften); }

void Apply(const TestDisk::Operation& operation, size_t num_bytes, std::string& contents) {
  const auto offset = static_cast<size_t>(operation.offset);
  if (operation.kind == TestDisk::Operation::Kind::kTruncate) {
    contents.resize(offset);
  } else {
    contents.resize(std::max(contents.size(), offset + num_bytes));
    contents.replace(offset, num_bytes, operation.bytes, 0, num_bytes);
  }
}

// How many bytes of an operation that was not synced survive; nullopt when it is lost altogether.
std::optional<size_t> SurvivingBytes(const TestDisk::Operation& operation, RandomStream& random) {
  if (random.Below(2) == 0) {
    return std::nullopt;
  }
  return random.Below(5) == 0 ? random.Below(operation.bytes.size() / 512 + 1) * 512 : operation.bytes.size();
}

}  // namespace

TestDisk::TestDisk() : state_(std::make_unique<State>()) {
  state_->real = sqlite3_vfs_find(nullptr);
  Check(state_->real != nullptr, "SQLite has a default VFS");
  state_->vfs = *state_->real;
  state_->vfs.zName = "cupel-test-disk";
  state_->vfs.szOsFile = static_cast<int>(sizeof(DiskFile)) + state_->real->szOsFile;
  state_->vfs.pAppData = state_.get();
  state_->vfs.xOpen = OpenFile;
  sqlite3_vfs_register(&state_->vfs, 1);
  sqlite3_auto_extension(CheckpointOftenEntry());
}

TestDisk::~TestDisk() {
  sqlite3_cancel_auto_extension(CheckpointOftenEntry());
  sqlite3_vfs_unregister(&state_->vfs);
  sqlite3_vfs_register(state_->real, 1);
}

void TestDisk::FailFrom(int64_t call, Fault fault) {
  state_->num_calls = 0;
  state_->failing_call = call;
  state_->fault = fault;
}

int64_t TestDisk::num_calls() const { return state_->num_calls; }

const std::vector<TestDisk::Operation>& TestDisk::operations() const { return state_->operations; }

DiskImage AfterPowerCut(const DiskImage& before, const std::vector<TestDisk::Operation>& operations, size_t num_operations,
                        RandomStream& random) {
  std::map<std::string_view, size_t> last_sync;  // by path
  for (size_t i = 0; i < num_operations; ++i) {
    if (operations[i].kind == TestDisk::Operation::Kind::kSync) {
      last_sync[operations[i].path] = i;
    }
  }
  DiskImage image = before;
  for (size_t i = 0; i < num_operations; ++i) {
    const TestDisk::Operation& operation = operations[i];
    if (operation.kind == TestDisk::Operation::Kind::kSync) {
      continue;
    }
    const auto sync = last_sync.find(operation.path);
    const bool is_durable = sync != last_sync.end() && i < sync->second;
    const std::optional<size_t> num_bytes = is_durable ? operation.bytes.size() : SurvivingBytes(operation, random);
    if (num_bytes) {
      Apply(operation, *num_bytes, image[operation.path]);
    }
  }
  return image;
}

}  // namespace cupel
