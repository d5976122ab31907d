// SPDX-License-Identifier: Apache-2.0
// TcpInput: lines, or messages that say their size, over TCP, with or without TLS.
#pragma once

#include <memory>
#include <string>

#include "inputs/connections.h"
#include "inputs/fd.h"
#include "inputs/input.h"
#include "inputs/tls/server.h"

namespace waybill::inputs::tcp {

struct TcpSettings {
  std::string listen = "127.0.0.1:5515";  // "host:port", "[::1]:5515", ":5515" for every address
  tls::ServerSettings tls;                // without a cert_file: plain text
  Framing framing = Framing::kAuto;
  int64_t max_connections = 256;                     // further ones wait until one is closed
  Duration idle_timeout = std::chrono::minutes(10);  // 0: never
  bool trust_service = false;
  std::string format = "auto";
};

// Port 0 takes a free one; where it listens is logged.
class TcpInput : public Input {
 public:
  // `tls`: as settings.tls says; empty without.
  TcpInput(TcpSettings settings, std::shared_ptr<const tls::Server> tls)
      : settings_(std::move(settings)), tls_(std::move(tls)) {}

  Result<void> start(const Context& context, std::function<void()> on_end) override;
  void on_room() override;
  void drain() override;
  void stop() override;
  bool can_end() const override { return once_; }
  std::optional<Place> occupies() const override { return network_place("tcp", settings_.listen); }
  // Takes over certificates that were renewed in place: from the next connection on.
  bool reconfigure(const Input& next) override;

  const std::string& bound() const { return bound_; }  // "address:port" while it listens
  size_t connections() const { return connections_ ? connections_->size() : 0; }

 private:
  const TcpSettings settings_;
  std::shared_ptr<const tls::Server> tls_;
  Fd socket_;
  std::unique_ptr<Connections> connections_;
  std::function<void()> on_end_;
  std::string bound_;
  bool once_ = false;
  bool draining_ = false;
};

}  // namespace waybill::inputs::tcp
