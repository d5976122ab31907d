// SPDX-License-Identifier: Apache-2.0
#include "outputs/kafka/sender.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/log.h"
#include "outputs/printable.h"
#include "outputs/template.h"

namespace waybill::outputs::kafka {

using delivery::Payload;

namespace {

using namespace std::chrono_literals;

// How long brokers may say nothing of what they were sent, until that is worth a word.
constexpr Duration kSilence = 15s;
// How often credentials and certificates are looked at.
constexpr Duration kLook = 10s;
// At the end, where brokers could not be reached before: librdkafka tries again within this.
constexpr Duration kLastTry = 3s;
// How long it may take for what was taken back to be reported.
constexpr Duration kTakeBack = 500ms;

bool is_constant(const std::string& topic) {
  Result<Template> made = Template::parse(topic);
  return !made || made->constant();
}

}  // namespace

Sender::Sender(const Parts& parts)
    : with_(parts),
      one_topic_(is_constant(parts.settings.topic)),
      charge_(parts.budget),
      files_(files_of(parts.settings)) {}

Result<std::unique_ptr<Client>> Sender::make_client() {
  Result<Properties> properties = producer_properties(with_.settings, with_.window);
  if (!properties) return std::move(properties).error();
  return Client::make(with_.api, *properties, *this, with_.waker.fd());
}

Result<void> Sender::connect() {
  Result<std::unique_ptr<Client>> made = make_client();
  if (!made) return std::move(made).error();
  client_ = *std::move(made);
  delivers_ = broken_ = outdated_ = ending_ = false;
  return {};
}

void Sender::run() {
  while (!over()) {
    const SteadyTime now = steady_now();
    renew(now);
    take(now);
    relieve(now);
    send(now);
    // What was given back makes room for more.
    if (settle()) continue;
    with_.waker.wait(wake_time());
    if (client_) client_->serve();
    settle();
    with_.refused.say(false);
  }
  take_back();
  settle();
  if (!with_.outbox.ended() || pending_.out() > 0) with_.outbox.abort();
  // No copy is made of what we hold any more, for a spool.
  if (pending_.out() > 0) client_->keep(pending_.leave_bytes());
  end_client();
  abandon_all();
  with_.refused.say(true);
}

// Whether there is nothing to do any more, or no hope of doing it.
bool Sender::over() {
  const SteadyTime now = steady_now();
  if (now >= with_.control.deadline()) return true;
  if (with_.outbox.ended() && pending_.empty()) return true;
  if (!with_.control.draining()) return false;
  if (!draining_) begin_end(now);
  if (pending_.empty()) return false;
  if (hopeless_ || pending_.only_hopeless()) return true;
  if (now < patience()) return false;
  if (!incident_.open()) failed(false, "no acknowledgement came from Kafka");
  return true;
}

void Sender::begin_end(SteadyTime now) {
  draining_ = now;
  pending_.hurry();
  not_before_ = SteadyTime::min();
}

SteadyTime Sender::patience() const {
  SteadyTime until = with_.control.give_up(progress_);
  if (draining_ && incident_.open()) {
    until = std::min(until, std::max(*draining_, progress_) + kLastTry);
  }
  return until;
}

void Sender::take(SteadyTime now) {
  // Where records choose their topic, one that is held keeps nobody else waiting.
  while (pending_.empty() || pending_.bytes(one_topic_) < with_.window) {
    std::unique_ptr<Payload> payload = with_.outbox.pop_until(now);
    if (!payload) return;
    if (pending_.empty()) progress_ = now;
    pending_.add(std::move(payload));
  }
}

// So many payloads behind one that is out, the outbox pops nothing any more: what is for a topic
// that somebody would have to mend is not to stop all the others.
void Sender::relieve(SteadyTime now) {
  if (one_topic_ || !client_ || broken_ || !with_.outbox.stuck()) return;
  const std::string& other = with_.settings.default_topic;
  const Topic::Trouble there = pending_.topic(other).trouble;
  for (Lot* lot : pending_.held_up()) {
    const Topic& held = *lot->topic;
    if (held.name != other && there == Topic::Trouble::kRetry) continue;  // it may go there soon
    if (held.name != other && there == Topic::Trouble::kNone) {
      if (uint64_t report = moved_log_.add(now, lot->open); report != 0) {
        spdlog::warn(
            "output {}: {}: others wait for what is for it, which goes to {} instead ({} record{})",
            with_.output.name, held.why, other, report, report == 1 ? "" : "s");
      }
      pending_.move(*lot, other);
      continue;
    }
    const std::string words =
        fmt::format("{}; others wait for it{}", held.why,
                    held.name == other ? "" : fmt::format(", and topic {} is held, too", other));
    for (Entry& entry : lot->entries) {
      if (entry.state == Lot::State::kWaiting) refuse(entry, DropReason::kRejected, words);
    }
  }
}

void Sender::send(SteadyTime now) {
  full_ = false;
  if (!client_ || broken_ || outdated_) return;
  const bool idle = pending_.out() == 0;
  while (true) {
    full_ = pending_.out() > 0 && pending_.out_bytes() + pending_.out() * kOverhead >= with_.window;
    Entry* entry = full_ ? nullptr : pending_.next(now);
    if (entry == nullptr || !send(*entry, now)) break;
  }
  if (idle && pending_.out() > 0) progress_ = now;
  charge_.set(pending_.out() * kOverhead);
}

// False: no more for now.
bool Sender::send(Entry& entry, SteadyTime now) {
  const Payload& payload = *entry.lot->flight->payload;
  std::optional<Message> message = read_message(payload.encoded(payload.slices[entry.slice]));
  if (!message) {
    refuse(entry, DropReason::kSpoolDamaged, "its bytes are not those of a message");
    return true;
  }
  const size_t size = message->wire_size(), largest = with_.settings.message_max_bytes;
  if (size > largest) {
    refuse(entry, DropReason::kTooLarge,
           fmt::format("it would be a message of {} bytes, and message_max_bytes is {}", size,
                       largest));
    return true;
  }
  rd_kafka_resp_err_t error = client_->send(entry.lot->topic->name, *message, &entry);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
    pending_.sent(entry, now);
    return true;
  }
  // Room comes with the next report.
  full_ = error == RD_KAFKA_RESP_ERR__QUEUE_FULL && pending_.out() > 0;
  if (full_) return false;
  not_delivered(entry, error);
  return !broken_;
}

void Sender::refuse(Entry& entry, DropReason why, const std::string& words) {
  with_.refused.add(*entry.lot->flight->payload, {&entry.slice, 1}, why, words);
  refused_.push_back(&entry);
  pending_.done(entry, false);
}

// Counts what has been reported, and says what it means. True: payloads were given back.
bool Sender::settle() {
  const SteadyTime now = steady_now();
  if (!refused_.empty()) {
    // Not before their dead letters are kept: a copy for the spool leaves out what is settled.
    with_.refused.post();
    for (Entry* entry : refused_) entry->lot->flight->payload->settle(entry->slice);
    refused_.clear();
  }
  if (delivered_ > 0) {
    with_.ledger.delivered(std::exchange(delivered_, 0));
    progress_ = now;
    delivers_ = true;
    failures_ = 0;
    backoff_.reset();
    connection_problem_.clear();
    if (!problem_ && !pending_.any_held()) recovered();
  }
  if (std::exchange(again_, false)) with_.ledger.retried();
  if (!problem_ && !incident_.open() && pending_.out() > 0 && now - progress_ >= kSilence) {
    note(false, fmt::format("no acknowledgement came from Kafka for {} s{}{}",
                            std::chrono::duration_cast<std::chrono::seconds>(kSilence).count(),
                            connection_problem_.empty() ? "" : ": ", connection_problem_));
  }
  if (std::optional<Problem> problem = std::exchange(problem_, std::nullopt)) {
    failed(problem->misconfigured, problem->words);
  }
  charge_.set(pending_.out() * kOverhead);
  return hand_back(now);
}

bool Sender::hand_back(SteadyTime now) {
  bool any = false;
  while (std::unique_ptr<Flight> flight = pending_.take_finished()) {
    if (flight->began != SteadyTime{}) {
      with_.ledger.request_took(std::chrono::duration<double>(now - flight->began).count());
    }
    with_.outbox.give(std::move(flight->payload));
    any = true;
  }
  return any;
}

// A client in the place of one that cannot go on, or knows old secrets.
void Sender::renew(SteadyTime now) {
  look_at_files(now);
  // Nobody waits for what will never be taken; but others' records may be.
  if (client_ && outdated_ && incident_.open()) {
    broken_ = broken_ || !delivers_ || now - progress_ >= kSilence;
  }
  if (client_ && broken_) {
    if (!take_back()) return;
    end_client();
    settle();
  }
  if (client_ && outdated_ && pending_.out() == 0) {
    outdated_ = false;
    Result<std::unique_ptr<Client>> made = make_client();
    if (made) {
      client_ = *std::move(made);
      delivers_ = false;
    } else {
      spdlog::warn("output {}: {}; what was read before is used", with_.output.name,
                   made.error().what);
    }
  }
  if (client_ || now < not_before_ || hopeless_) return;
  if (Result<void> made = connect(); !made) client_failed(true, made.error().what);
}

// A password or a certificate that expires is replaced in its file, by somebody who does not know
// of us.
void Sender::look_at_files(SteadyTime now) {
  if (files_.empty() || now - looked_ < kLook) return;
  looked_ = now;
  if (!files_.changed()) return;
  outdated_ = true;
  not_before_ = SteadyTime::min();
}

// False: not all of it has come back by now, and it goes on to be read. Most does at once; the rest
// once a name server has answered.
bool Sender::take_back() {
  if (!client_ || pending_.out() == 0) return true;
  if (!std::exchange(ending_, true)) {
    client_->purge();
    const SteadyTime until = steady_now() + kTakeBack;
    while (pending_.out() > 0 && steady_now() < until) client_->serve(50ms);
  }
  return pending_.out() == 0;
}

void Sender::end_client() {
  client_.reset();
  pending_.all_again();
  broken_ = outdated_ = ending_ = false;
}

void Sender::abandon_all() {
  while (std::unique_ptr<Payload> payload = pending_.take_any()) {
    with_.outbox.abandon(std::move(payload));
  }
}

SteadyTime Sender::wake_time() const {
  if ((hopeless_ && !pending_.empty()) || pending_.only_hopeless()) return SteadyTime::min();
  if (client_ && (broken_ || outdated_) && pending_.out() == 0) return SteadyTime::min();
  if (client_ && broken_ && !ending_) return SteadyTime::min();
  const SteadyTime now = steady_now();
  SteadyTime earliest = with_.control.deadline();
  if (auto say = with_.refused.due()) earliest = std::min(earliest, *say);
  if (!client_) earliest = std::min(earliest, not_before_);
  if (client_ && !broken_ && !outdated_ && !full_) earliest = std::min(earliest, pending_.due());
  if (pending_.empty()) return earliest;
  const bool counts = !incident_.open() || (client_ && outdated_ && !broken_);
  if (pending_.out() > 0 && counts) earliest = std::min(earliest, progress_ + kSilence);
  if (incident_.open() && !files_.empty()) earliest = std::min(earliest, now + kLook);
  return std::min(earliest, patience());
}

}  // namespace waybill::outputs::kafka
