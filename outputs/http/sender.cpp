// SPDX-License-Identifier: Apache-2.0
#include "outputs/http/sender.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <numeric>

#include "outputs/printable.h"

namespace waybill::outputs::http {

using delivery::Payload;

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
  while (steady_now() < control_.deadline()) {
    gate_.wait_for_turn(number_, control_.deadline());
    std::unique_ptr<Payload> payload = outbox_.pop_until(wake_time(), wakes_);
    if (!payload) {
      if (outbox_.ended()) break;
      refused_.say(false);
      continue;
    }
    if (deliver(*payload)) {
      outbox_.give(std::move(payload));
    } else {
      outbox_.abandon(std::move(payload));
    }
    if (on_workers) on_workers(gate_.workers());
  }
  if (!outbox_.ended()) outbox_.abort();
  refused_.say(true);
}

SteadyTime Sender::wake_time() const {
  SteadyTime earliest = control_.deadline();
  if (auto due = refused_.due()) earliest = std::min(earliest, *due);
  return earliest;
}

// False: what is unsettled will not be delivered any more.
bool Sender::deliver(Payload& payload) {
  Part all{.picks = std::move(spare_picks_), .whole = true};
  all.picks.resize(payload.slices.size());
  std::iota(all.picks.begin(), all.picks.end(), 0u);
  parts_.clear();
  parts_.push_back(std::move(all));
  Next next = Next::kGoOn;
  while (!parts_.empty() && next == Next::kGoOn) next = send_part(payload);
  if (!parts_.empty()) spare_picks_ = std::move(parts_.front().picks);
  body_.bytes.release();
  return next == Next::kGoOn;
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
  if (std::exchange(refused_us_, false)) refresh_credentials();
  if (++part.attempt > 1) ledger_.retried();
  const std::vector<std::string>& urls = backend_.endpoint().urls;
  url_ = gate_.url();
  Reply reply = transport_.send({urls[url_ % urls.size()], true, bytes}, *this);
  switch (reply.kind) {
    case Reply::Kind::kAnswered: ledger_.request_took(reply.seconds); return judge(payload, reply);
    case Reply::Kind::kCut:
      // The end, or a backend that hangs while we drain: it would hang for all the others, too.
      gate_.gave_up(sent_);
      ledger_.state(OutputState::kRetrying, reply.problem);
      outbox_.abort();
      return Next::kAbandon;
    case Reply::Kind::kTimedOut:
      ledger_.request_took(reply.seconds);
      if (control_.draining()) {
        gate_.gave_up(sent_);
        ledger_.state(OutputState::kRetrying, reply.problem);
        outbox_.abort();
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

Sender::Next Sender::judge(Payload& payload, const Reply& reply) {
  Part& part = parts_.back();
  const Response& response = reply.response;
  if (response.status < 300 && response.content_type == "text/html") {
    return failed({.misconfigured = true},
                  refusal(response, "a web page: is there a proxy or a login in between?"));
  }
  Verdict verdict = backend_.judge(response, Sent{payload, part.picks, part.attempt});
  switch (verdict.outcome) {
    case Outcome::kRetry:
      return failed({.overloaded = response.status == 429 || response.status == 503,
                     .url_failed = response.status >= 502 && response.status <= 504,
                     .retry_after = response.retry_after},
                    refusal(response, verdict.reason));
    case Outcome::kMisconfigured:
      refused_us_ = true;
      // The request as such was taken: what else is sent may be, too.
      return failed({.misconfigured = true, .put_off = response.status < 300},
                    refusal(response, verdict.reason));
    case Outcome::kSplit:
      return halve(payload, DropReason::kTooLarge, refusal(response, verdict.reason));
    case Outcome::kBisect: return halve(payload, verdict.drop, refusal(response, verdict.reason));
    case Outcome::kPartial: return settle_partly(payload, verdict, response);
    case Outcome::kRejected:
      recovered();
      refused_.add(payload, part.picks, verdict.drop, refusal(response, verdict.reason));
      break;
    case Outcome::kDelivered:
      recovered();
      ledger_.delivered(part.picks.size());
      break;
  }
  settle_all(payload, part);
  return Next::kGoOn;
}

// All records of `part`, which is the last one, are counted; it goes.
void Sender::settle_all(Payload& payload, const Part& part) {
  refused_.post();
  for (uint32_t pick : part.picks) payload.settle(pick);
  spare_picks_ = std::move(parts_.back().picks);
  parts_.pop_back();
}

Sender::Next Sender::halve(Payload& payload, DropReason lone, const std::string& reason) {
  recovered();
  Part& part = parts_.back();
  if (part.picks.size() == 1) {
    refused_.add(payload, part.picks, lone, reason);
    settle_all(payload, part);
    return Next::kGoOn;
  }
  auto middle = part.picks.begin() + static_cast<ptrdiff_t>(part.picks.size() / 2);
  Part first{.picks = {part.picks.begin(), middle}};
  part = Part{.picks = {middle, part.picks.end()}};
  parts_.push_back(std::move(first));  // the older records go first
  return Next::kGoOn;
}

Sender::Next Sender::settle_partly(Payload& payload, const Verdict& verdict,
                                   const Response& response) {
  Part& part = parts_.back();
  auto beyond = [&](const Item& item) { return item.position >= part.picks.size(); };
  bool ascending = std::adjacent_find(verdict.items.begin(), verdict.items.end(),
                                      [](const Item& a, const Item& b) {
                                        return a.position >= b.position;
                                      }) == verdict.items.end();
  if (!ascending || (!verdict.items.empty() && beyond(verdict.items.back()))) {
    return failed({}, refusal(response, "its answer does not fit what was sent"));
  }
  Part again;
  bool busy = false;
  std::string why = verdict.reason;
  size_t next = 0;
  for (const Item& item : verdict.items) {
    for (; next < item.position; ++next) payload.settle(part.picks[next]);
    ++next;
    if (item.retry) {
      again.picks.push_back(part.picks[item.position]);
      busy |= item.busy;
      if (why.empty()) why = item.reason;
      continue;
    }
    payload.settle(part.picks[item.position]);
    refused_.add(payload, {&part.picks[item.position], 1}, item.drop,
                 refusal(response, item.reason.empty() ? verdict.reason : item.reason));
  }
  for (; next < part.picks.size(); ++next) payload.settle(part.picks[next]);
  uint64_t stored = part.picks.size() - verdict.items.size();
  uint64_t unnamed = std::min<uint64_t>(verdict.unnamed, stored);
  if (unnamed != 0 && unnamed == part.picks.size()) {
    refused_.add(payload, part.picks, verdict.drop, refusal(response, verdict.reason));
  } else if (unnamed != 0) {
    refused_.add_unnamed(unnamed, verdict.drop, refusal(response, verdict.reason));
  }
  refused_.post();
  if (stored > unnamed) ledger_.delivered(stored - unnamed);
  if (again.picks.empty()) {
    recovered();
    parts_.pop_back();
    return Next::kGoOn;
  }
  // Those that have been sent in company count their attempts anew.
  bool progress = again.picks.size() < part.picks.size();
  again.attempt = progress ? 1 : part.attempt;
  if (!progress) again.backoff = std::move(part.backoff);
  std::string problem = fmt::format("{} of {} records were put off: {}", again.picks.size(),
                                    part.picks.size(), refusal(response, why));
  part = std::move(again);
  return failed({.overloaded = busy,
                 .put_off = !busy,
                 .progressed = progress,
                 .retry_after = response.retry_after},
                problem);
}

// The last part could not be delivered now: it is sent again once the gate lets it, or given up
// because the end is near.
Sender::Next Sender::failed(Gate::Trouble trouble, const std::string& problem) {
  trouble.sent = sent_;
  trouble.url = url_;
  if (trouble.put_off) wait_longer(trouble);
  bool misconfigured = trouble.misconfigured;
  ledger_.state(misconfigured ? OutputState::kMisconfigured : OutputState::kRetrying, problem);
  if (auto line = gate_.failed(trouble, problem)) {
    spdlog::log(misconfigured ? spdlog::level::err : spdlog::level::warn, "output {}: {}",
                output_.name, *line);
  }
  refused_.say(false);
  // Refused twice, at least once of it while draining.
  bool last = control_.draining() && parts_.back().attempt >= 2;
  return control_.stopping() || last ? Next::kAbandon : Next::kGoOn;
}

// The last part was put off: it has a back-off of its own, as the others go on meanwhile.
void Sender::wait_longer(const Gate::Trouble& trouble) {
  Part& part = parts_.back();
  if (!part.backoff) part.backoff.emplace();
  part.not_before =
      steady_now() + (trouble.misconfigured ? delivery::Backoff::kMisconfigured
                                            : part.backoff->next(trouble.retry_after));
  set_put_off(true);
}

void Sender::set_put_off(bool put_off) {
  if (std::exchange(put_off_, put_off) == put_off) return;
  gate_.put_off(put_off);
  if (on_workers) on_workers(gate_.workers());
}

void Sender::recovered() {
  set_put_off(false);  // only the last part can be, and it was this one
  Gate::Recovery recovery = gate_.succeeded(sent_, outbox_.more());
  if (!recovery.recovered) return;
  ledger_.state(OutputState::kOk, "");
  if (recovery.line) spdlog::info("output {}: {}", output_.name, *recovery.line);
}

// A token that has expired is often replaced in its file, by somebody who does not know of us.
void Sender::refresh_credentials() {
  Result<std::string> header = authorization(settings_.auth);
  if (header && !header->empty()) transport_.set_authorization("Authorization: " + *header);
}

std::string Sender::refusal(const Response& response, const std::string& words) const {
  const char* hint = "";
  if (response.status == 401 || response.status == 403) hint = "; are the credentials right?";
  if (response.status == 404 || response.status == 405) hint = "; is the URL right?";
  const std::string& product = backend_.endpoint().product;
  std::string text = fmt::format("{} answers HTTP {}", product, response.status);
  if (!words.empty()) text += ": " + printable(words);
  return text + hint;
}

}  // namespace waybill::outputs::http
