// SPDX-License-Identifier: Apache-2.0
// GlobScan: which paths match a list of globs right now.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace waybill::inputs::file {

// Whether the patterns would find a file at `path`, if it were there. What is relative starts at
// the working directory, and `..` is taken as it is written: links are not looked at.
bool selected(const std::vector<std::string>& include, const std::vector<std::string>& exclude,
              const std::string& path);

// `*`, `?` and `[…]` match within one component as fnmatch(3) does, and no leading dot; `**` as a
// whole component matches any number of folders, without following symlinks. An exclude without
// a slash is held to the file's name alone, and with `**` it matches at any depth. Relative globs
// start at the working directory, except excludes that begin with `**`.
//
// Scanned every second, so a folder is read again only when its modification time says that it
// changed, or after 10 s (clocks and caches of network file systems). Main thread only.
class GlobScan {
 public:
  GlobScan(std::vector<std::string> include, std::vector<std::string> exclude);

  // Sorted, each once. Names, not yet looked at: they may be anything or be gone.
  std::vector<std::string> paths();
  // The folders whose entries decided the last answer.
  const std::set<std::string>& folders() const { return folders_; }
  // Folders that could not be read, and have not been told before.
  std::vector<std::string> take_problems();

 private:
  struct Entry {
    std::string name;
    unsigned char type;  // DT_…
  };
  struct Folder {
    int64_t modified_ns = 0;
    int64_t read_ns = 0;   // wall time of the read
    bool settled = false;  // no change can hide behind the same modification time
    std::vector<Entry> entries;
  };
  using Components = std::vector<std::string>;

  const std::vector<Entry>& entries(const std::string& folder);
  void expand(const std::string& folder, const Components& parts, size_t at);
  bool excluded(const std::string& path) const;

  std::vector<Components> include_;
  std::vector<std::string> exclude_;
  std::map<std::string, Folder> cache_;
  std::set<std::string> found_;
  std::set<std::string> folders_;
  std::set<std::string> told_;
  std::vector<std::string> problems_;
};

}  // namespace waybill::inputs::file
