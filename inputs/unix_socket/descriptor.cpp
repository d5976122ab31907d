// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/un.h>

#include <charconv>

#include "config/options.h"
#include "inputs/unix_socket/unix_input.h"

namespace waybill::inputs::unix_socket {

namespace {

constexpr Duration kLongest = std::chrono::hours(24 * 30);

struct Written : UnixSettings {
  std::string permissions = "0660";
  std::string owner, group;
};

const config::OptionTable<Written>& table() {
  static const auto made =
      config::OptionTable<Written>()
          .other("type", config::OptionKind::kString, "`unix`")
          .required_text("path", &Written::path, "where the socket is made; removed at the end")
          .choice<Mode>("mode", &Written::mode, {"datagram", "stream"},
                        "one or more lines per datagram, or lines over connections")
          .text("permissions", &Written::permissions, "who may write to it, in octal and in quotes")
          .text("owner", &Written::owner, "whom it belongs to, by name or number; else ourselves")
          .text("group", &Written::group, "its group, by name or number; else our own")
          .flag("trust_service", &Written::trust_service, "whether senders may name a service")
          .text("format", &Written::format, "`auto`, or the name of the parser for every line")
          .integer("max_connections", &Written::max_connections, 1, 10'000,
                   "connections at a time with `mode: stream`; further ones wait")
          .choice<Framing>(
              "framing", &Written::framing, {"auto", "newline", "octet_counting"},
              "with `mode: stream`: what ends a message (RFC 6587); `auto` looks at the first "
              "bytes of each connection")
          .duration("idle_timeout", &Written::idle_timeout, Duration::zero(), kLongest,
                    "with `mode: stream`: closes a connection that says nothing for so long; `0s` "
                    "never");
  return made;
}

bool read_access(const config::Section& section, Written& written) {
  bool fine = true;
  const std::string& octal = written.permissions;
  auto [end, error] =
      std::from_chars(octal.data(), octal.data() + octal.size(), written.access.permissions, 8);
  if (error != std::errc() || end != octal.data() + octal.size() ||
      written.access.permissions > 0777) {
    section.fault("permissions", "'" + octal + "' are no permissions: write them like \"0660\"");
    fine = false;
  }
  if (section.has("owner") && !(written.access.owner = user_id(written.owner))) {
    section.fault("owner", "this system knows no user '" + written.owner + "'");
    fine = false;
  }
  if (section.has("group") && !(written.access.group = group_id(written.group))) {
    section.fault("group", "this system knows no group '" + written.group + "'");
    fine = false;
  }
  return fine;
}

std::unique_ptr<Input> make(const config::Section& section) {
  Written written;
  table().read(section, written);
  if (written.path.size() >= sizeof(sockaddr_un::sun_path)) {
    section.fault("path", fmt::format("the path of a socket may have {} bytes, this one has {}",
                                      sizeof(sockaddr_un::sun_path) - 1, written.path.size()));
    return nullptr;
  }
  if (!read_access(section, written)) return nullptr;
  return std::make_unique<UnixInput>(static_cast<UnixSettings&&>(written));
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
