#include "verifiers/code/sandbox/launcher/host_directory.h"

#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verifiers/code/sandbox/launcher/output_file.h"
#include "verifiers/code/sandbox/launcher/root.h"

namespace cupel::sandbox {
namespace {

// Calls `visit` with every name in the directory.
template <class Visit>
void ForEachName(int directory, const Visit& visit) {
  DIR* stream = fdopendir(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (stream == nullptr) {
    return;
  }
  while (const dirent* entry = readdir(stream)) {
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0) {
      visit(entry->d_name);
    }
  }
  closedir(stream);
}

bool RemoveSimple(int directory, const char* name) {
  return unlinkat(directory, name, 0) == 0 || unlinkat(directory, name, AT_REMOVEDIR) == 0;
}

int OpenDirectory(int parent, const char* name) {
  constexpr int kFlags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const int place = openat(parent, name, O_PATH | kFlags);
  if (place >= 0) {
    // Fails for what belongs to another user; then opening it fails too.
    [[maybe_unused]] const int result = fchmodat(parent, name, 0700, 0);
    close(place);
  }
  return openat(parent, name, O_RDONLY | kFlags);
}

// Removes the directory `name` of `top`; what directories it holds are moved into `top` first, so that depth costs no recursion.
void Flatten(int top, const char* name, int64_t& counter) {
  const int directory = OpenDirectory(top, name);
  if (directory < 0) {
    return;
  }
  ForEachName(directory, [&](const char* inner) {
    if (!RemoveSimple(directory, inner)) {
      const std::string moved = "moved." + std::to_string(++counter);
      const int opened = OpenDirectory(directory, inner);  // which makes it movable
      renameat(directory, inner, top, moved.c_str());
      close(opened);
    }
  });
  close(directory);
  unlinkat(top, name, AT_REMOVEDIR);
}

}  // namespace

bool HostDirectory::Make(int bundle, int owner, const JobStart& start) {
  char path[] = "/tmp/cupel-job-XXXXXX";
  if (mkdtemp(path) == nullptr) {
    return Note("mkdtemp for the job", errno);
  }
  path_ = path;
  job_ = path_ + "/job";
  scratch_ = path_ + "/tmp";
  const bool is_writable = start.is_directory_writable != 0;
  const auto id = static_cast<uid_t>(owner);
  const bool is_made =
      Does("mkdir for the job", mkdir, job_.c_str(), mode_t{0755}) && Does("mkdir for the job", mkdir, scratch_.c_str(), mode_t{0777}) &&
      Does("chmod for the job", chmod, path_.c_str(), mode_t{0711}) && WriteJobFiles(bundle, job_.c_str(), is_writable ? owner : -1);
  if (!is_made || owner < 0) {
    return is_made;
  }
  return Does("chown for the job", chown, scratch_.c_str(), id, gid_t{id}) &&
         (!is_writable || Does("chown for the job", chown, job_.c_str(), id, gid_t{id}));
}

int HostDirectory::OpenOutput(const std::string& path) const {
  const bool is_scratch = path.starts_with("/tmp/");
  return OpenRegularFile(is_scratch ? scratch_.c_str() : job_.c_str(), is_scratch ? path.substr(5) : path);
}

void HostDirectory::Remove() {
  if (path_.empty()) {
    return;
  }
  const int top = OpenDirectory(AT_FDCWD, path_.c_str());
  int64_t counter = 0;
  for (bool has_left = top >= 0; has_left;) {
    has_left = false;
    const int64_t before = counter;
    ForEachName(top, [&](const char* name) {
      if (!RemoveSimple(top, name)) {
        has_left = true;
        Flatten(top, name, counter);
      }
    });
    if (counter == before && has_left && rmdir(path_.c_str()) != 0 && errno == ENOTEMPTY) {
      has_left = counter != before;
    }
  }
  close(top);
  rmdir(path_.c_str());
  path_.clear();
}

}  // namespace cupel::sandbox
