// SPDX-License-Identifier: Apache-2.0
#include "inputs/connections.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

#include "core/log.h"
#include "inputs/peer_sources.h"

namespace waybill::inputs {

namespace {

constexpr int kBacklog = 128;
constexpr auto kIdle = std::chrono::milliseconds(100);
constexpr auto kIdleCheck = std::chrono::milliseconds(20);
constexpr auto kAcceptAgain = std::chrono::seconds(1);
constexpr auto kWarnings = std::chrono::seconds(10);

bool is_shortage(int code) {
  return code == EMFILE || code == ENFILE || code == ENOMEM || code == ENOBUFS;
}

}  // namespace

Connections::Connections(const Context& context, int fd, Settings settings)
    : context_(context),
      fd_(fd),
      settings_(std::move(settings)),
      allowance_(context.intake.budget()),
      accept_timer_(context.io),
      idle_timer_(context.io),
      drain_timer_(context.io),
      warnings_(kWarnings) {}

int Connections::start() {
  if (listen(fd_, kBacklog) != 0) return errno;
  listening_ = std::make_unique<Readiness>(context_.io);
  if (!listening_->open(fd_, Readiness::Direction::kRead, Readiness::Sharing::kOwn)) return ENOMEM;
  wait();
  return 0;
}

void Connections::wait() {
  // Who comes when all are taken waits in the kernel's queue.
  if (!listening_ || connections_.size() >= static_cast<size_t>(settings_.max_connections)) return;
  listening_->wait([this] { accept(); });
}

// Without a descriptor errno says why.
Fd Connections::accept_one() {
  return Fd(accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

void Connections::accept() {
  if (Fd fd = accept_one()) {
    add(std::move(fd));
  } else if (is_shortage(errno)) {
    spdlog::warn("input {}: a connection has to wait: {}", settings_.model.input,
                 std::strerror(errno));
    accept_timer_.expires_after(kAcceptAgain);
    accept_timer_.async_wait(lifeline_.guard([this](boost::system::error_code error) {
      if (!error) wait();
    }));
    return;
  }
  wait();
}

void Connections::add(Fd fd) {
  auto source = std::make_shared<Source>(settings_.model);
  source->number = next_source_number();
  source->nonce = random_id();
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getpeername(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    source->peer = address_text(address, size);
  }
  // Of a peer that vanished without a word the kernel learns in time. No Unix socket has it.
  int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  const uint64_t number = source->number;
  connections_[number].source = std::move(source);
  context_.ledger.connected();
  if (settings_.tls) {
    shake_hands(number, std::move(fd));
  } else {
    read_from(number, std::make_unique<FdStream>(std::move(fd)));
  }
}

void Connections::shake_hands(uint64_t number, Fd fd) {
  auto done = [this, number](tls::Handshake::Outcome outcome) {
    auto entry = connections_.find(number);
    entry->second.handshake.reset();
    if (outcome.stream) return read_from(number, std::move(outcome.stream));
    context_.ledger.refused();
    if (outcome.why.empty()) {
      spdlog::debug("input {}: {} left before it spoke", settings_.model.input,
                    entry->second.source->peer);
    } else {
      say(*entry->second.source, "the TLS handshake failed: " + outcome.why);
    }
    remove(entry);
    wait();
  };
  connections_[number].handshake = std::make_unique<tls::Handshake>(
      context_.io, std::make_unique<tls::Stream>(settings_.tls, std::move(fd)), std::move(done));
}

void Connections::read_from(uint64_t number, std::unique_ptr<ByteStream> stream) {
  Connection& connection = connections_[number];
  StreamPump::Hooks hooks;
  hooks.ended = lifeline_.guard([this, number] {
    remove(connections_.find(number));
    wait();
  });
  hooks.trouble = [this, source = connection.source](const std::string& trouble) {
    say(*source, trouble);
  };
  connection.pump = std::make_unique<StreamPump>(context_, std::move(stream), settings_.framing,
                                                 allowance_, connection.source, std::move(hooks));
  connection.pump->start();
  watch_idle();
}

void Connections::remove(Entry entry) {
  connections_.erase(entry);
  context_.ledger.disconnected();
}

// Whoever can reach the port can cause these.
void Connections::say(const Source& source, const std::string& trouble) {
  const uint64_t count = warnings_.add(steady_now(), 1);
  if (count == 0) return;
  spdlog::warn("input {}: {}: {}{}", source.input, source.peer.empty() ? "a peer" : source.peer,
               trouble,
               count > 1 ? fmt::format(" (and {} more such connections before)", count - 1) : "");
}

// The timer runs while there is somebody to wait for.
void Connections::watch_idle() {
  const Duration limit = settings_.idle_timeout;
  if (limit == Duration::zero() || connections_.empty() || watching_) return;
  SteadyTime next = steady_now() + limit;
  for (const auto& [number, connection] : connections_) {
    if (!connection.pump || connection.pump->held_up()) continue;
    next = std::min(next, connection.pump->last_bytes() + limit);
  }
  // Thousands of them are not looked through for each that is due.
  next = std::max(next, steady_now() + limit / 16);
  watching_ = true;
  idle_timer_.expires_at(next);
  idle_timer_.async_wait(lifeline_.guard([this](boost::system::error_code error) {
    watching_ = false;
    if (!error) close_idle();
  }));
}

void Connections::close_idle() {
  const SteadyTime silent_since = steady_now() - settings_.idle_timeout;
  for (auto entry = connections_.begin(); entry != connections_.end();) {
    auto at = entry++;
    StreamPump* pump = at->second.pump.get();
    if (pump == nullptr || !pump->running() || pump->held_up()) continue;
    if (pump->last_bytes() > silent_since) continue;
    spdlog::debug("input {}: {} has said nothing for a long time: closed", settings_.model.input,
                  at->second.source->peer);
    pump->stop();
    remove(at);
  }
  wait();
  watch_idle();
}

void Connections::resume() {
  for (const auto& [number, connection] : connections_) {
    if (connection.pump) connection.pump->resume();
  }
}

void Connections::drain(std::function<void()> idle) {
  drained_ = std::move(idle);
  drain_begun_ = steady_now();
  check_drained();
}

// Idle: no connection has said anything for a while. Lines that were begun are submitted then.
void Connections::check_drained() {
  SteadyTime last = drain_begun_;
  bool held_up = false;
  for (const auto& [number, connection] : connections_) {
    if (connection.handshake) last = std::max(last, connection.handshake->last_step());
    if (!connection.pump) continue;
    last = std::max(last, connection.pump->last_bytes());
    held_up = held_up || connection.pump->held_up();
  }
  if (!held_up && steady_now() - last >= kIdle) {
    close_all();
    if (listening_) take_waiting();
    if (connections_.empty()) {
      boost::asio::post(context_.io, lifeline_.guard([drained = drained_] { drained(); }));
      return;
    }
  }
  drain_timer_.expires_after(kIdleCheck);
  drain_timer_.async_wait(lifeline_.guard([this](boost::system::error_code error) {
    if (!error) check_drained();
  }));
}

// What came while all were taken has been acknowledged by the kernel: it is read, too. Once.
void Connections::take_waiting() {
  listening_.reset();
  drain_begun_ = steady_now();
  for (int i = 0; i <= kBacklog; ++i) {
    Fd fd = accept_one();
    if (!fd) return;
    add(std::move(fd));
  }
}

void Connections::close_all() {
  for (const auto& [number, connection] : connections_) {
    if (connection.pump) connection.pump->stop();
    context_.ledger.disconnected();
  }
  connections_.clear();
}

void Connections::stop() {
  lifeline_.cut();
  accept_timer_.cancel();
  idle_timer_.cancel();
  drain_timer_.cancel();
  close_all();
  listening_.reset();
}

}  // namespace waybill::inputs
