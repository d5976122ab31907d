// SPDX-License-Identifier: Apache-2.0
#include "inputs/stream_pump.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>

#include "inputs/beyond_budget.h"

namespace waybill::inputs {

namespace {

// A program that prints line by line would cost a batch per line: what it prints in this time is
// read together. Pipes hold 64 KiB or more meanwhile, so nobody waits for us.
constexpr auto kGather = std::chrono::milliseconds(2);

}  // namespace

StreamPump::StreamPump(const Context& context, Fd fd, Readiness::Sharing sharing,
                       std::shared_ptr<const Source> source, Hooks hooks)
    : context_(context),
      fd_(std::move(fd)),
      sharing_(sharing),
      source_(std::move(source)),
      hooks_(std::move(hooks)),
      carry_(context.max_line),
      readiness_(context.io),
      pause_(context.io),
      last_bytes_(steady_now()) {}

void StreamPump::start() {
  pollable_ = readiness_.open(fd_.get(), Readiness::Direction::kRead, sharing_);
  wait();
}

void StreamPump::wait() {
  if (pollable_) {
    readiness_.wait([this] { read_once(); });
  } else {
    boost::asio::post(context_.io, lifeline_.guard([this] { read_once(); }));
  }
}

void StreamPump::resume() {
  if (!wants_to_read_ || !running()) return;
  wants_to_read_ = false;
  wait();
}

void StreamPump::read_once() {
  if (!running()) return;
  if (hooks_.held_up && hooks_.held_up()) {
    wants_to_read_ = true;
    return;
  }
  std::unique_ptr<Batch> batch = context_.intake.take(carry_.wanted());
  if (!batch) {
    wants_to_read_ = true;
    return;
  }
  std::span<char> room = carry_.place(*batch);
  ssize_t got = ::read(fd_.get(), room.data(), room.size());
  if (got > 0) {
    size_t size = static_cast<size_t>(got);
    last_bytes_ = steady_now();
    if (hooks_.copy) hooks_.copy({room.data(), size});
    batch->sources.push_back(source_);
    carry_.take(*batch, 0, size);
    submit(std::move(batch));
    read_again_later(size < room.size());
    return;
  }
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    context_.intake.submit(std::move(batch));
    wait();
    return;
  }
  // A terminal's other end was closed: EIO. A connection was torn down: ECONNRESET.
  if (got < 0 && errno != EIO && errno != ECONNRESET) {
    spdlog::warn("input {}: reading {} failed: {}", source_->input,
                 source_->stream.empty() ? "the stream" : source_->stream, std::strerror(errno));
  }
  end(std::move(batch));
}

void StreamPump::read_again_later(bool emptied) {
  if (!emptied || !pollable_) {
    wait();
    return;
  }
  pause_.expires_after(kGather);
  pause_.async_wait(lifeline_.guard([this](boost::system::error_code error) {
    if (!error && running()) wait();
  }));
}

void StreamPump::submit(std::unique_ptr<Batch> batch) {
  batch->read_ns = wall_now();
  batch->read_at = steady_now();
  context_.intake.submit(std::move(batch));
}

void StreamPump::end(std::unique_ptr<Batch> batch) {
  batch->sources.push_back(source_);
  carry_.finish(*batch, 0);
  submit(std::move(batch));
  readiness_.close();
  fd_.reset();
  // A copy: whoever is told may let go of us.
  boost::asio::post(context_.io, lifeline_.guard([ended = hooks_.ended] {
    if (ended) ended();
  }));
}

void StreamPump::stop() {
  if (!running()) return;
  if (carry_.held() > 0) {
    std::unique_ptr<Batch> batch = context_.intake.take(carry_.wanted());
    if (!batch) batch = batch_beyond_budget(carry_.held());
    batch->sources.push_back(source_);
    carry_.finish(*batch, 0);
    submit(std::move(batch));
  }
  lifeline_.cut();
  pause_.cancel();
  readiness_.close();
  fd_.reset();
}

}  // namespace waybill::inputs
