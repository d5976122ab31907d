// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/file_watch.h"

#include <sys/stat.h>

#include <utility>

namespace waybill::outputs::http {

FileWatch::FileWatch(std::vector<std::string> paths) {
  for (std::string& path : paths) {
    Seen seen = look(path);
    files_.push_back({std::move(path), seen});
  }
}

bool FileWatch::changed() {
  bool any = false;
  for (File& file : files_) {
    Seen now = look(file.path);
    any |= std::exchange(file.seen, now) != now;
  }
  return any;
}

FileWatch::Seen FileWatch::look(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return {};
  return {static_cast<uint64_t>(status.st_ino), static_cast<int64_t>(status.st_size),
          static_cast<int64_t>(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec};
}

}  // namespace waybill::outputs::http
