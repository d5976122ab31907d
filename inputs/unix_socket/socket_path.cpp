// SPDX-License-Identifier: Apache-2.0
#include "inputs/unix_socket/socket_path.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace waybill::inputs::unix_socket {

namespace {

// Removes what a process that was killed has left at the path.
Result<void> clear_stale(const std::string& path, const sockaddr_un& address, int type) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return errno_error(path, errno);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return Error{Action::kFixConfig,
                 path + ": what is there is no socket: remove it, or choose another path"};
  }
  Fd probe(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return errno_error(path, errno);
  int refused = connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  // Anything but a refusal (another type, a full backlog, no permission) means that it is alive.
  if (refused == 0 || (errno != ECONNREFUSED && errno != ENOENT)) {
    return Error{Action::kFixConfig,
                 path + ": another program listens there: stop it, or choose another path"};
  }
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return errno_error(path + ": cannot replace the socket that nobody listens on", errno);
  }
  return {};
}

}  // namespace

Result<void> SocketPath::bind(const std::string& path, int type, mode_t permissions) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error{Action::kFixConfig, path + ": the path of a socket may have " +
                                         std::to_string(sizeof address.sun_path - 1) +
                                         " bytes: choose a shorter one"};
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  Result<void> cleared = clear_stale(path, address, type);
  if (!cleared) return cleared;

  Fd fd(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno_error(path, errno);
  // Never open to more than was asked for, not even for a moment.
  mode_t before = umask(static_cast<mode_t>(~permissions & 0777));
  int bound = ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  int failed = errno;
  umask(before);
  if (bound != 0) return errno_error(path + ": cannot create the socket", failed);

  struct stat status {};
  if (lstat(path.c_str(), &status) == 0) {
    device_ = status.st_dev;
    inode_ = status.st_ino;
  }
  fd_ = std::move(fd);
  path_ = path;
  return {};
}

void SocketPath::close() {
  if (!fd_) return;
  struct stat status {};
  bool ours =
      lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
  if (ours) unlink(path_.c_str());
  fd_.reset();
}

}  // namespace waybill::inputs::unix_socket
