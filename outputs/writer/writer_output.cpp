// SPDX-License-Identifier: Apache-2.0
#include "outputs/writer/writer_output.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <numeric>

#include "core/log.h"
#include "core/thread.h"
#include "outputs/basics.h"
#include "outputs/runs.h"

namespace waybill::outputs::writer {

namespace {

constexpr Duration kSayEvery = std::chrono::minutes(1);
constexpr Duration kLeastPause = std::chrono::milliseconds(10);

// Where the record begins that byte `at` of the piece belongs to.
size_t record_begin(const Piece& piece, size_t at) {
  size_t begin = 0;
  for (const Part& part : piece.parts) {
    if (part.end > at) break;
    begin = part.end;
  }
  return begin;
}

std::string advice(int code) {
  if (code == ENOSPC) return ": make room on that disk";
  if (code == EDQUOT) return ": raise the quota or make room";
  return "";
}

}  // namespace

WriterOutput::WriterOutput(std::unique_ptr<Sink> sink, std::unique_ptr<Encoder> encoder,
                           std::unique_ptr<Gatherer> gatherer)
    : sink_(std::move(sink)), encoder_(std::move(encoder)), gatherer_(std::move(gatherer)) {}

// ---- pipeline thread ----

void WriterOutput::append(const Batch& batch, const Record& record, delivery::Payload& payload) {
  uint32_t group = payload.group(encoder_->place(batch, record, *identity_));
  Buffer& buffer = payload.buffer(group);
  auto begin = static_cast<uint32_t>(buffer.size());
  encoder_->append(buffer, batch, record, *identity_);
  payload.added(group, begin);
}

void WriterOutput::compose(const delivery::Payload& payload, std::span<const uint32_t> picks,
                           delivery::Body& body) const {
  body.clear();
  for (const Run& run : runs_of(payload, picks)) body.bytes.append(run.bytes(payload));
  body.plain_size = body.bytes.size();
}

// ---- main thread ----

Result<void> WriterOutput::start(const Context& context) {
  identity_ = &context.identity;
  ledger_ = &context.ledger;
  if (Result<void> opened = sink_->open(); !opened) {
    return std::move(opened).error().within("output " + name);
  }
  wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd_ < 0) return errno_error("eventfd", errno, Action::kFatal);
  outbox_ = std::make_unique<delivery::Outbox>(context.budget, context.ledger, context.memory_share,
                                               context.policy);
  refusals_.emplace(name, context.ledger, context.letters);
  if (sink_->refuses() && context.letters != nullptr) outbox_->keep_notes();
  gathered_at_most_ = context.memory_share / 2;
  if (Result<void> spooled = open_spool(*this, context); !spooled) return spooled;
  Result<void> started = start_thread(thread_, [this] {
    pthread_setname_np(pthread_self(), ("out:" + name).substr(0, 15).c_str());
    sigset_t pipe;  // a closed pipe is an errno to us, not a death
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    run();
  });
  if (!started) return std::move(started).error().within("output " + name);
  return {};
}

ProbeReport WriterOutput::probe(const Identity&) {
  ProbeReport report;
  Result<void> opened = sink_->open();
  if (opened) {
    report.facts.push_back(target + " can be written");
  } else {
    report.faults.push_back(opened.error().what);
  }
  return report;
}

Result<std::string> WriterOutput::preview(const Identity& identity, const Batch& batch,
                                          const Record& record) {
  Buffer out;
  if (gatherer_) {
    identity_ = &identity;
    ByteBudget budget(1 << 20);
    auto payload = std::make_unique<delivery::Payload>(budget);
    append(batch, record, *payload);
    gatherer_->put(std::move(payload), steady_now());
    if (gatherer_->next(steady_now(), true, piece_)) out.append(piece_.bytes);
    (void)gatherer_->take(true);
  } else {
    encoder_->append(out, batch, record, identity);
  }
  std::string_view text = out.view();
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return std::string(text);
}

void WriterOutput::drain(SteadyTime deadline) {
  control_.drain(deadline);
  if (outbox_) outbox_->stop_reading_spool();
  wake();
}

void WriterOutput::stop() {
  control_.stop();
  wake();
  if (thread_.joinable()) thread_.join();
  if (outbox_) outbox_->finish();
  if (wake_fd_ >= 0) close(wake_fd_);
  wake_fd_ = -1;
}

void WriterOutput::wake() {
  if (outbox_) outbox_->wake();
  uint64_t one = 1;
  if (wake_fd_ >= 0) [[maybe_unused]]
    ssize_t size = ::write(wake_fd_, &one, sizeof one);
}

delivery::Outbox& WriterOutput::outbox() {
  WAYBILL_CHECK(outbox_ != nullptr, "an output has no outbox before its start");
  return *outbox_;
}

// ---- output's thread ----

void WriterOutput::run() {
  while (steady_now() < control_.deadline()) {
    SteadyTime until = std::min(control_.deadline(), sink_->tend_at());
    if (gatherer_) until = std::min(until, gatherer_->due());
    std::unique_ptr<delivery::Payload> payload = outbox_->pop_until(until);
    if (steady_now() >= sink_->tend_at()) sink_->tend();
    if (!payload && outbox_->drained()) break;
    if (!gatherer_) {
      if (payload) send(std::move(payload));
      continue;
    }
    if (payload) gatherer_->put(std::move(payload), steady_now());
    if (!send_gathered()) break;
  }
  sink_->tend();
  if (gatherer_) abandon_gathered();
  if (!outbox_->drained()) outbox_->abort();
}

void WriterOutput::send(std::unique_ptr<delivery::Payload> payload) {
  if (payload->body.bytes.empty()) {  // it comes from the spool
    std::vector<uint32_t> all(payload->slices.size());
    std::iota(all.begin(), all.end(), 0u);
    compose(*payload, all, payload->body);
  }
  Wrote wrote = gone_ ? Wrote::kGone : Wrote::kAll;
  size_t begin = 0;
  for (uint32_t group = 0; group < payload->group_count && wrote == Wrote::kAll; ++group) {
    const size_t size = payload->groups[group].bytes.size();
    piece_.place = payload->groups[group].head;
    piece_.bytes = payload->body.bytes.view().substr(begin, size);
    piece_.parts.clear();
    for (uint32_t i = 0; i < payload->slices.size(); ++i) {
      const delivery::Slice& slice = payload->slices[i];
      if (slice.group == group)
        piece_.parts.push_back({payload.get(), i, slice.begin + slice.size});
    }
    wrote = put(piece_);
    begin += size;
  }
  if (wrote == Wrote::kGaveUp) {
    outbox_->abandon(std::move(payload));
    outbox_->abort();  // what could not be written now cannot be for the next one either
    return;
  }
  if (wrote == Wrote::kGone) drop_rest(*payload);
  outbox_->give(std::move(payload));
  if (wrote == Wrote::kGone) reader_has_gone();
}

// Whatever is due. False: we have given up.
bool WriterOutput::send_gathered() {
  Wrote wrote = gone_ ? Wrote::kGone : Wrote::kAll;
  while (wrote == Wrote::kAll) {
    // What is behind a payload that is held cannot be popped for ever, nor fill our memory.
    bool hurry = outbox_->ended() || outbox_->stuck() || gatherer_->bytes() > gathered_at_most_;
    if (!gatherer_->next(steady_now(), hurry, piece_)) break;
    wrote = put(piece_);
    while (auto settled = gatherer_->take(false)) outbox_->give(std::move(settled));
  }
  if (wrote == Wrote::kGaveUp) {
    abandon_gathered();
    outbox_->abort();
    return false;
  }
  if (wrote == Wrote::kAll) return true;
  while (auto held = gatherer_->take(true)) {
    drop_rest(*held);
    outbox_->give(std::move(held));
  }
  reader_has_gone();
  return true;
}

void WriterOutput::abandon_gathered() {
  while (auto held = gatherer_->take(true)) outbox_->abandon(std::move(held));
}

void WriterOutput::reader_has_gone() {
  if (gone_) return;
  gone_ = true;
  ledger_->state(OutputState::kRetrying, "the reader of " + target + " has gone");
  if (on_reader_gone) on_reader_gone();
}

// Writes it, and settles what has been written, or can never be.
WriterOutput::Wrote WriterOutput::put(const Piece& piece) {
  size_t done = 0;
  Wrote wrote = Wrote::kAll;
  std::string refusal;
  while (true) {
    wrote = write(piece, done, refusal);
    Result<void> synced = sink_->sync();
    if (synced) break;
    // Whatever was written may be lost: to sync it again would find nothing left to do.
    if (wrote == Wrote::kGone || wrote == Wrote::kGaveUp || !failed(synced.error().what)) {
      return Wrote::kGaveUp;
    }
    done = 0;
  }
  settle_written(piece, done);
  if (wrote == Wrote::kAll) recovered();
  if (wrote != Wrote::kRefused) return wrote;
  refusals_->refuse(piece, refusal);
  return Wrote::kAll;  // the other places are waiting
}

// The records whose last byte has been written.
void WriterOutput::settle_written(const Piece& piece, size_t done) {
  uint64_t records = 0;
  for (const Part& part : piece.parts) {
    if (part.end > done) break;
    part.payload->settle(part.slice);
    ++records;
  }
  if (records != 0) ledger_->delivered(records);
}

void WriterOutput::drop_rest(delivery::Payload& payload) {
  uint64_t records = payload.unsettled;
  for (uint32_t i = 0; i < payload.slices.size(); ++i) {
    if (!payload.slices[i].settled) payload.settle(i);
  }
  if (records != 0) ledger_->dropped(DropReason::kOutputClosed, records);
}

// `done`: how many bytes of the piece have been written. `refusal`: why, when it is kRefused.
WriterOutput::Wrote WriterOutput::write(const Piece& piece, size_t& done, std::string& refusal) {
  progress_ = steady_now();
  while (done < piece.bytes.size()) {
    // While one place cannot be written, what the others wait for is done all the same.
    if (steady_now() >= sink_->tend_at()) sink_->tend();
    bool changed = false;
    size_t begins = done == 0 ? piece.bytes.size() : 0;
    if (Result<void> fine = sink_->refresh(piece.place, begins, changed); !fine) {
      if (sink_->take_lost()) done = 0;
      if (fine.error().action == Action::kDrop) {
        refusal = std::move(fine).error().what;
        return Wrote::kRefused;
      }
      if (!failed(fine.error().what)) return Wrote::kGaveUp;
      continue;
    }
    // The rest of a record is of no use in another file: that one gets it whole.
    if (changed) done = record_begin(piece, done);
    Wrote wrote = write_some(piece.bytes, done);
    if (wrote != Wrote::kAll) return wrote;
  }
  return Wrote::kAll;
}

// Writes until all is written (kAll), or a failure has been waited out and the sink wants another
// look (kAll, too, with `done` short of the end).
WriterOutput::Wrote WriterOutput::write_some(std::string_view bytes, size_t& done) {
  while (done < bytes.size()) {
    if (!wait_writable()) return Wrote::kGaveUp;
    size_t size = std::min(bytes.size() - done, sink_->write_limit());
    ssize_t wrote = ::write(sink_->fd(), bytes.data() + done, size);
    int code = errno;
    if (wrote >= 0) {
      done += static_cast<size_t>(wrote);
      progress_ = steady_now();
      continue;
    }
    if (code == EINTR || code == EAGAIN) continue;
    if (code == EPIPE && sink_->ends_with_reader()) return Wrote::kGone;
    std::string problem = errno_error("cannot write to " + target, code).what + advice(code);
    return failed(problem) ? Wrote::kAll : Wrote::kGaveUp;
  }
  return Wrote::kAll;
}

// False at the end, and when a reader has been too slow while we drain.
bool WriterOutput::wait_writable() {
  while (true) {
    SteadyTime now = steady_now();
    SteadyTime until = give_up();
    pollfd fds[2] = {{sink_->fd(), POLLOUT, 0}, {wake_fd_, POLLIN, 0}};
    int wait = -1;
    if (until != SteadyTime::max()) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(std::clamp<Duration>(
          until - std::min(now, until), Duration::zero(), std::chrono::minutes(1)));
      wait = now >= until ? 0 : static_cast<int>(left.count()) + 1;
    }
    int ready = ::poll(fds, 2, wait);
    if (ready < 0 && errno != EINTR) return true;  // write() will say what is wrong
    if (ready > 0 && fds[1].revents != 0) {
      uint64_t count = 0;
      [[maybe_unused]] ssize_t size = ::read(wake_fd_, &count, sizeof count);
    }
    if (ready > 0 && fds[0].revents != 0) return !control_.stopping();
    if (steady_now() >= give_up()) return false;
  }
}

// Says so, and waits for the next attempt; false when there is none.
bool WriterOutput::failed(const std::string& problem) {
  ledger_->state(OutputState::kRetrying, problem);
  ledger_->retried();
  outbox_->delivery_failed();
  SteadyTime now = steady_now();
  if (last_said_ == SteadyTime{} || now - last_said_ >= kSayEvery) {
    spdlog::error("output {}: {} (held: trying again)", name, problem);
    last_said_ = now;
    failing_ = true;
  }
  if (control_.stopping()) return false;
  if (control_.draining() && failures_while_draining_++ > 0) return false;
  const Duration until_tended = std::max<Duration>(sink_->tend_at() - now, kLeastPause);
  control_.pause(std::min(backoff_.next(), until_tended));
  return !control_.stopping();
}

void WriterOutput::recovered() {
  if (backoff_.failures() == 0) return;
  backoff_.reset();
  ledger_->state(OutputState::kOk, "");
  if (failing_) spdlog::info("output {}: writing to {} again", name, target);
  failing_ = false;
}

}  // namespace waybill::outputs::writer
