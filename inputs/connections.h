// SPDX-License-Identifier: Apache-2.0
// Connections: accepts the connections of one listening socket and reads lines from them.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "core/throttle.h"
#include "inputs/input.h"
#include "inputs/lifeline.h"
#include "inputs/readiness.h"
#include "inputs/stream_pump.h"
#include "inputs/tls/handshake.h"

namespace waybill::inputs {

// Main thread only. Each connection is a stream and a Source of its own. Nothing is read while
// there is no room: the kernel's buffers fill, and senders wait.
class Connections {
 public:
  struct Settings {
    Source model;                   // what its Sources have in common
    int64_t max_connections = 256;  // further ones wait in the kernel's queue
    Duration idle_timeout{};        // a connection that says nothing for so long is closed; 0: none
    Framing framing = Framing::kAuto;
    std::shared_ptr<const tls::Server> tls;  // empty: plain text
  };

  // `fd`: bound, not closed here.
  Connections(const Context& context, int fd, Settings settings);
  Connections(Connections&&) = delete;
  ~Connections() { stop(); }

  // listen(2): 0, or its errno.
  int start();
  // From the next connection on.
  void replace_tls(std::shared_ptr<const tls::Server> tls) { settings_.tls = std::move(tls); }
  void resume();
  // Calls `idle` once nobody has said anything for 100 ms, those in the kernel's queue included.
  // All connections are closed then, and the lines that were begun are submitted.
  void drain(std::function<void()> idle);
  void stop();

  size_t size() const { return connections_.size(); }

 private:
  // First the handshake, if there is to be one, then the pump.
  struct Connection {
    std::shared_ptr<const Source> source;
    std::unique_ptr<tls::Handshake> handshake;
    std::unique_ptr<StreamPump> pump;
  };
  using Entry = std::unordered_map<uint64_t, Connection>::iterator;

  void wait();
  void accept();
  Fd accept_one();
  void take_waiting();
  void add(Fd fd);
  void shake_hands(uint64_t number, Fd fd);
  void read_from(uint64_t number, std::unique_ptr<ByteStream> stream);
  void remove(Entry entry);
  void watch_idle();
  void close_idle();
  void check_drained();
  void close_all();
  void say(const Source& source, const std::string& trouble);

  const Context context_;
  const int fd_;
  Settings settings_;
  CarryAllowance allowance_;
  std::unique_ptr<Readiness> listening_;                  // empty once no more are accepted
  std::unordered_map<uint64_t, Connection> connections_;  // by Source number
  boost::asio::steady_timer accept_timer_, idle_timer_, drain_timer_;
  bool watching_ = false;  // idle_timer_ runs
  Throttle warnings_;
  std::function<void()> drained_;  // draining, when there is one
  SteadyTime drain_begun_{};
  Lifeline lifeline_;
};

}  // namespace waybill::inputs
