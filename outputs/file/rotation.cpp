// SPDX-License-Identifier: Apache-2.0
#include "outputs/file/rotation.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "core/canonical.h"
#include "core/log.h"
#include "core/thread.h"
#include "outputs/printable.h"

namespace waybill::outputs::file {

namespace {

constexpr std::string_view kHalf = ".part";
constexpr size_t kStampSize = 16;  // 20260102T030405Z
constexpr int kMostInOneSecond = 10'000;
constexpr size_t kMostJobs = 64;  // each holds its folder open

std::string stamp_of(int64_t second) {
  char text[40];  // 2026-01-02T03:04:05.000Z
  char* end = write_rfc3339(second * 1'000'000'000, 3, text);
  std::string stamp;
  for (const char* at = text; at < end && *at != '.'; ++at) {
    if (*at != '-' && *at != ':') stamp += *at;
  }
  return stamp + 'Z';
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// What packed files end in; "" for none: whichever way, by this config or an earlier one.
std::string_view packed_end(std::string_view name) {
  for (Compress how : {Compress::kGzip, Compress::kZstd}) {
    if (name.ends_with(packed_suffix(how))) return packed_suffix(how);
  }
  return {};
}

// What stands behind the dot of a file that was put aside: a stamp, perhaps a number, perhaps .gz.
bool is_aside(std::string_view behind) {
  behind.remove_suffix(packed_end(behind).size());
  if (behind.size() < kStampSize || behind[8] != 'T' || behind[kStampSize - 1] != 'Z' ||
      !is_digits(behind.substr(0, 8)) || !is_digits(behind.substr(9, 6))) {
    return false;
  }
  behind.remove_prefix(kStampSize);
  return behind.empty() || (behind.front() == '-' && is_digits(behind.substr(1)));
}

// In which order they were put aside: by the stamp, then by the number behind it.
std::pair<std::string_view, int> order_of(std::string_view behind) {
  int number = 1;
  if (behind.size() > kStampSize && behind[kStampSize] == '-') {
    number = std::atoi(std::string(behind.substr(kStampSize + 1, 6)).c_str());
  }
  return {behind.substr(0, kStampSize), number};
}

bool is_there(int dir, const std::string& name) {
  struct stat status {};
  return fstatat(dir, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

// Whether one of that name was put aside, packed or not.
bool is_taken(int dir, const std::string& name) {
  for (Compress how : {Compress::kNone, Compress::kGzip, Compress::kZstd}) {
    if (is_there(dir, name + std::string(packed_suffix(how)))) return true;
  }
  return false;
}

// As renameat(), but never onto a file that is there. Some file systems cannot do that: there the
// caller's look must do.
int rename_to_free(int dir, const std::string& from, const std::string& to) {
  int done = renameat2(dir, from.c_str(), dir, to.c_str(), RENAME_NOREPLACE);
  if (done == 0 || (errno != EINVAL && errno != ENOSYS)) return done;
  if (is_there(dir, to)) {
    errno = EEXIST;
    return -1;
  }
  return renameat(dir, from.c_str(), dir, to.c_str());
}

}  // namespace

int64_t period_of(int64_t second, Duration every) {
  const int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(every).count();
  return seconds > 0 ? second / seconds : 0;
}

std::vector<std::string> put_aside(int dir, std::string_view name) {
  std::vector<std::string> found;
  int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::unique_ptr<DIR, int (*)(DIR*)> listing(fd >= 0 ? fdopendir(fd) : nullptr, closedir);
  if (!listing) {
    if (fd >= 0) close(fd);
    return found;
  }
  while (const dirent* entry = readdir(listing.get())) {
    std::string_view one = entry->d_name;
    if (one.size() <= name.size() + 1 || !one.starts_with(name) || one[name.size()] != '.') {
      continue;
    }
    if (is_aside(one.substr(name.size() + 1))) found.emplace_back(one);
  }
  const size_t front = name.size() + 1;
  std::sort(found.begin(), found.end(), [&](std::string_view a, std::string_view b) {
    return order_of(a.substr(front)) < order_of(b.substr(front));
  });
  return found;
}

Result<std::string> put_file_aside(int dir, const std::string& name, int64_t second) {
  const std::string stamped = name + "." + stamp_of(second);
  std::string aside = stamped;
  for (int number = 2; number <= kMostInOneSecond; ++number) {
    if (!is_taken(dir, aside)) {
      if (rename_to_free(dir, name, aside) == 0) return aside;
      // Another process may have taken the name since.
      if (errno != EEXIST) return errno_error("cannot rename it to " + printable(aside), errno);
    }
    aside = fmt::format("{}-{}", stamped, number);
  }
  return Error{Action::kRetry, "too many names are taken"};
}

bool is_file_there(int dir, const std::string& name, int fd) {
  struct stat ours {};
  struct stat there {};
  return fstat(fd, &ours) == 0 && fstatat(dir, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(there.st_mode) && ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

bool may_look_put_aside(std::string_view fixed_end) {
  if (fixed_end.empty()) return true;
  for (Compress how : {Compress::kGzip, Compress::kZstd}) {
    if (packed_suffix(how).ends_with(fixed_end)) return true;
  }
  return !packed_end(fixed_end).empty() || fixed_end.back() == 'Z' ||
         is_digits(fixed_end.substr(fixed_end.size() - 1));
}

bool Packer::look_at(int dir, std::string name, std::string path) {
  if (settings_.keep == 0 && settings_.compress == Compress::kNone) return true;
  std::lock_guard lock(mutex_);
  // One that waits sees what there will be when it begins.
  const bool waits =
      std::any_of(jobs_.begin(), jobs_.end(), [&](const Job& job) { return job.path == path; });
  if (stopping_ || waits) return true;
  if (jobs_.size() >= kMostJobs) return false;
  delivery::Fd own(fcntl(dir, F_DUPFD_CLOEXEC, 0));
  if (!own) return false;
  jobs_.push_back({std::move(own), std::move(name), std::move(path)});
  changed_.notify_one();
  if (thread_.joinable()) return true;
  Result<void> started = start_thread(thread_, [this] {
    pthread_setname_np(pthread_self(), "pack");
    run();
  });
  if (!started) {
    spdlog::warn("file {}: what was put aside stays as it is: {}",
                 printable(jobs_.back().path, 4096), started.error().what);
    jobs_.clear();
  }
  return true;
}

void Packer::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Packer::run() {
  while (true) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    work(job);
  }
}

void Packer::work(const Job& job) {
  std::vector<std::string> all = put_aside(job.dir.get(), job.name);
  size_t more = settings_.keep > 0 && all.size() > static_cast<size_t>(settings_.keep)
                    ? all.size() - static_cast<size_t>(settings_.keep)
                    : 0;
  for (size_t i = 0; i < all.size() && !stopping_; ++i) {
    if (i < more) {
      // Another that packs may have removed it, or put the packed one in its place.
      if (unlinkat(job.dir.get(), all[i].c_str(), 0) == 0 || errno == ENOENT) continue;
      spdlog::warn("file {}: {}", printable(job.path, 4096),
                   errno_error("cannot remove " + printable(all[i]), errno).what);
    } else if (settings_.compress != Compress::kNone && packed_end(all[i]).empty()) {
      Result<void> packed = pack(job.dir.get(), all[i]);
      if (packed || stopping_) continue;
      spdlog::warn("file {}: {} stays as it is, not packed: {}", printable(job.path, 4096),
                   printable(all[i]), packed.error().what);
    }
  }
}

// Opens the file that is packed into, empty, and locked as long as it is open: a reload's other
// output, or another process, may be at the same. No Fd: it is.
Result<delivery::Fd> Packer::open_half(int dir, const std::string& half, mode_t mode) {
  constexpr int kFlags = O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  delivery::Fd to(openat(dir, half.c_str(), kFlags | O_CREAT | O_EXCL, mode));
  const bool ours = static_cast<bool>(to);
  if (!ours && errno == EEXIST) to = delivery::Fd(openat(dir, half.c_str(), kFlags));
  if (!to && errno == ENOENT) return delivery::Fd();  // the other one has just finished
  if (!to) return errno_error("cannot make " + printable(half), errno);
  if (flock(to.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return delivery::Fd();
    return errno_error("cannot lock " + printable(half), errno);
  }
  // Before we had the lock, it may have become the packed file.
  if (!is_file_there(dir, half, to.get())) return delivery::Fd();
  // What a run before has left is ours; what somebody has planted could be read by them.
  struct stat status {};
  if (!ours && (fstat(to.get(), &status) != 0 || status.st_nlink != 1 ||
                status.st_uid != geteuid() || fchmod(to.get(), mode) != 0)) {
    return Error{Action::kFixConfig, printable(half) + " is not ours: remove it"};
  }
  if (ftruncate(to.get(), 0) != 0) return errno_error("cannot empty " + printable(half), errno);
  return to;
}

// The plain file goes when the packed one is there, on disk, whole.
Result<void> Packer::pack(int dir, const std::string& name) {
  // Hidden, so that no glob reads what is not whole.
  const std::string whole = name + std::string(packed_suffix(settings_.compress)),
                    half = "." + whole + std::string(kHalf);
  delivery::Fd from(openat(dir, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!from && errno == ENOENT) return {};  // another one has packed or removed it
  struct stat status {};
  if (!from || fstat(from.get(), &status) != 0) return errno_error("cannot read it", errno);
  if (!S_ISREG(status.st_mode)) return Error{Action::kDrop, "it is no regular file"};
  Result<delivery::Fd> to = open_half(dir, half, status.st_mode & 0777);
  if (!to) return std::move(to).error();
  if (!*to) return {};
  if (!is_file_there(dir, name, from.get())) {  // packed by another one, before we had the lock
    (void)unlinkat(dir, half.c_str(), 0);
    return {};
  }
  Result<void> done = pack_file(settings_.compress, from.get(), to->get(), stopping_);
  const timespec times[2] = {status.st_atim, status.st_mtim};
  if (done && (futimens(to->get(), times) != 0 || fsync(to->get()) != 0)) {
    done = errno_error("cannot write " + printable(half), errno);
  }
  // One that heeds no lock may have put its own there: that is not whole.
  if (!is_file_there(dir, half, to->get())) {
    return Error{Action::kRetry, "somebody has replaced " + printable(half)};
  }
  if (done && renameat(dir, half.c_str(), dir, whole.c_str()) != 0) {
    done = errno_error("cannot rename " + printable(half), errno);
  }
  if (!done) {
    (void)unlinkat(dir, half.c_str(), 0);
    return done;
  }
  (void)unlinkat(dir, name.c_str(), 0);
  return {};
}

}  // namespace waybill::outputs::file
