// SPDX-License-Identifier: Apache-2.0
#include "inputs/unix_socket/unix_input.h"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

#include "inputs/peer_sources.h"

namespace waybill::inputs::unix_socket {

namespace {

constexpr int kBacklog = 128;
constexpr auto kIdle = std::chrono::milliseconds(100);
constexpr auto kIdleCheck = std::chrono::milliseconds(20);
constexpr auto kAcceptAgain = std::chrono::seconds(1);

}  // namespace

Source UnixInput::model() const {
  Source made;
  made.input = name;
  made.format = settings_.format;
  made.network = true;
  made.trust_service = settings_.trust_service;
  return made;
}

Result<void> UnixInput::start(const Context& context, std::function<void()> on_end) {
  bool datagrams = settings_.mode == Mode::kDatagram;
  Result<void> bound =
      path_.bind(settings_.path, datagrams ? SOCK_DGRAM : SOCK_STREAM, settings_.permissions);
  if (!bound) return std::move(bound.error()).within("input " + name);
  context_ = std::make_unique<const Context>(context);
  on_end_ = std::move(on_end);
  timer_ = std::make_unique<boost::asio::steady_timer>(context.io);
  if (datagrams) {
    receiver_ =
        std::make_unique<DatagramReceiver>(context, path_.fd(), DatagramReceiver::kUnix, model());
    receiver_->start();
  } else {
    if (listen(path_.fd(), kBacklog) != 0) {
      return errno_error("input " + name + ": " + settings_.path, errno);
    }
    listening_ = std::make_unique<Readiness>(context.io);
    listening_->open(path_.fd(), Readiness::Direction::kRead, Readiness::Sharing::kOwn);
    wait_for_connections();
  }
  spdlog::info("input {} listens on {}", name, settings_.path);
  if (context.once) drain();
  return {};
}

void UnixInput::wait_for_connections() {
  // Who comes when all are taken waits in the kernel's queue.
  if (!listening_ || connections_.size() >= static_cast<size_t>(settings_.max_connections)) return;
  listening_->wait(lifeline_.guard([this] { accept(); }));
}

void UnixInput::accept() {
  Fd fd(accept4(path_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (fd) {
    add_connection(std::move(fd));
  } else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
    spdlog::warn("input {}: a connection has to wait: {}", name, std::strerror(errno));
    if (draining_) return;  // the timer is needed for that
    timer_->expires_after(kAcceptAgain);
    timer_->async_wait(lifeline_.guard([this](boost::system::error_code error) {
      if (!error) wait_for_connections();
    }));
    return;
  }
  wait_for_connections();
}

void UnixInput::add_connection(Fd fd) {
  auto source = std::make_shared<Source>(model());
  uint64_t number = next_source_number();
  source->number = number;
  source->nonce = random_id();
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getpeername(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    source->peer = address_text(address, size);
  }
  auto ended = lifeline_.guard([this, number] {
    connections_.erase(number);
    wait_for_connections();
  });
  auto pump =
      std::make_unique<StreamPump>(*context_, std::move(fd), Readiness::Sharing::kOwn,
                                   std::move(source), StreamPump::Hooks{std::move(ended), {}, {}});
  pump->start();
  connections_.emplace(number, std::move(pump));
}

void UnixInput::on_room() {
  if (receiver_) receiver_->resume();
  for (const auto& [number, pump] : connections_) pump->resume();
}

void UnixInput::drain() {
  if (!context_ || draining_) return;
  draining_ = true;
  if (receiver_) {
    receiver_->drain(on_end_);
    return;
  }
  drain_begun_ = steady_now();
  check_idle();
}

// Idle: no connection has said anything for a while. Lines that were begun are submitted then.
void UnixInput::check_idle() {
  SteadyTime last = drain_begun_;
  bool held_up = false;
  for (const auto& [number, pump] : connections_) {
    last = std::max(last, pump->last_bytes());
    held_up = held_up || pump->held_up();
  }
  if (!held_up && steady_now() - last >= kIdle) {
    for (const auto& [number, pump] : connections_) pump->stop();
    connections_.clear();
    listening_.reset();
    boost::asio::post(context_->io, lifeline_.guard([on_end = on_end_] { on_end(); }));
    return;
  }
  timer_->expires_after(kIdleCheck);
  timer_->async_wait(lifeline_.guard([this](boost::system::error_code error) {
    if (!error) check_idle();
  }));
}

void UnixInput::stop() {
  lifeline_.cut();
  if (timer_) timer_->cancel();
  if (receiver_) receiver_->stop();
  receiver_.reset();
  for (const auto& [number, pump] : connections_) pump->stop();
  connections_.clear();
  listening_.reset();
  path_.close();
}

}  // namespace waybill::inputs::unix_socket
