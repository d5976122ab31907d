// SPDX-License-Identifier: Apache-2.0
#include "delivery/checkpoints.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "core/log.h"
#include "core/thread.h"

namespace waybill::delivery {

namespace {

constexpr const char* kCurrent = "checkpoints";
constexpr const char* kPrevious = "checkpoints.previous";
constexpr const char* kNew = "checkpoints.new";
constexpr const char* kDamaged = "checkpoints.damaged";
// Some hundred thousand files; more is not ours.
constexpr off_t kMaxSize = 256 * 1024 * 1024;

// All of a regular file that is ours alone, or an Error in words.
Result<std::string> slurp(int dir, const char* name) {
  Fd file(openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ELOOP) {
    return Error{Action::kDrop, "it is a symbolic link, which is not followed"};
  }
  if (!file) return errno_error("it cannot be opened", errno, Action::kDrop);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return errno_error("fstat", errno, Action::kDrop);
  if (!S_ISREG(status.st_mode) || status.st_nlink > 1 || status.st_uid != geteuid()) {
    return Error{Action::kDrop, "it is not a plain file of ours"};
  }
  if (status.st_size > kMaxSize) return Error{Action::kDrop, "it is far too large"};
  std::string bytes(static_cast<size_t>(status.st_size), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t size = read(file.get(), bytes.data() + done, bytes.size() - done);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno_error("it cannot be read", errno, Action::kDrop);
    if (size == 0) break;
    done += static_cast<size_t>(size);
  }
  bytes.resize(done);
  return bytes;
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t size = ::write(fd, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno_error("write", errno, Action::kRetry);
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  return {};
}

}  // namespace

Checkpoints::Checkpoints(const StateDir& dir) : dir_(dir) { load_newest(); }

Checkpoints::~Checkpoints() { (void)stop(); }

// ---- reading, once ----

std::optional<CheckpointImage> Checkpoints::read_file(const char* name) {
  struct stat status {};
  if (fstatat(dir_.fd(), name, &status, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) return {};
  Result<std::string> bytes = slurp(dir_.fd(), name);
  Result<CheckpointImage> image =
      bytes ? decode_checkpoints(*bytes) : Result<CheckpointImage>(bytes.error());
  if (image) return *std::move(image);
  if (name == kNew) return {};  // a crash while it was written: nothing was lost
  lost_ = true;
  // Out of the way, or the next write would keep it as the one before instead of a good one.
  bool moved = renameat(dir_.fd(), name, dir_.fd(), kDamaged) == 0;
  spdlog::error("{}/{} cannot be used: {}{}", dir_.path(), name, image.error().what,
                moved ? "; it is kept as checkpoints.damaged" : "");
  return {};
}

void Checkpoints::load_newest() {
  bool any = false;
  for (const char* name : {kPrevious, kCurrent, kNew}) {
    std::optional<CheckpointImage> image = read_file(name);
    if (!image || (any && image->generation < generation_)) continue;
    generation_ = image->generation;
    inputs_ = std::move(image->inputs);
    any = true;
  }
  if (!lost_) return;
  if (any) {
    spdlog::warn("went back to an earlier checkpoint: some lines may be delivered twice");
  } else {
    spdlog::warn(
        "no checkpoint is left: files are read again from their beginning, and their "
        "lines may be delivered twice");
  }
}

std::vector<inputs::FileCheckpoint> Checkpoints::load(std::string_view input) const {
  std::lock_guard lock(mutex_);
  auto found = inputs_.find(input);
  return found == inputs_.end() ? std::vector<inputs::FileCheckpoint>{} : found->second;
}

bool Checkpoints::known(std::string_view input) const {
  std::lock_guard lock(mutex_);
  return lost_ || inputs_.find(input) != inputs_.end();
}

// ---- writing ----

void Checkpoints::save(std::string_view input, std::vector<inputs::FileCheckpoint> files) {
  make_thread();
  {
    std::lock_guard lock(mutex_);
    inputs_.insert_or_assign(std::string(input), std::move(files));
    ++changes_;
  }
  changed_.notify_all();
}

Result<void> Checkpoints::flush() {
  std::unique_lock lock(mutex_);
  if (written_ == changes_) return {};
  if (tried_ == changes_) ++changes_;  // the last attempt failed: one more
  wanted_ = changes_;
  if (make_thread()) {
    changed_.notify_all();
    changed_.wait(lock, [&] { return tried_ >= wanted_; });
  } else {
    attempt(lock);
  }
  return last_attempt_;
}

Result<void> Checkpoints::stop() {
  Result<void> last = flush();
  if (!thread_.joinable()) return last;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  return last;
}

// False: there is none to be had now. flush() does without; save() asks for one again.
bool Checkpoints::make_thread() {
  if (thread_.joinable()) return true;
  stopping_ = false;
  Result<void> started = start_thread(thread_, [this] { run(); });
  if (!started && thread_log_.add(steady_now(), 1) != 0) {
    spdlog::error("the checkpoints in {} are kept less often: {}", dir_.path(),
                  started.error().what);
  }
  return started.has_value();
}

void Checkpoints::run() {
  pthread_setname_np(pthread_self(), "disk");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || written_ != changes_; });
    if (stopping_) return;
    // Collects what comes in the meantime; after a failure it is the pause before the next try.
    changed_.wait_for(lock, kInterval, [&] { return stopping_ || tried_ < wanted_; });
    if (stopping_) return;
    attempt(lock);
  }
}

// Writes what there is. On the disk thread, or on the main thread while there is none.
void Checkpoints::attempt(std::unique_lock<std::mutex>& lock) {
  CheckpointImage image{generation_ + 1, inputs_};
  uint64_t covers = changes_;
  lock.unlock();
  Result<void> done = write(image);
  if (!done && write_log_.add(steady_now(), 1) != 0) {
    spdlog::error(
        "cannot keep the checkpoints: {}; nothing is lost, but lines may be delivered "
        "twice after a restart (trying again)",
        done.error().what);
  }
  if (done && failing_) spdlog::info("the checkpoints in {} are kept again", dir_.path());
  failing_ = !done;
  lock.lock();
  if (done) {
    written_ = covers;
    generation_ = image.generation;
  }
  tried_ = covers;
  last_attempt_ = std::move(done);
  changed_.notify_all();
}

Result<void> Checkpoints::write(const CheckpointImage& image) {
  int dir = dir_.fd();
  auto failed = [&](std::string_view what) {
    return errno_error(std::string(what) + " " + dir_.path() + "/" + kNew, errno, Action::kRetry);
  };
  if (unlinkat(dir, kNew, 0) != 0 && errno != ENOENT) return failed("cannot remove");
  Fd file(openat(dir, kNew, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return failed("cannot make");
  if (Result<void> done = write_all(file.get(), encode_checkpoints(image)); !done) {
    return std::move(done).error().within(dir_.path() + "/" + kNew);
  }
  if (fdatasync(file.get()) != 0) return failed("cannot sync");
  // Between these two the new one has the highest generation, and is found under its own name.
  if (renameat(dir, kCurrent, dir, kPrevious) != 0 && errno != ENOENT) return failed("cannot keep");
  if (renameat(dir, kNew, dir, kCurrent) != 0) return failed("cannot rename");
  if (fsync(dir) != 0) return failed("cannot sync the folder of");
  return {};
}

}  // namespace waybill::delivery
