// SPDX-License-Identifier: Apache-2.0
// UnixInput: lines over a Unix socket, in datagrams or over connections.
#pragma once

#include <sys/types.h>

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <unordered_map>

#include "inputs/datagram_receiver.h"
#include "inputs/fd.h"
#include "inputs/input.h"
#include "inputs/stream_pump.h"
#include "inputs/unix_socket/socket_path.h"

namespace waybill::inputs::unix_socket {

enum class Mode { kDatagram, kStream };

struct UnixSettings {
  std::string path;
  Mode mode = Mode::kDatagram;
  mode_t permissions = 0660;
  bool trust_service = false;
  std::string format = "auto";
  int64_t max_connections = 256;  // further ones wait until one is closed
};

class UnixInput : public Input {
 public:
  explicit UnixInput(UnixSettings settings) : settings_(std::move(settings)) {}
  ~UnixInput() override { stop(); }

  Result<void> start(const Context& context, std::function<void()> on_end) override;
  void on_room() override;
  void drain() override;
  void stop() override;
  bool can_end() const override { return context_ && context_->once; }

  size_t connections() const { return connections_.size(); }

 private:
  Source model() const;
  void wait_for_connections();
  void accept();
  void add_connection(Fd fd);
  void check_idle();

  const UnixSettings settings_;
  std::unique_ptr<const Context> context_;
  std::function<void()> on_end_;
  SocketPath path_;
  std::unique_ptr<DatagramReceiver> receiver_;                             // datagrams
  std::unique_ptr<Readiness> listening_;                                   // connections
  std::unordered_map<uint64_t, std::unique_ptr<StreamPump>> connections_;  // by Source number
  std::unique_ptr<boost::asio::steady_timer> timer_;  // for drain, or after accept() has failed
  SteadyTime drain_begun_{};
  bool draining_ = false;
  Lifeline lifeline_;
};

}  // namespace waybill::inputs::unix_socket
