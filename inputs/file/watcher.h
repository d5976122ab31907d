// SPDX-License-Identifier: Apache-2.0
// Watcher: inotify(7), which wakes us up early. What it says is never taken as the truth: a sweep
// every second is, so that a full queue, a used-up limit or a network file system costs only time.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/clock.h"
#include "inputs/fd.h"
#include "inputs/readiness.h"

namespace waybill::inputs::file {

// Main thread only.
class Watcher {
 public:
  // Problems (limits of the system) are told once, under `input`.
  Watcher(boost::asio::io_context& io, std::string input)
      : input_(std::move(input)), readiness_(io) {}

  // Without inotify everything below does nothing.
  void open();
  void close();

  // Follows the file behind `fd`, not its name: renamed or unlinked, it is followed still.
  // -1 when that is not possible.
  int watch_file(int fd);
  void forget_file(int watch);
  // The folders whose entries matter, instead of those of the last call.
  void watch_folders(const std::set<std::string>& folders);

  // Calls `news` from the loop once there is something to collect().
  void wait(std::function<void()> news);

  struct News {
    bool names = false;      // names came or went, or events were lost: scan
    std::vector<int> files;  // watches of files that were written to
    // Files that were renamed within the watched folders, however often in the last seconds: the
    // first name by the last.
    std::map<std::string, std::string> renamed;
  };
  News collect();

 private:
  struct Event;
  // What a name was called before.
  struct Past {
    std::string first;
    SteadyTime since{};
  };
  void take(const Event& event, News& news);
  void note_name(const Event& event, News& news);
  void forget_folder(int watch);
  void tell(const char* what, int code);

  const std::string input_;
  Fd inotify_;
  Readiness readiness_;
  std::map<std::string, int> folders_;
  std::unordered_map<int, std::string> folder_of_;
  std::map<uint32_t, Past> leaving_;     // by cookie, until the new name comes
  std::map<std::string, Past> renamed_;  // by what it is called now
  bool told_ = false;
};

}  // namespace waybill::inputs::file
