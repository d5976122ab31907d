// SPDX-License-Identifier: Apache-2.0
#include "config/address.h"
#include "config/options.h"
#include "inputs/tcp/tcp_input.h"

namespace waybill::inputs::tcp {

namespace {

constexpr Duration kLongest = std::chrono::hours(24 * 30);

const config::OptionTable<tls::ServerSettings>& tls_table() {
  static const auto made =
      config::OptionTable<tls::ServerSettings>()
          .path("cert_file", &tls::ServerSettings::cert_file,
                "PEM file of our certificate and of those between it and the root")
          .path("key_file", &tls::ServerSettings::key_file, "PEM file of its private key")
          .path("client_ca_file", &tls::ServerSettings::client_ca_file,
                "PEM file of the authorities that sign clients' certificates: a client without "
                "one is refused");
  return made;
}

const config::OptionTable<TcpSettings>& table() {
  static const auto made =
      config::OptionTable<TcpSettings>()
          .other("type", config::OptionKind::kString, "`tcp`")
          .text("listen", &TcpSettings::listen,
                "address and port to listen on; `:5515` for every address, port 0 for a free one")
          .section("tls", &TcpSettings::tls, tls_table(),
                   "TLS 1.2 or newer, with a certificate that is read again on reload")
          .choice("framing", &TcpSettings::framing, {"auto", "newline", "octet_counting"},
                  "what ends a message (RFC 6587); `auto` looks at the first bytes of each "
                  "connection")
          .integer("max_connections", &TcpSettings::max_connections, 1, 10'000,
                   "connections at a time; further ones wait")
          .duration("idle_timeout", &TcpSettings::idle_timeout, Duration::zero(), kLongest,
                    "closes a connection that says nothing for so long; `0s` never")
          .flag("trust_service", &TcpSettings::trust_service, "whether senders may name a service")
          .text("format", &TcpSettings::format, "`auto`, or the name of the parser for every line");
  return made;
}

// Empty without TLS, and after a fault.
std::shared_ptr<const tls::Server> load_tls(const config::Section& section,
                                            const tls::ServerSettings& settings) {
  if (settings.cert_file.empty() || settings.key_file.empty()) {
    section.fault("tls", "`cert_file` and `key_file` are both needed");
    return nullptr;
  }
  auto server = tls::Server::load(settings);
  if (server) return std::move(*server);
  section.fault("tls", server.error().what);
  return nullptr;
}

std::unique_ptr<Input> make(const config::Section& section) {
  TcpSettings settings;
  table().read(section, settings);
  bool fine = !section.has("listen") || config::address(section, "listen");
  std::shared_ptr<const tls::Server> server;
  if (section.has("tls")) {
    server = load_tls(section, settings.tls);
    fine = fine && server;
  }
  if (!fine) return nullptr;
  return std::make_unique<TcpInput>(std::move(settings), std::move(server));
}

}  // namespace

const Descriptor& descriptor() {
  static const Descriptor made{
      .type = "tcp",
      .summary = "lines or octet-counted messages over TCP, with or without TLS",
      .options = []() -> const config::OptionList& { return table().list(); },
      .make = make,
  };
  return made;
}

}  // namespace waybill::inputs::tcp
