#pragma once

#include <string_view>

namespace cupel::sandbox {

// The file that a job was asked to leave, opened for reading: inside the job's mounts, after every process of the job but its init is gone,
// below the directory named first in the path and through no symbolic link, and only if it is a regular file. -1 when there is no such
// file, with trouble noted only if the asking itself failed.
int OpenOutputFile(int init, std::string_view path);

// The part of it that opens a file below a directory.
int OpenRegularFile(const char* directory, std::string_view name);

}  // namespace cupel::sandbox
