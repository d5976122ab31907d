// SPDX-License-Identifier: Apache-2.0
#include "delivery/own_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace waybill::delivery {

Result<Fd> open_own_file(int dir, const char* name, int flags) {
  Fd file(openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!file && errno == ELOOP) {
    return Error{Action::kFixConfig, std::string(name) + " is a symbolic link: remove it"};
  }
  if (!file) return errno_error(std::string("cannot open ") + name, errno);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return errno_error(std::string("fstat ") + name, errno);
  if (!S_ISREG(status.st_mode) || status.st_nlink != 1 || status.st_uid != geteuid()) {
    return Error{Action::kFixConfig, std::string(name) + " is not a plain file of ours: remove it"};
  }
  return file;
}

Result<void> write_at(int fd, std::string_view bytes, size_t offset) {
  while (!bytes.empty()) {
    ssize_t size = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno_error("write", errno, Action::kRetry);
    bytes.remove_prefix(static_cast<size_t>(size));
    offset += static_cast<size_t>(size);
  }
  return {};
}

}  // namespace waybill::delivery
