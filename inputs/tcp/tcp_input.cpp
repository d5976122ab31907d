// SPDX-License-Identifier: Apache-2.0
#include "inputs/tcp/tcp_input.h"

#include <sys/socket.h>

#include "core/log.h"
#include "inputs/listen_address.h"

namespace waybill::inputs::tcp {

Result<void> TcpInput::start(const Context& context, std::function<void()> on_end) {
  Result<Fd> bound = bind_address(settings_.listen, SOCK_STREAM);
  if (!bound) return std::move(bound.error()).within("input " + name);
  socket_ = std::move(*bound);
  once_ = context.once;
  on_end_ = std::move(on_end);

  Connections::Settings settings;
  settings.model.input = name;
  settings.model.format = settings_.format;
  settings.model.network = true;
  settings.model.trust_service = settings_.trust_service;
  settings.max_connections = settings_.max_connections;
  settings.idle_timeout = settings_.idle_timeout;
  settings.framing = settings_.framing;
  settings.tls = tls_;
  connections_ = std::make_unique<Connections>(context, socket_.get(), std::move(settings));
  if (int failed = connections_->start(); failed != 0) {
    return listen_error(settings_.listen, failed).within("input " + name);
  }
  bound_ = bound_address(socket_.get());
  spdlog::info("input {} listens on {}{}", name, bound_, tls_ ? " with TLS" : "");
  if (once_) drain();
  return {};
}

bool TcpInput::reconfigure(const Input& next) {
  if (!Input::reconfigure(next)) return false;
  const auto* same = dynamic_cast<const TcpInput*>(&next);
  if (same == nullptr) return false;
  tls_ = same->tls_;
  if (connections_) connections_->replace_tls(tls_);
  return true;
}

void TcpInput::on_room() {
  if (connections_) connections_->resume();
}

void TcpInput::drain() {
  if (!connections_ || draining_) return;
  draining_ = true;
  connections_->drain(on_end_);
}

void TcpInput::stop() {
  connections_.reset();
  socket_.reset();
  bound_.clear();
}

}  // namespace waybill::inputs::tcp
