// SPDX-License-Identifier: Apache-2.0
// SocketPath: a Unix socket bound to a path, which goes when it goes.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "core/result.h"
#include "inputs/fd.h"

namespace waybill::inputs::unix_socket {

// Who may write to a socket.
struct SocketAccess {
  mode_t permissions = 0660;
  std::optional<uid_t> owner = {};  // else the process's own
  std::optional<gid_t> group = {};
};

// The id of a user or group by its name, or written as a number. Nothing when there is none.
std::optional<uid_t> user_id(const std::string& name);
std::optional<gid_t> group_id(const std::string& name);

// Main thread only: binding sets the umask of the process for a moment.
class SocketPath {
 public:
  SocketPath() = default;
  SocketPath(SocketPath&&) = delete;
  ~SocketPath() { close(); }

  // Binds a non-blocking socket of `type` (SOCK_DGRAM, SOCK_STREAM) to `path`. A socket that a
  // killed process left there is replaced; one that somebody listens on, and anything that is no
  // socket, is an Error. So is an owner or group that we may not give it to.
  Result<void> bind(const std::string& path, int type, const SocketAccess& access);
  // Closes it and removes the path, if it still is ours.
  void close();
  int fd() const { return fd_.get(); }

 private:
  Fd fd_;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace waybill::inputs::unix_socket
