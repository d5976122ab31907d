// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/un.h>

#include <charconv>

#include "config/options.h"
#include "inputs/unix_socket/unix_input.h"

namespace waybill::inputs::unix_socket {

namespace {

struct Written {
  std::string path;
  Mode mode = UnixSettings().mode;
  std::string permissions = "0660";
  bool trust_service = UnixSettings().trust_service;
  std::string format = UnixSettings().format;
  int64_t max_connections = UnixSettings().max_connections;
};

const config::OptionTable<Written>& table() {
  static const auto made =
      config::OptionTable<Written>()
          .other("type", config::OptionKind::kString, "`unix`")
          .required_text("path", &Written::path, "where the socket is made; removed at the end")
          .choice("mode", &Written::mode, {"datagram", "stream"},
                  "one or more lines per datagram, or newline-separated over connections")
          .text("permissions", &Written::permissions, "who may write to it, in octal and in quotes")
          .flag("trust_service", &Written::trust_service, "whether senders may name a service")
          .text("format", &Written::format, "`auto`, or the name of the parser for every line")
          .integer("max_connections", &Written::max_connections, 1, 10'000,
                   "connections at a time with `mode: stream`; further ones wait");
  return made;
}

std::unique_ptr<Input> make(const config::Section& section) {
  Written written;
  table().read(section, written);
  UnixSettings settings;
  settings.path = written.path;
  settings.mode = written.mode;
  settings.trust_service = written.trust_service;
  settings.format = written.format;
  settings.max_connections = written.max_connections;
  if (settings.path.size() >= sizeof(sockaddr_un::sun_path)) {
    section.fault("path", fmt::format("the path of a socket may have {} bytes, this one has {}",
                                      sizeof(sockaddr_un::sun_path) - 1, settings.path.size()));
    return nullptr;
  }
  const std::string& octal = written.permissions;
  unsigned bits = 0;
  auto [end, error] = std::from_chars(octal.data(), octal.data() + octal.size(), bits, 8);
  if (error != std::errc() || end != octal.data() + octal.size() || bits > 0777) {
    section.fault("permissions", "'" + octal + "' are no permissions: write them like \"0660\"");
    return nullptr;
  }
  settings.permissions = bits;
  return std::make_unique<UnixInput>(std::move(settings));
}

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor made{
      .type = "unix",
      .summary = "lines over a Unix socket, in datagrams or over connections",
      .options = []() -> const config::OptionList& { return table().list(); },
      .make = make,
  };
  return made;
}

}  // namespace waybill::inputs::unix_socket
