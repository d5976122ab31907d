// SPDX-License-Identifier: Apache-2.0
#include "inputs/udp/udp_input.h"

#include <sys/socket.h>

#include <algorithm>
#include <climits>

#include "core/log.h"
#include "inputs/listen_address.h"

namespace waybill::inputs::udp {

Result<void> UdpInput::start(const Context& context, std::function<void()> on_end) {
  Result<void> opened = open();
  if (!opened) return std::move(opened.error()).within("input " + name);
  spdlog::info("input {} listens on {}", name, bound_);
  on_end_ = std::move(on_end);
  once_ = context.once;

  Source model;
  model.input = name;
  model.format = settings_.format;
  model.network = true;
  model.trust_service = settings_.trust_service;
  receiver_ = std::make_unique<DatagramReceiver>(context, socket_.get(), DatagramReceiver::kUdp,
                                                 std::move(model));
  receiver_->start();
  if (once_) drain();
  return {};
}

Result<void> UdpInput::open() {
  Result<Fd> bound = bind_address(settings_.listen, SOCK_DGRAM);
  if (!bound) return std::move(bound.error());
  socket_ = std::move(*bound);
  set_receive_buffer();
  int on = 1;
  setsockopt(socket_.get(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  bound_ = bound_address(socket_.get());
  return {};
}

void UdpInput::set_receive_buffer() {
  int bytes = static_cast<int>(std::min<size_t>(settings_.receive_buffer, INT_MAX / 2));
  if (setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0) return;
  setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  int granted = 0;
  socklen_t size = sizeof granted;
  getsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &granted, &size);
  // The kernel doubles what is asked for, for its own overhead (socket(7)).
  if (granted / 2 < bytes) {
    spdlog::info(
        "input {}: the kernel grants a receive buffer of {} bytes instead of {}; raise "
        "net.core.rmem_max if datagrams are dropped",
        name, granted / 2, bytes);
  }
}

void UdpInput::on_room() {
  if (receiver_) receiver_->resume();
}

void UdpInput::drain() {
  if (receiver_) receiver_->drain(on_end_);
}

void UdpInput::stop() {
  if (receiver_) receiver_->stop();
  receiver_.reset();
  socket_.reset();
  bound_.clear();
}

}  // namespace waybill::inputs::udp
