// SPDX-License-Identifier: Apache-2.0
// StateDir: the folder in which a daemon keeps what must survive it. One daemon per folder.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace waybill::delivery {

// An open file descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() {
    int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_ = -1;
};

// Movable; the lock is held as long as it lives.
class StateDir {
 public:
  // Makes the folder when it is not there (0700, its parents 0755), never changes the mode of one
  // that is, and takes its lock. Refused: a folder that others may write to or own, because they
  // could make us write anywhere or skip records; one that another daemon holds; a symbolic link
  // that neither root nor we have made.
  static Result<StateDir> open(std::string path);

  const std::string& path() const { return path_; }
  int fd() const { return dir_.get(); }  // for openat() and friends

 private:
  StateDir(std::string path, Fd dir, Fd lock)
      : path_(std::move(path)), dir_(std::move(dir)), lock_(std::move(lock)) {}

  std::string path_;
  Fd dir_;
  Fd lock_;
};

}  // namespace waybill::delivery
