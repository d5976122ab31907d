// SPDX-License-Identifier: Apache-2.0
// UdpInput: lines from UDP datagrams.
#pragma once

#include <memory>
#include <string>

#include "inputs/datagram_receiver.h"
#include "inputs/fd.h"
#include "inputs/input.h"

namespace waybill::inputs::udp {

struct UdpSettings {
  std::string listen = "127.0.0.1:5514";  // "host:port", "[::1]:5514", ":5514" for every address
  bool trust_service = false;
  size_t receive_buffer = 8 << 20;  // of the kernel; what it grants
  std::string format = "auto";
};

// Port 0 takes a free one; where it listens is logged.
class UdpInput : public Input {
 public:
  explicit UdpInput(UdpSettings settings) : settings_(std::move(settings)) {}

  Result<void> start(const Context& context, std::function<void()> on_end) override;
  void on_room() override;
  void drain() override;
  void stop() override;
  bool can_end() const override { return once_; }
  std::optional<Place> occupies() const override { return network_place("udp", settings_.listen); }

  // "address:port" while it listens, else empty.
  virtual std::string bound() const { return bound_; }

 private:
  Result<void> open();
  void set_receive_buffer();

  const UdpSettings settings_;
  Fd socket_;
  std::unique_ptr<DatagramReceiver> receiver_;
  std::function<void()> on_end_;
  std::string bound_;
  bool once_ = false;
};

}  // namespace waybill::inputs::udp
