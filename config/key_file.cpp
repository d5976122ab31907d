// SPDX-License-Identifier: Apache-2.0
#include "config/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace waybill::config {

namespace {

Result<std::string> read_open(int file, const std::string& path) {
  struct stat status {};
  if (fstat(file, &status) != 0) return errno_error(path, errno);
  if (!S_ISREG(status.st_mode)) {
    return Error{Action::kFixConfig, fmt::format("{} is no regular file", path)};
  }
  if ((status.st_mode & (S_IWGRP | S_IRWXO)) != 0) {
    return Error{Action::kFixConfig,
                 fmt::format("{} can be read or changed by others (mode {:04o}): chmod 0600 it",
                             path, status.st_mode & 07777)};
  }
  std::string key(kLargestKey + 1, '\0');
  size_t size = 0;
  while (size < key.size()) {
    ssize_t got = read(file, key.data() + size, key.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(path, errno);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  key.resize(size);
  if (size > kLargestKey) {
    return Error{Action::kFixConfig,
                 fmt::format("{} has more than {} bytes: that is no key", path, kLargestKey)};
  }
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r')) key.pop_back();
  if (key.size() < kSmallestKey) {
    return Error{Action::kFixConfig,
                 fmt::format("{} has {} bytes, and a key needs {} at least: write one, as with "
                             "`openssl rand -hex 32`",
                             path, key.size(), kSmallestKey)};
  }
  return key;
}

}  // namespace

Result<std::string> read_key(const std::string& path) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return errno_error(path, errno);
  Result<std::string> key = read_open(file, path);
  close(file);
  return key;
}

}  // namespace waybill::config
