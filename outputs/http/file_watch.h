// SPDX-License-Identifier: Apache-2.0
// FileWatch: whether files have been written, or replaced, since somebody looked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace waybill::outputs::http {

// Links are followed, as what renews secrets (Kubernetes, certbot) swaps them. One thread.
class FileWatch {
 public:
  explicit FileWatch(std::vector<std::string> paths);

  bool empty() const { return files_.empty(); }
  // Whether any of them is another one than at the last call, or at the making of this. One stat()
  // per file.
  bool changed();

 private:
  struct Seen {
    uint64_t inode = 0;
    int64_t size = -1;  // -1: not there
    int64_t time_ns = 0;
    bool operator==(const Seen&) const = default;
  };
  static Seen look(const std::string& path);
  struct File {
    std::string path;
    Seen seen;
  };
  std::vector<File> files_;
};

}  // namespace waybill::outputs::http
