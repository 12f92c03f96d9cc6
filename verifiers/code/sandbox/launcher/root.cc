#include "verifiers/code/sandbox/launcher/root.h"

#include <fcntl.h>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "verifiers/code/sandbox/launcher/bundle.h"
#include "verifiers/code/sandbox/launcher/embedded.h"

namespace cupel::sandbox {
namespace {

constexpr const char* kNewRoot = "/tmp";
constexpr unsigned long kQuiet = MS_NOSUID | MS_NODEV;

bool Mount(const char* name, const char* source, const char* target, const char* type, unsigned long flags, const char* options) {
  return Does(name, mount, source, target, type, flags, static_cast<const void*>(options));
}

bool SetFlags(const char* path, uint64_t flags, bool is_recursive) {
  mount_attr attributes{};
  attributes.attr_set = flags;
  return Does("mount_setattr", mount_setattr, AT_FDCWD, path, is_recursive ? unsigned{AT_RECURSIVE} : 0U, &attributes, sizeof attributes);
}

bool MakeDirectory(const std::string& path, mode_t mode = 0755) {
  return mkdir(path.c_str(), mode) == 0 || errno == EEXIST || Note("mkdir in the new root", errno);
}

bool WriteFile(const std::string& path, std::string_view bytes, mode_t mode) {
  const int file = Call("open of a file of the job", open, path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (file < 0) {
    return false;
  }
  bool is_written = true;
  while (is_written && !bytes.empty()) {
    const ssize_t count = Call("write of a file of the job", write, file, static_cast<const void*>(bytes.data()), bytes.size());
    is_written = count > 0;
    bytes.remove_prefix(is_written ? static_cast<size_t>(count) : 0);
  }
  close(file);
  return is_written;
}

// Binds a directory or file of the host, which may be missing; a symbolic link is made again.
bool Bind(const std::string& path, uint64_t flags) {
  const std::string target = kNewRoot + path;
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    return true;
  }
  if (S_ISLNK(status.st_mode)) {
    char text[4096] = {};
    return Does("readlink", readlink, path.c_str(), static_cast<char*>(text), sizeof text - 1) &&
           Does("symlink", symlink, static_cast<const char*>(text), target.c_str());
  }
  const bool has_target = S_ISDIR(status.st_mode) ? MakeDirectory(target) : WriteFile(target, "", 0644);
  return has_target && Mount("bind of a system directory", path.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) &&
         (flags == 0 || SetFlags(target.c_str(), flags, true));
}

bool BindSystem() {
  constexpr uint64_t kReadOnly = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  for (const char* path : {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/ld.so.cache", "/etc/alternatives"}) {
    if (!Bind(path, kReadOnly)) {
      return false;
    }
  }
  for (const char* path : {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"}) {
    if (!Bind(path, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)) {
      return false;
    }
  }
  return true;
}

bool FillRoot() {
  const std::string root = kNewRoot;
  for (const char* path : {"/etc", "/dev", "/dev/shm", "/tmp", "/job", "/proc", "/.proc", "/cupel"}) {
    if (!MakeDirectory(root + path)) {
      return false;
    }
  }
  constexpr const char* kLinks[][2] = {{"/proc/self/fd", "/dev/fd"},
                                       {"/proc/self/fd/0", "/dev/stdin"},
                                       {"/proc/self/fd/1", "/dev/stdout"},
                                       {"/proc/self/fd/2", "/dev/stderr"}};
  for (const auto& [target, path] : kLinks) {
    if (!Does("symlink in /dev", symlink, target, (root + path).c_str())) {
      return false;
    }
  }
  return WriteFile(root + "/etc/passwd", "root:x:0:0::/tmp:/bin/sh\nprogram:x:1:1::/tmp:/bin/sh\n", 0644) &&
         WriteFile(root + "/etc/group", "root:x:0:\nprogram:x:1:\n", 0644) &&
         WriteFile(root + "/cupel/interpreter.so", InterpreterObject(), 0755) &&
         WriteFile(root + "/cupel/interpreter.py", InterpreterScript(), 0644) && BindSystem();
}

bool EnterRoot() {
  return Does("chdir to the new root", chdir, kNewRoot) && Does("pivot_root", syscall, long{SYS_pivot_root}, ".", ".") &&
         Does("umount of the old root", umount2, ".", MNT_DETACH) && Does("chdir to /", chdir, "/") &&
         (IsDropped(Control::kReadOnlyRoot) || SetFlags("/", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false));
}

bool MountTemporary(const char* path, int64_t bytes, int inodes, int mode, unsigned long flags, int owner) {
  char options[160];
  const int id = owner > 0 ? owner : 0;
  if (IsDropped(Control::kInodes)) {
    inodes = 0;  // no limit
  }
  std::snprintf(options, sizeof options, "size=%lld,nr_inodes=%d,mode=%o,uid=%d,gid=%d", static_cast<long long>(bytes), inodes,
                static_cast<unsigned>(mode), id, id);
  return Mount("mount of a tmpfs for the job", "tmpfs", path, "tmpfs", kQuiet | flags, options);
}

int64_t TotalBytes(int bundle) {
  struct stat status {};
  return fstat(bundle, &status) == 0 ? status.st_size : 0;
}

}  // namespace

bool BuildRoot(bool& has_proc) {
  if (!Mount("making mounts private", nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) ||
      !Mount("mount of the new root", "tmpfs", kNewRoot, "tmpfs", kQuiet, "size=1m,nr_inodes=256,mode=0755") || !FillRoot()) {
    return false;
  }
  has_proc = mount("proc", "/tmp/.proc", "proc", kQuiet | MS_NOEXEC, nullptr) == 0;
  return EnterRoot();
}

bool WriteJobFiles(int bundle, const char* directory, int owner) {
  BundleReader reader;
  if (!reader.Open(bundle)) {
    return false;
  }
  reader.Skip(kFixedStrings + reader.header().num_args + reader.header().num_environment);
  for (uint32_t i = 0; i < reader.header().num_files; ++i) {
    const std::string name(reader.Next());
    const std::string_view kind = reader.Next();
    const std::string_view bytes = reader.Next();
    for (size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
      if (!MakeDirectory(std::string(directory) + "/" + name.substr(0, slash), owner >= 0 ? 0777 : 0755)) {
        return false;
      }
    }
    const std::string path = std::string(directory) + "/" + name;
    if (kind == "l") {
      if (!Does("symlink in the job", symlink, bytes.data(), path.c_str())) {
        return false;
      }
      continue;
    }
    if (!WriteFile(path, bytes, kind == "x" ? 0755 : 0644) ||
        (owner >= 0 && chown(path.c_str(), static_cast<uid_t>(owner), static_cast<gid_t>(owner)) != 0)) {
      return Note("chown of a file of the job", errno);
    }
  }
  return true;
}

bool MountJob(const SlotContext& context, const JobStart& start, int bundle) {
  umask(0);
  const int owner = context.payload_id;
  const bool is_writable = start.is_directory_writable != 0;
  if (context.has_proc != 0 &&
      (!Mount("mount of the job's /proc", "proc", "/proc", "proc", kQuiet | MS_NOEXEC | MS_RDONLY, "subset=pid,hidepid=invisible") ||
       !Does("umount of the slot's /proc", umount2, "/.proc", MNT_DETACH))) {
    return false;
  }
  const int64_t job_bytes = TotalBytes(bundle) + (64 << 10) + (is_writable ? start.limits.file_bytes : 0);
  const int64_t shm_bytes = IsDropped(Control::kShmSize) ? int64_t{1} << 40 : 1 << 20;
  return MountTemporary("/tmp", start.limits.file_bytes, 4096, 01777, MS_NOEXEC, owner) &&
         MountTemporary("/dev/shm", shm_bytes, 64, 01777, MS_NOEXEC, owner) &&
         MountTemporary("/job", job_bytes, 4096, is_writable ? 01777 : 0755, 0, is_writable ? owner : 0) &&
         WriteJobFiles(bundle, "/job", is_writable ? owner : -1) &&
         (is_writable || SetFlags("/job", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, false)) &&
         Does("sethostname", sethostname, "cupel", size_t{5});
}

}  // namespace cupel::sandbox
