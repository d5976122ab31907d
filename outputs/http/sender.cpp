// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "core/log.h"
#include "outputs/printable.h"

namespace waybill::outputs::http {

using delivery::Payload;

namespace {

// Payloads of a sender of which a part was put off: they keep their memory.
constexpr size_t kMostParked = 4;

}  // namespace

Sender::Sender(const Output& output, const Backend& backend, const Settings& settings,
               Transport& transport, delivery::Outbox& outbox, OutputLedger& ledger,
               Control& control, Refused& refused, Gate& gate, size_t number)
    : output_(output),
      backend_(backend),
      settings_(settings),
      transport_(transport),
      outbox_(outbox),
      ledger_(ledger),
      control_(control),
      refused_(refused),
      gate_(gate),
      number_(number) {}

void Sender::run() {
  while (steady_now() < control_.deadline() && !hopeless_) {
    if (std::unique_ptr<Payload> payload = next_payload()) {
      bool delivered = deliver(*payload);
      done_with(std::move(payload), delivered);
      if (on_limit) on_limit(gate_.limit());
      continue;
    }
    if (outbox_.ended() && parked_.empty()) break;
    refused_.say(false);
  }
  abandon_parked();
  if (!outbox_.ended()) outbox_.abort();
  refused_.say(true);
}

// What to send next, all of it or the parts that are left, in `parts_`. Null: nothing now.
std::unique_ptr<Payload> Sender::next_payload() {
  if (std::unique_ptr<Payload> parked = next_parked()) return parked;
  if (!gate_.wait_for_turn(number_, wake_time())) return nullptr;
  std::unique_ptr<Payload> payload = outbox_.pop_until(wake_time(), wakes_);
  if (payload) begin(*payload);
  return payload;
}

// One that was parked, once a part of it is due; or when nothing else can be sent before that.
std::unique_ptr<Payload> Sender::next_parked() {
  if (parked_.empty()) return nullptr;
  auto earliest = std::min_element(parked_.begin(), parked_.end(),
                                   [&](const auto& a, const auto& b) { return due(a) < due(b); });
  SteadyTime now = steady_now();
  bool nothing_else = parked_.size() >= kMostParked || outbox_.ended();
  if (due(*earliest) > now && !nothing_else && !control_.draining()) return nullptr;
  SteadyTime time = control_.draining() ? SteadyTime::max() : std::max(now, due(*earliest));
  parts_.clear();
  for (Part& part : earliest->parts) {
    bool is_due = due(part) <= time;
    if (is_due) part.not_before = due(part);
    (is_due ? parts_ : aside_).push_back(std::move(part));
  }
  std::unique_ptr<Payload> payload = std::move(earliest->payload);
  parked_.erase(earliest);
  resumed_ = true;
  return payload;
}

// What is to be sent of it: all at once, but for what would be refused, and apart by request_key().
void Sender::begin(Payload& payload) {
  Part all{.picks = std::move(spare_picks_), .whole = true};
  all.picks.resize(payload.slices.size());
  std::iota(all.picks.begin(), all.picks.end(), 0u);
  std::vector<Item> refused = backend_.refuse(payload, wall_now());
  for (const Item& item : refused) {
    refused_.add(payload, {&item.position, 1}, item.drop, item.reason);
  }
  if (!refused.empty()) {
    refused_.post();
    for (const Item& item : refused) payload.settle(item.position);
    std::erase_if(all.picks, [&](uint32_t pick) { return payload.slices[pick].settled; });
    all.whole = false;
  }
  parts_.clear();
  if (payload.group_count < 2) return parts_.push_back(std::move(all));
  take_apart(payload, std::move(all));
}

void Sender::take_apart(const Payload& payload, Part all) {
  auto key_of = [&](uint32_t pick) {
    return backend_.request_key(payload.groups[payload.slices[pick].group]);
  };
  auto other = [&](uint32_t pick) { return key_of(pick) != key_of(all.picks.front()); };
  while (std::any_of(all.picks.begin(), all.picks.end(), other)) {
    std::vector<uint32_t> later;
    std::copy_if(all.picks.begin(), all.picks.end(), std::back_inserter(later), other);
    std::erase_if(all.picks, [&, first = std::string(key_of(all.picks.front()))](uint32_t pick) {
      return key_of(pick) != first;
    });
    parts_.push_back(Part{.picks = std::move(all.picks)});
    all.picks = std::move(later);
    all.whole = false;
  }
  parts_.push_back(std::move(all));
  std::reverse(parts_.begin(), parts_.end());  // the last one is next
}

// Whether others wait for what was put off, or none will come any more: then nothing can be taken
// that would tell more of it.
bool Sender::pressed() const {
  bool full = parked_.size() + (resumed_ ? 1 : 0) >= kMostParked;
  bool last_one = outbox_.ended() && parked_.empty();
  return full || last_one || outbox_.stuck();
}

// Others wait for it no longer than for a moment, if they were taken themselves.
SteadyTime Sender::due(const Part& part) const {
  bool well = part.doubt && gate_.taken() > part.doubt->first;
  return pressed() && well ? std::min(part.soonest, part.not_before) : part.not_before;
}

SteadyTime Sender::due(const Parked& parked) const {
  SteadyTime earliest = SteadyTime::max();
  for (const Part& part : parked.parts) earliest = std::min(earliest, due(part));
  return earliest;
}

SteadyTime Sender::wake_time() const {
  SteadyTime earliest = control_.deadline();
  if (auto say = refused_.due()) earliest = std::min(earliest, *say);
  if (!parked_.empty()) earliest = std::min(earliest, steady_now() + kShortWait);
  for (const Parked& each : parked_) earliest = std::min(earliest, due(each));
  return earliest;
}

// False: what is unsettled will not be delivered any more.
bool Sender::deliver(Payload& payload) {
  Next next = Next::kGoOn;
  while (!parts_.empty() && next == Next::kGoOn) next = send_part(payload);
  if (!parts_.empty()) spare_picks_ = std::move(parts_.front().picks);
  body_.bytes.release();
  return next == Next::kGoOn;
}

void Sender::done_with(std::unique_ptr<Payload> payload, bool delivered) {
  if (!delivered) {
    outbox_.abandon(std::move(payload));
  } else if (aside_.empty()) {
    outbox_.give(std::move(payload));
  } else {
    payload->body.bytes.release();  // it may wait for long, and what is left of it is little
    payload->recharge();
    parked_.push_back({std::move(payload), std::exchange(aside_, {})});
  }
  aside_.clear();
  resumed_ = false;
  tell_put_off(!parked_.empty());
}

void Sender::abandon_parked() {
  if (parked_.empty()) return;
  for (Parked& each : parked_) outbox_.abandon(std::move(each.payload));
  parked_.clear();
  tell_put_off(false);
}

void Sender::tell_put_off(bool holds_some) {
  if (std::exchange(put_off_, holds_some) != holds_some) gate_.put_off(holds_some);
}

Sender::Next Sender::send_part(Payload& payload) {
  Part& part = parts_.back();
  if (part.picks.empty()) {
    parts_.pop_back();
    return Next::kGoOn;
  }
  std::string_view bytes = payload.body.bytes.view();
  if (!part.whole || bytes.empty()) {
    output_.compose(payload, part.picks, body_);
    bytes = body_.bytes.view();
  }
  gate_.enter(part.not_before);
  sent_ = steady_now();
  if (control_.stopping()) {
    gate_.gave_up(sent_);
    return Next::kAbandon;
  }
  refresh_secrets();
  if (++part.attempt > 1) ledger_.retried();
  const std::vector<std::string>& urls = backend_.endpoint().urls;
  url_ = gate_.pick();
  std::string_view key =
      backend_.request_key(payload.groups[payload.slices[part.picks.front()].group]);
  Reply reply = transport_.send({urls[url_], true, bytes, backend_.request_header(key)}, *this);
  switch (reply.kind) {
    case Reply::Kind::kAnswered: ledger_.request_took(reply.seconds); return judge(payload, reply);
    case Reply::Kind::kCut:
      // The end, or a backend that hangs while we drain: it would hang for all the others, too.
      give_up(reply.problem);
      return Next::kAbandon;
    case Reply::Kind::kTimedOut:
      ledger_.request_took(reply.seconds);
      if (control_.draining()) {
        give_up(reply.problem);
        return Next::kAbandon;
      }
      break;
    case Reply::Kind::kTooLarge:
      if (part.picks.size() > 1) return halve(payload, DropReason::kTooLarge, reply.problem);
      break;
    case Reply::Kind::kFailed:
    case Reply::Kind::kMisconfigured: break;
  }
  return failed({.misconfigured = reply.kind == Reply::Kind::kMisconfigured,
                 .overloaded = reply.kind == Reply::Kind::kTimedOut,
                 .url_failed = true},
                reply.problem);
}

// A token or a certificate that expires is replaced in its file, by somebody who does not know of
// us.
void Sender::refresh_secrets() {
  std::optional<std::string> problem = transport_.refresh(std::exchange(refused_us_, false));
  if (!problem) return;
  spdlog::warn("output {}: {}; what was read before is used", output_.name, *problem);
}

std::string Sender::refusal(const Response& response, const std::string& words) const {
  const char* hint = "";
  if (response.status == 401 || response.status == 403) hint = "; are the credentials right?";
  if (response.status == 404 || response.status == 405) hint = "; is the URL right?";
  const std::string& product = backend_.endpoint().product;
  std::string text = response.said.empty()
                         ? fmt::format("{} answers HTTP {}", product, response.status)
                         : fmt::format("{} answers {}", product, response.said);
  if (!words.empty()) text += ": " + printable(words);
  return text + hint;
}

}  // namespace waybill::outputs::http
