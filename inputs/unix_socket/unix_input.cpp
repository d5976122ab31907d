// SPDX-License-Identifier: Apache-2.0
#include "inputs/unix_socket/unix_input.h"

#include <sys/socket.h>

#include "core/log.h"

namespace waybill::inputs::unix_socket {

Source UnixInput::model() const {
  Source made;
  made.input = name;
  made.format = settings_.format;
  made.network = true;
  made.trust_service = settings_.trust_service;
  return made;
}

Result<void> UnixInput::start(const Context& context, std::function<void()> on_end) {
  const bool datagrams = settings_.mode == Mode::kDatagram;
  Result<void> bound =
      path_.bind(settings_.path, datagrams ? SOCK_DGRAM : SOCK_STREAM, settings_.access);
  if (!bound) return std::move(bound.error()).within("input " + name);
  once_ = context.once;
  on_end_ = std::move(on_end);
  if (datagrams) {
    receiver_ =
        std::make_unique<DatagramReceiver>(context, path_.fd(), DatagramReceiver::kUnix, model());
    receiver_->start();
  } else if (Result<void> opened = open_stream(context); !opened) {
    return opened;
  }
  spdlog::info("input {} listens on {}", name, settings_.path);
  if (once_) drain();
  return {};
}

Result<void> UnixInput::open_stream(const Context& context) {
  Connections::Settings settings;
  settings.model = model();
  settings.max_connections = settings_.max_connections;
  settings.idle_timeout = settings_.idle_timeout;
  settings.framing = settings_.framing;
  connections_ = std::make_unique<Connections>(context, path_.fd(), std::move(settings));
  if (int failed = connections_->start(); failed != 0) {
    return errno_error("input " + name + ": " + settings_.path, failed);
  }
  return {};
}

void UnixInput::on_room() {
  if (receiver_) receiver_->resume();
  if (connections_) connections_->resume();
}

void UnixInput::drain() {
  if (draining_) return;
  draining_ = true;
  if (receiver_) receiver_->drain(on_end_);
  if (connections_) connections_->drain(on_end_);
}

void UnixInput::stop() {
  if (receiver_) receiver_->stop();
  receiver_.reset();
  connections_.reset();
  path_.close();
}

}  // namespace waybill::inputs::unix_socket
