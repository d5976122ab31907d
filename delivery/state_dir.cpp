// SPDX-License-Identifier: Apache-2.0
#include "delivery/state_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace waybill::delivery {

namespace {

constexpr std::string_view kAdvice = "set state_dir (or $STATE_DIRECTORY) to a folder of our own";

Error unusable(const std::string& path, int code) {
  Error error = errno_error("cannot use the state directory " + path, code);
  error.what += fmt::format(": {}", kAdvice);
  return error;
}

// mkdir -p; the last one is private.
Result<void> make_folders(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    std::string parent = path.substr(0, slash);
    if (mkdir(parent.c_str(), 0755) != 0 && errno != EEXIST && errno != EROFS && errno != EACCES) {
      return unusable(path, errno);
    }
  }
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return unusable(path, errno);
  return {};
}

Result<Fd> open_folder(const std::string& path) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  Fd dir(::open(path.c_str(), kFlags | O_NOFOLLOW));
  if (dir) return dir;
  int code = errno;
  struct stat link {};
  if (lstat(path.c_str(), &link) != 0 || !S_ISLNK(link.st_mode)) return unusable(path, code);
  // systemd's DynamicUser makes such a link; whoever else could is not to choose where we write.
  if (link.st_uid != 0 && link.st_uid != geteuid()) {
    return Error{Action::kFixConfig,
                 fmt::format("the state directory {} is a symbolic link that uid {} made: {}", path,
                             link.st_uid, kAdvice)};
  }
  Fd target(::open(path.c_str(), kFlags));
  if (!target) return unusable(path, errno);
  return target;
}

Result<void> check_owner(const std::string& path, int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return unusable(path, errno);
  if (status.st_uid != geteuid()) {
    return Error{Action::kFixConfig,
                 fmt::format("the state directory {} belongs to uid {}, but we run as uid {}: give "
                             "it to us (chown {}), or {}",
                             path, status.st_uid, geteuid(), geteuid(), kAdvice)};
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{Action::kFixConfig,
                 fmt::format("the state directory {} can be written to by others (mode {:04o}): "
                             "chmod 700 it, or name a folder below it, which we make ourselves",
                             path, status.st_mode & 07777)};
  }
  return {};
}

Result<Fd> lock_folder(const std::string& path, int dir) {
  Fd lock(openat(dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) return errno_error("cannot open " + path + "/lock", errno);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return errno_error("cannot lock " + path + "/lock", errno);
    char text[16] = {};
    ssize_t size = pread(lock.get(), text, sizeof text - 1, 0);
    long pid = size > 0 ? std::atol(text) : 0;
    std::string holder = pid > 0 ? fmt::format("pid {}", pid) : "another process";
    return Error{Action::kFixConfig,
                 fmt::format("the state directory {} is in use by another waybill ({}): stop that "
                             "one, or give this one a state_dir of its own",
                             path, holder)};
  }
  // Who holds it is for people alone: a full disk is no reason not to start.
  std::string pid = fmt::format("{}\n", getpid());
  if (ftruncate(lock.get(), 0) == 0) {
    [[maybe_unused]] ssize_t written = pwrite(lock.get(), pid.data(), pid.size(), 0);
  }
  return lock;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) close(fd_);
}

Result<StateDir> StateDir::open(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  if (path.empty()) return Error{Action::kFixConfig, "the state directory has an empty path"};
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    if (Result<void> made = make_folders(path); !made) return std::move(made).error();
  }
  Result<Fd> dir = open_folder(path);
  if (!dir) return std::move(dir).error();
  if (Result<void> ours = check_owner(path, dir->get()); !ours) return std::move(ours).error();
  Result<Fd> lock = lock_folder(path, dir->get());
  if (!lock) return std::move(lock).error();
  return StateDir(std::move(path), *std::move(dir), *std::move(lock));
}

}  // namespace waybill::delivery
