// SPDX-License-Identifier: Apache-2.0
#include "inputs/unix_socket/socket_path.h"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
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

// The group first and the owner last: as long as it is ours we may change it.
Result<void> hand_over(const std::string& path, const SocketAccess& access) {
  constexpr auto kSame = static_cast<uid_t>(-1);
  const char* what = nullptr;
  if (access.group && lchown(path.c_str(), kSame, *access.group) != 0) {
    what = ": cannot give the socket to its `group` (are we root, or a member of it?)";
  } else if (chmod(path.c_str(), access.permissions) != 0) {
    what = ": cannot set the socket's `permissions`";
  } else if (access.owner && lchown(path.c_str(), *access.owner, kSame) != 0) {
    what = ": cannot give the socket to its `owner` (are we root, or do we have CAP_CHOWN?)";
  }
  if (what != nullptr) return errno_error(path + what, errno);
  return {};
}

template <typename T>
std::optional<T> number(const std::string& text) {
  T value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // The highest number means "as it is" to chown(2).
  if (error != std::errc() || end != text.data() + text.size() || value == static_cast<T>(-1)) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::optional<uid_t> user_id(const std::string& name) {
  if (const passwd* known = getpwnam(name.c_str())) return known->pw_uid;
  return number<uid_t>(name);
}

std::optional<gid_t> group_id(const std::string& name) {
  if (const group* known = getgrnam(name.c_str())) return known->gr_gid;
  return number<gid_t>(name);
}

Result<void> SocketPath::bind(const std::string& path, int type, const SocketAccess& access) {
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
  // Never open to more than was asked for, not even for a moment: not to our own group, either,
  // while it is on its way to another.
  const bool others = access.owner || access.group;
  const mode_t first = others ? access.permissions & 0700 : access.permissions;
  mode_t before = umask(static_cast<mode_t>(~first & 0777));
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
  if (!others) return {};
  Result<void> given = hand_over(path, access);
  if (!given) close();
  return given;
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
