// SPDX-License-Identifier: Apache-2.0
#include "inputs/stream_pump.h"

#include <fmt/format.h>

#include <boost/asio/post.hpp>

#include "core/log.h"
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
      stream_(std::make_unique<FdStream>(std::move(fd))),
      sharing_(sharing),
      source_(std::move(source)),
      hooks_(std::move(hooks)),
      framer_(Framing::kNewline, context.max_line),
      readiness_(context.io),
      pause_(context.io),
      last_bytes_(steady_now()) {}

StreamPump::StreamPump(const Context& context, std::unique_ptr<ByteStream> stream, Framing framing,
                       CarryAllowance& allowance, std::shared_ptr<const Source> source, Hooks hooks)
    : context_(context),
      stream_(std::move(stream)),
      sharing_(Readiness::Sharing::kOwn),
      source_(std::move(source)),
      hooks_(std::move(hooks)),
      framer_(framing, context.max_line, &allowance),
      readiness_(context.io),
      pause_(context.io),
      last_bytes_(steady_now()) {}

void StreamPump::start() {
  pollable_ = readiness_.open(stream_->fd(), Readiness::Direction::kRead, sharing_);
  wait();
}

void StreamPump::wait() {
  if (pollable_ && !stream_->has_more()) {
    readiness_.wait([this] { read_once(); });
  } else {
    boost::asio::post(context_.io, lifeline_.guard([this] { read_once(); }));
  }
}

void StreamPump::resume() {
  if (!wants_to_read_ || !running()) return;
  wants_to_read_ = false;
  last_bytes_ = steady_now();  // that nothing came was our doing
  wait();
}

void StreamPump::read_once() {
  if (!running()) return;
  if (hooks_.held_up && hooks_.held_up()) {
    wants_to_read_ = true;
    return;
  }
  std::unique_ptr<Batch> batch = context_.intake.take(framer_.wanted());
  if (!batch) {
    wants_to_read_ = true;
    return;
  }
  std::span<char> room = framer_.place(*batch);
  ByteStream::Got got = stream_->read(room);
  switch (got.what) {
    case ByteStream::What::kBytes:
      last_bytes_ = steady_now();
      if (hooks_.copy) hooks_.copy({room.data(), got.size});
      fill(std::move(batch), got.size);
      if (running()) read_again_later(got.size < room.size());
      return;
    case ByteStream::What::kNothingYet:
      context_.intake.submit(std::move(batch));
      wait();
      return;
    case ByteStream::What::kTorn:
      if (framer_.within()) {
        say("the connection ended within a line, without the close_notify of TLS: its rest may "
            "have been cut off on the way");
      }
      break;
    case ByteStream::What::kFailed:
      say(fmt::format("reading {} failed: {}",
                      source_->stream.empty() ? "the stream" : source_->stream, got.why));
      break;
    case ByteStream::What::kEnd: break;
  }
  end(std::move(batch));
}

void StreamPump::say(const std::string& trouble) const {
  if (hooks_.trouble) {
    hooks_.trouble(trouble);
  } else {
    spdlog::warn("input {}: {}", source_->input, trouble);
  }
}

// `size` bytes have been read into the batch.
void StreamPump::fill(std::unique_ptr<Batch> batch, size_t size) {
  batch->sources.push_back(source_);
  framer_.take(*batch, 0, size);
  if (uint64_t bytes = framer_.take_framing_bytes(); bytes > 0) {
    InputCounts counts;
    counts.bytes = bytes;
    context_.ledger.post(counts);
  }
  if (framer_.why_broken().empty()) {
    submit(std::move(batch));
    return;
  }
  // What follows cannot be told apart any more.
  context_.ledger.broke_off(unread_bytes(stream_->fd()));
  say(fmt::format(
      "closed, as {} (RFC 6587 asks for the size of each message in octets, without leading zeros, "
      "and a space): does the sender end its messages with line ends? Then set `framing: newline`",
      framer_.why_broken()));
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
  finish_line(*batch);
  submit(std::move(batch));
  readiness_.close();
  stream_.reset();
  // A copy: whoever is told may let go of us.
  boost::asio::post(context_.io, lifeline_.guard([ended = hooks_.ended] {
    if (ended) ended();
  }));
}

// Needs room for what the framer holds.
void StreamPump::finish_line(Batch& batch) {
  if (uint64_t missing = framer_.missing(); missing > 0) {
    context_.ledger.missed(MissReason::kConnection, missing);
    say(fmt::format("the connection ended within a message: {} of its bytes never came", missing));
  }
  if (batch.sources.empty()) batch.sources.push_back(source_);
  framer_.finish(batch, 0);
}

void StreamPump::stop() {
  if (!running()) return;
  if (framer_.within()) {
    const size_t held = framer_.held();
    std::unique_ptr<Batch> batch = context_.intake.take(framer_.wanted());
    if (!batch) batch = batch_beyond_budget(held);
    finish_line(*batch);
    submit(std::move(batch));
  }
  lifeline_.cut();
  pause_.cancel();
  readiness_.close();
  stream_.reset();
}

}  // namespace waybill::inputs
