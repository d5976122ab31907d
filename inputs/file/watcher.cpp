// SPDX-License-Identifier: Apache-2.0
#include "inputs/file/watcher.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/log.h"

namespace waybill::inputs::file {

namespace {

// Watching far more folders than anybody writes to costs kernel memory; the sweep sees the rest.
constexpr size_t kMaxFolders = 4096;

// That a name is remembered after it was renamed: far less than a file is remembered after it was
// let go of, which must not be read again under its next name.
constexpr Duration kRemembered = std::chrono::seconds(30);
constexpr size_t kMostRemembered = 8192;  // in folders where everything is renamed

}  // namespace

struct Watcher::Event {
  int watch;
  uint32_t mask;
  uint32_t cookie;
  std::string_view name;  // of the entry; "" when it is about the watched thing itself
};

void Watcher::open() {
  Fd fd(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) {
    tell("fs.inotify.max_user_instances", errno);
    return;
  }
  if (!readiness_.open(fd.get(), Readiness::Direction::kRead, Readiness::Sharing::kOwn)) return;
  inotify_ = std::move(fd);
}

void Watcher::close() {
  readiness_.close();
  inotify_.reset();
  folders_.clear();
  folder_of_.clear();
  leaving_.clear();
  renamed_.clear();
}

void Watcher::tell(const char* what, int code) {
  if (std::exchange(told_, true)) return;
  spdlog::warn(
      "input {}: cannot watch every file: {}; they are looked at once a second instead "
      "(raise {} to be told at once)",
      input_, std::strerror(code), what);
}

int Watcher::watch_file(int fd) {
  if (!inotify_) return -1;
  // The path of the descriptor leads to the very file, whatever its name is by now.
  std::string path = "/proc/self/fd/" + std::to_string(fd);
  int watch = inotify_add_watch(inotify_.get(), path.c_str(), IN_MODIFY | IN_MOVE_SELF);
  if (watch < 0 && errno == ENOSPC) tell("fs.inotify.max_user_watches", errno);
  return watch;
}

void Watcher::forget_file(int watch) {
  if (inotify_ && watch >= 0) inotify_rm_watch(inotify_.get(), watch);
}

void Watcher::watch_folders(const std::set<std::string>& folders) {
  if (!inotify_) return;
  std::vector<int> left;
  for (const auto& [path, watch] : folders_) {
    if (!folders.contains(path)) left.push_back(watch);
  }
  for (int watch : left) {
    inotify_rm_watch(inotify_.get(), watch);
    forget_folder(watch);
  }
  for (const std::string& path : folders) {
    if (folders_.size() >= kMaxFolders) break;
    if (folders_.contains(path)) continue;
    int watch = inotify_add_watch(inotify_.get(), path.c_str(),
                                  IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                      IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
    if (watch < 0) {
      if (errno == ENOSPC) tell("fs.inotify.max_user_watches", errno);
      continue;
    }
    forget_folder(watch);  // two names for one folder: the last one stands
    folders_[path] = watch;
    folder_of_[watch] = path;
  }
}

void Watcher::forget_folder(int watch) {
  auto found = folder_of_.find(watch);
  if (found == folder_of_.end()) return;
  std::erase_if(renamed_, [&](const auto& item) {
    return item.first.size() > found->second.size() && item.first.starts_with(found->second) &&
           item.first[found->second.size()] == '/';
  });
  folders_.erase(found->second);
  folder_of_.erase(found);
}

void Watcher::wait(std::function<void()> news) {
  if (inotify_) readiness_.wait(std::move(news));
}

Watcher::News Watcher::collect() {
  News news;
  alignas(inotify_event) char buffer[16 * 1024];
  auto is_old = [at = steady_now() - kRemembered](const auto& item) {
    return item.second.since < at;
  };
  std::erase_if(leaving_, is_old);
  std::erase_if(renamed_, is_old);
  if (renamed_.size() > kMostRemembered) renamed_.clear();
  if (leaving_.size() > kMostRemembered) leaving_.clear();
  while (inotify_) {
    ssize_t got = ::read(inotify_.get(), buffer, sizeof buffer);
    if (got <= 0) break;
    for (char* at = buffer; at < buffer + got;) {
      inotify_event head;
      std::memcpy(&head, at, sizeof head);
      const char* name = at + sizeof head;
      take({head.wd, head.mask, head.cookie, {name, strnlen(name, head.len)}}, news);
      at += sizeof head + head.len;
    }
  }
  return news;
}

void Watcher::take(const Event& event, News& news) {
  if (event.mask & IN_Q_OVERFLOW) {
    news.names = true;
    leaving_.clear();  // what has become of these names since is not known
    renamed_.clear();
  } else if (folder_of_.contains(event.watch)) {
    news.names = true;
    if (!event.name.empty()) note_name(event, news);
    bool left = (event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0;
    if (left) inotify_rm_watch(inotify_.get(), event.watch);
    if (left || (event.mask & IN_IGNORED)) forget_folder(event.watch);
  } else if (event.mask & IN_MODIFY) {
    if (news.files.empty() || news.files.back() != event.watch) news.files.push_back(event.watch);
  } else if (event.mask & IN_MOVE_SELF) {
    news.names = true;
  }
}

// Rotations may be faster than we look: a file that came and was renamed in between has only been
// seen here, and may have the name of the one before it by the time that we look. So names are
// followed from one look to the next. Both halves of a rename carry the same cookie.
void Watcher::note_name(const Event& event, News& news) {
  std::string path = folder_of_[event.watch] + "/" + std::string(event.name);
  // Whatever becomes of it, this name is not its any more.
  auto known = renamed_.extract(path);
  news.renamed.erase(path);
  if (event.mask & IN_MOVED_FROM) {
    leaving_[event.cookie] = known ? std::move(known.mapped()) : Past{path, steady_now()};
  } else if (event.mask & IN_MOVED_TO) {
    auto left = leaving_.extract(event.cookie);
    if (!left) return;
    news.renamed[path] = left.mapped().first;
    renamed_[path] = std::move(left.mapped());
  }
}

}  // namespace waybill::inputs::file
