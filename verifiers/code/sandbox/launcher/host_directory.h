#pragma once

#include <string>

#include "verifiers/code/sandbox/launcher/enter.h"

namespace cupel::sandbox {

// Tier 2, without mount namespaces: the job's directories are made under /tmp of the host and removed afterwards.
class HostDirectory {
 public:
  // JOB/job with the files of the bundle and JOB/tmp; `owner` -1: the user stays the same.
  bool Make(int bundle, int owner, const JobStart& start);
  const char* job() const { return job_.c_str(); }
  const char* scratch() const { return scratch_.c_str(); }
  // As OpenOutputFile of output_file.h; every process of the job is gone.
  int OpenOutput(const std::string& path) const;
  // However deep the tree and whatever its modes.
  void Remove();

 private:
  std::string path_, job_, scratch_;
};

}  // namespace cupel::sandbox
