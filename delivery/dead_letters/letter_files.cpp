// SPDX-License-Identifier: Apache-2.0
#include "delivery/dead_letters/letter_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "core/log.h"
#include "delivery/own_files.h"

namespace waybill::delivery {

namespace {

// Who holds the lock writes a few hundred KiB, so a short wait is the usual one.
constexpr Duration kFirstPause = std::chrono::milliseconds(1);
constexpr Duration kLongestPause = std::chrono::milliseconds(50);
// The wait for a process that let the last wait run out: outputs must not stand still for it.
constexpr Duration kShortPatience = std::chrono::milliseconds(100);

Result<size_t> size_of(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return errno_error("fstat", errno, Action::kRetry);
  return static_cast<size_t>(status.st_size);
}

// A crash may have left half a letter at the end: the next one begins on a line of its own.
bool ends_within_line(int fd, size_t size) {
  char last = '\n';
  return size != 0 && pread(fd, &last, 1, static_cast<off_t>(size - 1)) == 1 && last != '\n';
}

Error cannot_use(const std::string& path, std::string why) {
  return Error{Action::kFixConfig,
               fmt::format("dead_letters.path: {} cannot be used: {}", path, std::move(why))};
}

}  // namespace

Result<std::unique_ptr<LetterFiles>> LetterFiles::open(std::string path, size_t size,
                                                       Duration patience) {
  size_t slash = path.rfind('/');
  std::string folder =
      slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
  std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") {
    return cannot_use(path, "it is a folder: set it to a file in there");
  }
  Fd dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir) {
    Error error = errno_error("dead_letters.path: cannot open the folder " + folder, errno);
    error.what += ": make it, or set another path";
    return error;
  }
  std::unique_ptr<LetterFiles> files(
      new LetterFiles(std::move(path), std::move(dir), std::move(name), size, patience));
  if (Result<void> usable = files->try_out(); !usable) {
    return cannot_use(files->path_, std::move(usable.error().what));
  }
  return files;
}

std::string LetterFiles::numbered(size_t number) const {
  return number == 0 ? name_ : name_ + "." + std::to_string(number);
}

// Without making one: a file is there when something was refused.
Result<void> LetterFiles::try_out() const {
  if (faccessat(folder_.get(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
    Error error = errno_error("no file can be made in its folder", errno);
    error.what += fmt::format(": let uid {} write there, or set another path", geteuid());
    return error;
  }
  Result<Sizes> there = sizes();
  if (!there) return std::move(there).error();
  for (size_t number = 0; number < kFiles; ++number) {
    if (!(*there)[number]) continue;
    Result<Fd> file = open_own_file(folder_.get(), numbered(number).c_str(), O_RDWR);
    if (!file && number == 0) return std::move(file).error();
    if (!file) continue;  // an older one need only make way
    if (Result<void> done = make_private(file->get(), number); !done) return done;
  }
  return {};
}

// Somebody may have copied it back, say, with a mode of the shell's.
Result<void> LetterFiles::make_private(int fd, size_t number) const {
  struct stat status {};
  if (fstat(fd, &status) != 0) return errno_error("fstat", errno);
  if ((status.st_mode & 077) == 0) return {};
  if (fchmod(fd, 0600) != 0) {
    Error error = errno_error(fmt::format("{} has mode {:04o}, which cannot be changed",
                                          numbered(number), status.st_mode & 07777),
                              errno);
    error.what += ": nobody else may read it, so chmod 600 it";
    return error;
  }
  spdlog::warn("dead letters: {} had mode {:04o}; now it is 0600: nobody else is to read it",
               number == 0 ? path_ : fmt::format("{}.{}", path_, number), status.st_mode & 07777);
  return {};
}

Result<void> LetterFiles::append(std::string_view letters) {
  std::unique_lock lock(mutex_);
  Result<void> done = lock_with_room(letters.size());
  if (done) done = write(letters);
  unlock();
  std::vector<Fd> removed = std::exchange(removed_, {});
  lock.unlock();
  say_what_went(removed);
  return done;
}

Result<void> LetterFiles::lock_with_room(size_t bytes) {
  if (bytes > size_) {
    return Error{Action::kFixConfig,
                 fmt::format("{} bytes are more than all of dead_letters.size, which is {}: set "
                             "a larger one",
                             bytes, size_)};
  }
  SteadyTime deadline = steady_now() + (hung_ ? std::min(kShortPatience, patience_) : patience_);
  while (true) {
    if (Result<void> locked = lock_newest(deadline); !locked) return locked;
    Result<bool> room = make_room(bytes);
    if (!room) return std::move(room).error();
    // After a rotation another process may be the first in the new file, and fill it.
    if (*room) return {};
  }
}

Result<void> LetterFiles::open_newest() {
  Result<Fd> opened = open_own_file(folder_.get(), name_.c_str(), O_RDWR | O_CREAT);
  if (!opened) return std::move(opened).error();
  if (Result<void> done = make_private(opened->get(), 0); !done) return done;
  file_ = *std::move(opened);
  // Whoever made it may have crashed before this was done.
  name_synced_ = false;
  return {};
}

// Locks the file that has the name now: another process may have rotated it away.
Result<void> LetterFiles::lock_newest(SteadyTime deadline) {
  while (true) {
    if (!file_) {
      if (Result<void> opened = open_newest(); !opened) return opened;
    }
    if (Result<void> locked = lock(deadline); !locked) return locked;
    struct stat ours {
    }, named{};
    bool newest = fstat(file_.get(), &ours) == 0 &&
                  fstatat(folder_.get(), name_.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                  ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
    if (newest) return {};
    unlock();
    file_ = Fd();
  }
}

Result<void> LetterFiles::lock(SteadyTime deadline) {
  for (Duration pause = kFirstPause; flock(file_.get(), LOCK_EX | LOCK_NB) != 0;
       pause = std::min(2 * pause, kLongestPause)) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return errno_error("it cannot be locked", errno);
    if (steady_now() >= deadline) {
      hung_ = true;
      file_ = Fd();  // there may be another one by then: somebody moved this one away
      return Error{Action::kRetry,
                   "another process holds its lock and does not let go: end that one (`fuser -v " +
                       path_ + "` names it)"};
    }
    std::this_thread::sleep_for(pause);
  }
  hung_ = false;
  return {};
}

// Closing it would not do: a child that is about to exec may have it as well.
void LetterFiles::unlock() {
  if (file_) flock(file_.get(), LOCK_UN);
}

Result<LetterFiles::Sizes> LetterFiles::sizes() const {
  Sizes all;
  for (size_t number = 0; number < kFiles; ++number) {
    std::string name = numbered(number);
    struct stat status {};
    if (fstatat(folder_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;
      return errno_error(name, errno);
    }
    if (S_ISLNK(status.st_mode)) {
      return Error{Action::kFixConfig, name + " is a symbolic link: remove it"};
    }
    if (!S_ISREG(status.st_mode)) {
      return Error{Action::kFixConfig, name + " is not a plain file: move it out of the way"};
    }
    all[number] = static_cast<size_t>(status.st_size);
  }
  return all;
}

// Under the lock. False when the newest file was full and has been rotated away: lock the next one.
Result<bool> LetterFiles::make_room(size_t bytes) {
  Result<Sizes> found = sizes();
  if (!found) return std::move(found).error();
  Sizes& there = *found;
  size_t newest = there[0].value_or(0);
  bool full = newest != 0 && newest + bytes > file_size();
  auto crowded = [&] {
    size_t total = bytes;
    for (const auto& size : there) total += size.value_or(0);
    bool no_gap = std::all_of(there.begin(), there.end(), [](const auto& one) { return one; });
    return total > size_ || (full && no_gap);
  };
  for (size_t number = kFiles - 1; number > 0 && crowded(); --number) {
    if (!there[number]) continue;
    if (Result<void> done = remove(number); !done) return std::move(done).error();
    there[number].reset();
  }
  if (!full) return true;
  if (Result<void> done = rotate(there); !done) return std::move(done).error();
  return false;
}

Result<void> LetterFiles::remove(size_t number) {
  std::string name = numbered(number);
  // Kept open, so that its letters can be counted when nobody waits for the lock.
  Result<Fd> file = open_own_file(folder_.get(), name.c_str(), O_RDONLY);
  if (unlinkat(folder_.get(), name.c_str(), 0) != 0) {
    return errno_error("cannot remove " + name, errno, Action::kRetry);
  }
  removed_.push_back(file ? *std::move(file) : Fd());
  return {};
}

// Up to the first number that is free. The newest comes last: from then on other processes find an
// empty one, with a lock of its own.
Result<void> LetterFiles::rotate(const Sizes& there) {
  size_t gap = 1;
  while (gap < kFiles - 1 && there[gap]) ++gap;
  for (size_t number = gap; number > 0; --number) {
    std::string from = numbered(number - 1), to = numbered(number);
    if (renameat(folder_.get(), from.c_str(), folder_.get(), to.c_str()) != 0 && errno != ENOENT) {
      return errno_error("cannot rename " + from + " to " + to, errno, Action::kRetry);
    }
  }
  return {};
}

Result<void> LetterFiles::write(std::string_view letters) {
  Result<size_t> before = size_of(file_.get());
  if (!before) return std::move(before).error();
  size_t at = *before;
  Result<void> done;
  if (ends_within_line(file_.get(), at)) done = write_at(file_.get(), "\n", at++);
  if (done) done = write_at(file_.get(), letters, at);
  if (done) done = sync();
  // What was written of them is not to stand there twice.
  if (!done && ftruncate(file_.get(), static_cast<off_t>(*before)) != 0) {
    spdlog::warn("dead letters: {} may end in letters that were counted as dropped", path_);
  }
  return done;
}

Result<void> LetterFiles::sync() {
  if (fdatasync(file_.get()) != 0) return errno_error("cannot sync it", errno, Action::kRetry);
  if (name_synced_) return {};
  // A file whose name is lost with the power takes its letters along.
  if (fsync(folder_.get()) != 0) {
    return errno_error("cannot sync its folder", errno, Action::kRetry);
  }
  name_synced_ = true;
  return {};
}

void LetterFiles::say_what_went(const std::vector<Fd>& files) const {
  if (files.empty()) return;
  size_t letters = 0;
  bool all = true;
  std::array<char, 16384> bytes;
  for (const Fd& file : files) {
    ssize_t got = -1;
    while (file && (got = read(file.get(), bytes.data(), bytes.size())) > 0) {
      letters += static_cast<size_t>(std::count(bytes.data(), bytes.data() + got, '\n'));
    }
    all = all && got == 0;
  }
  spdlog::warn(
      "dead letters: the oldest {}{} of them had to go: all files of {} are full "
      "(dead_letters.size)",
      all ? "" : "(at least) ", letters, path_);
}

}  // namespace waybill::delivery
