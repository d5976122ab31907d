// SPDX-License-Identifier: Apache-2.0
#include "inputs/listen_address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "config/address.h"
#include "inputs/peer_sources.h"

namespace waybill::inputs {

namespace {

// Nothing when it cannot be bound: errno says why.
Fd bound_socket(const addrinfo& to, int type) {
  Fd fd(socket(to.ai_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fd;
  int off = 0, on = 1;
  if (to.ai_family == AF_INET6) {
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  // Connections of an earlier run that linger do not keep us from the port; who listens does.
  if (type == SOCK_STREAM) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd.get(), to.ai_addr, to.ai_addrlen) == 0) return fd;
  const int failed = errno;
  fd.reset();
  errno = failed;
  return fd;
}

}  // namespace

Error listen_error(const std::string& address, int code) {
  std::string hint = code == EADDRINUSE ? ": is another program listening there?"
                     : code == EACCES   ? ": ports below 1024 need CAP_NET_BIND_SERVICE"
                                        : "";
  return {Action::kFixConfig, "cannot listen on " + address + ": " + std::strerror(code) + hint};
}

Result<Fd> bind_address(const std::string& address, int type) {
  std::optional<config::Address> where = config::parse_address(address);
  if (!where) {
    return Error{Action::kFixConfig, "'" + address +
                                         "' is no address and port: write it like "
                                         "127.0.0.1:5514, [::1]:5514 or :5514"};
  }
  const std::string port = std::to_string(where->port);
  addrinfo hints{};
  hints.ai_socktype = type;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  // Every address: the IPv6 wildcard takes IPv4, too, unless there is no IPv6.
  std::vector<std::string> hosts{where->host};
  if (where->host.empty() || where->host == "*") hosts = {"::", "0.0.0.0"};
  int failed = 0;
  for (const std::string& host : hosts) {
    addrinfo* found = nullptr;
    int resolved = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
    if (resolved != 0) {
      return Error{Action::kFixConfig, address + ": " + gai_strerror(resolved)};
    }
    std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, freeaddrinfo);
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
      if (Fd fd = bound_socket(*at, type)) return fd;
      failed = errno;
    }
  }
  return listen_error(address, failed);
}

std::string bound_address(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "";
  return address_text(address, size);
}

}  // namespace waybill::inputs
