// SPDX-License-Identifier: Apache-2.0
#include "outputs/file/file_sink.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <functional>
#include <utility>

#include "core/log.h"
#include "outputs/printable.h"

namespace waybill::outputs::file {

namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

// A crash may have left half a line at the end: ours must not be glued to it.
void end_torn_line(int dir, const std::string& name, int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return;
  delivery::Fd reader(openat(dir, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  char last = '\n';
  if (!reader || pread(reader.get(), &last, 1, status.st_size - 1) != 1 || last == '\n') return;
  [[maybe_unused]] ssize_t size = ::write(fd, "\n", 1);
}

Error cannot_open(const std::string& path, int code) {
  Error error = errno_error("cannot open " + printable(path, 4096) + " for writing", code);
  if (code == ENXIO) {
    error.what = printable(path, 4096) + " is a named pipe that nobody reads: start its reader";
  }
  if (code == ENOENT) error.what += ": make the folder first";
  if (code == ELOOP) error.what += ": a link is not followed there";
  return error;
}

// Whether an attempt to open or make what is below the folder of many says something about that
// name alone, which will not pass by waiting. What is full, or cannot be read, is none of it.
bool is_verdict(int folder, int code) {
  switch (code) {
    case EISDIR:
    case ELOOP:
    case ENOTDIR:
    case ENXIO:
    case ENAMETOOLONG: return true;
    case EACCES: return faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) == 0;
    default: return false;
  }
}

}  // namespace

FileSink::FileSink(SinkSettings settings)
    : settings_(std::move(settings)), packer_(settings_.rotate) {}

Result<void> FileSink::open() {
  if (Result<void> ready = prepare_packing(settings_.rotate.compress); !ready) return ready;
  if (settings_.many) {
    delivery::Fd folder(::open(settings_.path.c_str(), kFolder));
    if (!folder) return cannot_open(settings_.path, errno);
    if (faccessat(folder.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
      return cannot_open(settings_.path, errno);
    }
    return {};
  }
  auto one = std::make_unique<File>();
  one->path = settings_.path;
  if (Result<void> opened = open(*one); !opened) return opened;
  files_.clear();
  files_.push_back(std::move(one));
  return {};
}

Result<void> FileSink::find_folder(File& one) {
  size_t slash = one.path.rfind('/');
  one.name = one.path.substr(slash == std::string::npos ? 0 : slash + 1);
  std::string folder = slash == std::string::npos ? "." : one.path.substr(0, slash + 1);
  one.folder = delivery::Fd(::open(folder.c_str(), kFolder));
  if (!one.folder) return cannot_open(one.path, errno);
  return {};
}

// Below the folder of many, each folder is made when it is missing, and a link is no folder.
Result<void> FileSink::find_folder_below(File& one, int base) {
  one.name = one.path.substr(one.path.rfind('/') + 1);
  delivery::Fd at(fcntl(base, F_DUPFD_CLOEXEC, 0));
  if (!at) return cannot_open(one.path, errno);
  size_t begin = settings_.path.size();
  while (true) {
    begin = std::min(one.path.find_first_not_of('/', begin), one.path.size());
    size_t end = one.path.find('/', begin);
    if (end == std::string::npos) break;
    const std::string step = one.path.substr(begin, end - begin);
    Error error;
    int code = 0;
    if (mkdirat(at.get(), step.c_str(), 0750) != 0 && errno != EEXIST) {
      code = errno;
      error = errno_error("cannot make " + printable(one.path.substr(0, end), 4096), code);
    } else {
      delivery::Fd next(openat(at.get(), step.c_str(), kFolder | O_NOFOLLOW));
      if (!next) error = cannot_open(one.path, code = errno);
      at = std::move(next);
    }
    if (code != 0) {
      if (is_verdict(base, code)) error.action = Action::kDrop;
      return error;
    }
    begin = end;
  }
  one.folder = std::move(at);
  return {};
}

Result<void> FileSink::open(File& one) {
  delivery::Fd base;
  if (settings_.many) {
    base = delivery::Fd(::open(settings_.path.c_str(), kFolder));
    if (!base) return cannot_open(one.path, errno);
  }
  Result<void> found = base ? find_folder_below(one, base.get()) : find_folder(one);
  if (!found) return found;
  const int follow = settings_.many ? O_NOFOLLOW : 0;
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | follow;
  delivery::Fd file(openat(one.folder.get(), one.name.c_str(), flags, 0640));
  if (!file) {
    const int code = errno;
    Error error = cannot_open(one.path, code);
    if (base && is_verdict(base.get(), code)) error.action = Action::kDrop;
    return error;
  }
  one.file = std::move(file);
  struct stat status {};
  bool has_lines = fstat(one.file.get(), &status) == 0 && status.st_size > 0;
  one.period = period_of(has_lines ? status.st_mtim.tv_sec : time(nullptr), settings_.rotate.every);
  one.fresh = one.untouched = true;
  return {};
}

// What is done with a file that was opened, before its first line. Not in open(): a check opens
// files, too, and must change nothing, least of all beneath a process that is writing.
void FileSink::begin(File& one) {
  if (!std::exchange(one.untouched, false)) return;
  end_torn_line(one.folder.get(), one.name, one.file.get());
  // What a run before has left half done, once: files of many are opened again and again.
  const size_t key = std::hash<std::string>()(one.path);
  if (!settings_.rotate.on() || looked_at_.size() >= kMostLookedAt || looked_at_.contains(key)) {
    return;
  }
  if (packer_.look_at(one.folder.get(), one.name, one.path)) looked_at_.insert(key);
}

// What an earlier config has left in the spool may be meant for elsewhere.
std::string FileSink::below_folder(std::string_view place) const {
  const std::string folder = settings_.path.ends_with('/') ? settings_.path : settings_.path + "/";
  if (place.size() > folder.size() && place.starts_with(folder)) return std::string(place);
  std::string_view name = place.substr(place.rfind('/') + 1);
  return folder + (name.empty() ? "earlier.log" : std::string(name));
}

Result<void> FileSink::refresh(std::string_view place, size_t size, bool& changed) {
  const std::string path = settings_.many ? below_folder(place) : settings_.path;
  auto found = std::find_if(files_.begin(), files_.end(),
                            [&](const auto& one) { return one->path == path; });
  if (found == files_.end()) {
    while (files_.size() >= kMostOpen) {
      leave(*files_.front());
      files_.erase(files_.begin());
    }
    files_.push_back(std::make_unique<File>());
    files_.back()->path = path;
  } else {
    std::rotate(found, found + 1, files_.end());
  }
  File& one = *files_.back();
  struct stat ours {};
  struct stat there {};
  const int follow = settings_.many ? AT_SYMLINK_NOFOLLOW : 0;
  const bool same = one.file && fstat(one.file.get(), &ours) == 0 &&
                    fstatat(AT_FDCWD, one.path.c_str(), &there, follow) == 0 &&
                    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
  if (same) begin(one);
  if (same && !(size > 0 && is_due(one, size) && put_aside(one))) {
    one.unsynced = settings_.sync.any();
    return {};
  }
  if (one.file && !settings_.sync.always) {
    leave(one);
  } else if (one.file) {
    if (Result<void> synced = sync(one); !synced) {
      lost_ = true;
      return synced;
    }
  }
  // Where there are more names than files may be open, each is due, or not, when it is opened
  // again.
  for (bool again = true; again;) {
    if (Result<void> opened = open(one); !opened) {
      // One that will never be open takes no other's place.
      if (opened.error().action == Action::kDrop) files_.pop_back();
      return opened;
    }
    begin(one);
    again = size > 0 && is_due(one, size) && put_aside(one);
  }
  changed = true;
  one.unsynced = settings_.sync.any();
  return {};
}

bool FileSink::is_due(const File& one, size_t size) const {
  struct stat status {};
  if (!settings_.rotate.on() || fstat(one.file.get(), &status) != 0 || status.st_size == 0 ||
      !S_ISREG(status.st_mode)) {
    return false;
  }
  const size_t limit = settings_.rotate.size;
  if (limit > 0 && static_cast<size_t>(status.st_size) + size > limit) return true;
  return period_of(time(nullptr), settings_.rotate.every) > one.period;
}

// What cannot be put aside grows on: no record waits for that.
bool FileSink::put_aside(File& one) {
  // A link's other name (/dev/stdout is one, too) would be renamed, and the file grow on.
  if (!is_file_there(one.folder.get(), one.name, one.file.get())) {
    if (!std::exchange(one.told_link, true)) {
      spdlog::warn(
          "file {}: it grows on, as it cannot be put aside: this is a link, not the file "
          "itself: give the file's own path",
          printable(one.path, 4096));
    }
    return false;
  }
  Result<std::string> aside = put_file_aside(one.folder.get(), one.name, time(nullptr));
  if (aside) {
    // One that finds no room in the queue is looked at when it is opened next.
    if (!packer_.look_at(one.folder.get(), one.name, one.path)) {
      looked_at_.erase(std::hash<std::string>()(one.path));
    }
    return true;
  }
  if (put_aside_log_.add(steady_now(), 1) == 0) return false;
  spdlog::warn("file {}: it grows on, as it cannot be put aside: {}", printable(one.path, 4096),
               aside.error().what);
  return false;
}

bool FileSink::take_lost() { return std::exchange(lost_, false); }

Result<void> FileSink::sync() {
  if (files_.empty()) return {};
  if (settings_.sync.always) return sync(*files_.back());
  if (settings_.sync.any() && sync_at_ == SteadyTime::max()) {
    sync_at_ = steady_now() + settings_.sync.every;
  }
  return {};
}

void FileSink::tend() {
  sync_at_ = SteadyTime::max();
  if (settings_.sync.always) return;
  for (const auto& one : files_) leave(*one);
}

// Syncs what counts as delivered already: what the kernel cannot write of it is gone.
void FileSink::leave(File& one) {
  Result<void> synced = sync(one);
  if (synced || sync_log_.add(steady_now(), 1) == 0) return;
  spdlog::error("file {}: {}: lines since the last sync may be lost", printable(one.path, 4096),
                synced.error().what);
}

// And of a new file its name, too.
Result<void> FileSink::sync(File& one) {
  if (!one.unsynced || !one.file) return {};
  struct stat status {};
  const bool regular = fstat(one.file.get(), &status) == 0 && S_ISREG(status.st_mode);
  bool failed = regular && fdatasync(one.file.get()) != 0;
  if (regular && !failed && one.fresh) failed = fsync(one.folder.get()) != 0;
  if (failed) {
    Error error = errno_error("cannot sync " + printable(one.path, 4096), errno);
    // The kernel says so once, and takes the pages for written: only what is written again, to a
    // file that was opened again, is known to be on disk or not.
    one.file = delivery::Fd();
    one.unsynced = false;
    return error;
  }
  one.unsynced = one.fresh = false;
  return {};
}

}  // namespace waybill::outputs::file
