// SPDX-License-Identifier: Apache-2.0
// Place: what an input takes for itself, so that no other input can have it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace waybill::inputs {

// A port, or the path of a socket.
struct Place {
  std::string_view option;    // that names it: "listen", "path"
  std::string_view protocol;  // "tcp", "udp", "unix"
  std::string host;           // or the path; "" for every address
  uint16_t port = 0;          // not of a path
};

// Of `listen`, an address as bind_address() takes it. Port 0 is a free one, and no place.
Place network_place(std::string_view protocol, const std::string& listen);
// Of a socket at `path`: absolute, `.` and `..` resolved as they are written.
Place socket_place(const std::string& path);

// Whether two inputs cannot have both. Names of hosts are not looked up, but for "localhost".
bool collide(const Place& a, const Place& b);

// "tcp 127.0.0.1:5515", "unix /run/log.sock".
std::string text_of(const Place& place);

}  // namespace waybill::inputs
