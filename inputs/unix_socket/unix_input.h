// SPDX-License-Identifier: Apache-2.0
// UnixInput: lines over a Unix socket, in datagrams or over connections.
#pragma once

#include <memory>
#include <string>

#include "inputs/connections.h"
#include "inputs/datagram_receiver.h"
#include "inputs/input.h"
#include "inputs/unix_socket/socket_path.h"

namespace waybill::inputs::unix_socket {

enum class Mode { kDatagram, kStream };

struct UnixSettings {
  std::string path;
  Mode mode = Mode::kDatagram;
  SocketAccess access;
  bool trust_service = false;
  std::string format = "auto";
  // Of kStream alone:
  int64_t max_connections = 256;  // further ones wait until one is closed
  Framing framing = Framing::kAuto;
  Duration idle_timeout{};  // 0: never
};

class UnixInput : public Input {
 public:
  explicit UnixInput(UnixSettings settings) : settings_(std::move(settings)) {}
  ~UnixInput() override { stop(); }

  Result<void> start(const Context& context, std::function<void()> on_end) override;
  void on_room() override;
  void drain() override;
  void stop() override;
  bool can_end() const override { return once_; }
  std::optional<Place> occupies() const override { return socket_place(settings_.path); }

  size_t connections() const { return connections_ ? connections_->size() : 0; }

 private:
  Source model() const;
  Result<void> open_stream(const Context& context);

  const UnixSettings settings_;
  bool once_ = false;
  std::function<void()> on_end_;
  SocketPath path_;
  std::unique_ptr<DatagramReceiver> receiver_;  // datagrams
  std::unique_ptr<Connections> connections_;    // connections
  bool draining_ = false;
};

}  // namespace waybill::inputs::unix_socket
