// SPDX-License-Identifier: Apache-2.0
// Sender: what becomes of records after an answer.
#include <fmt/format.h>

#include <algorithm>

#include "core/log.h"
#include "outputs/http/sender.h"

namespace waybill::outputs::http {

using delivery::Payload;

namespace {

// Where others wait for what was put off: how often it is refused.
constexpr uint32_t kFewRefusals = 5;

}  // namespace

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
      if (response.status < 300) {
        return put_off(payload, {.misconfigured = true, .put_off = true}, verdict,
                       refusal(response, verdict.reason));
      }
      return failed({.misconfigured = true}, refusal(response, verdict.reason));
    case Outcome::kDoubtful: return doubtful(payload, verdict, response);
    case Outcome::kSplit:
      return halve(payload, DropReason::kTooLarge, refusal(response, verdict.reason));
    case Outcome::kBisect: return halve(payload, verdict.drop, refusal(response, verdict.reason));
    case Outcome::kPartial: return settle_partly(payload, verdict, response);
    case Outcome::kRejected:
      recovered();
      refused_.add(payload, part.picks, verdict.drop, refusal(response, verdict.reason));
      break;
    case Outcome::kDelivered:
      took(part.picks.size());
      recovered();
      break;
  }
  settle_all(payload, part);
  return Next::kGoOn;
}

// So many records were delivered.
void Sender::took(uint64_t records) {
  gate_.took();
  ledger_.delivered(records);
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
  uint64_t taken = gate_.taken();
  Part again;
  again.doubt = Doubt{.first = taken, .last = taken};
  bool busy = false;
  std::string why = verdict.reason;
  for (const Item& item : verdict.items) {
    if (item.retry) {
      again.picks.push_back(part.picks[item.position]);
      busy |= item.busy;
      if (why.empty()) why = item.reason;
      continue;
    }
    refused_.add(payload, {&part.picks[item.position], 1}, item.drop,
                 refusal(response, item.reason.empty() ? verdict.reason : item.reason));
  }
  uint64_t stored = part.picks.size() - verdict.items.size();
  uint64_t unnamed = std::min<uint64_t>(verdict.unnamed, stored);
  if (unnamed != 0 && unnamed == part.picks.size()) {
    refused_.add(payload, part.picks, verdict.drop, refusal(response, verdict.reason));
  } else if (unnamed != 0) {
    refused_.add_unnamed(unnamed, verdict.drop, refusal(response, verdict.reason));
  }
  refused_.post();
  // Not before its dead letter is kept: a copy for the spool leaves out what is settled.
  size_t waiting = 0;
  for (uint32_t pick : part.picks) {
    bool waits = waiting < again.picks.size() && again.picks[waiting] == pick;
    if (waits) {
      ++waiting;
    } else {
      payload.settle(pick);
    }
  }
  if (stored > unnamed) took(stored - unnamed);
  if (again.picks.empty()) {
    recovered();
    parts_.pop_back();
    return Next::kGoOn;
  }
  // Those that have been sent in company count their attempts anew.
  bool progress = again.picks.size() < part.picks.size();
  // Nothing of a request was taken: the backend may be away as a whole. Once more, and it waits by
  // itself.
  busy |= verdict.refusals == kNeverGivenUp && !progress && !part.backoff && part.attempt == 1;
  again.attempt = progress ? 1 : part.attempt;
  if (!progress) {
    again.backoff = std::move(part.backoff);
    if (part.doubt) again.doubt = part.doubt;
  }
  std::string problem = fmt::format("{} of {} records were put off: {}", again.picks.size(),
                                    part.picks.size(), refusal(response, why));
  part = std::move(again);
  Gate::Trouble trouble{.overloaded = busy,
                        .put_off = !busy,
                        .progressed = progress,
                        .retry_after = response.retry_after};
  if (busy) return failed(trouble, problem);
  return put_off(payload, trouble, verdict, problem);
}

// Whether it is a backend that fails or a record that it cannot take, shows by halves: those that
// are taken tell of the others. Where none is, all are held.
Sender::Next Sender::doubtful(Payload& payload, const Verdict& verdict, const Response& response) {
  Part& part = parts_.back();
  std::string problem = refusal(response, verdict.reason);
  Gate::Trouble trouble{.retry_after = response.retry_after};
  bool beside_others = part.doubt && gate_.taken() > part.doubt->last;
  bool taken_apart = beside_others || part.attempt >= verdict.patience;
  if (taken_apart && part.picks.size() == 1) {
    trouble.put_off = beside_others;
    return put_off(payload, trouble, verdict, problem);
  }
  refused_beside_others(part);
  Next next = failed(trouble, problem);
  // At the end there is no time for all the halves of what is refused as a whole.
  bool hopeless = control_.draining() && taken_apart && !beside_others;
  if (hopeless || next == Next::kAbandon) return Next::kAbandon;
  Part last = std::move(part);
  parts_.pop_back();
  // Behind the others of this payload, which have not been sent since.
  if (!taken_apart) {
    parts_.insert(parts_.begin(), std::move(last));
    return next;
  }
  auto middle = last.picks.begin() + static_cast<ptrdiff_t>(last.picks.size() / 2);
  Part older{.picks = {last.picks.begin(), middle}, .doubt = last.doubt};
  Part newer{.picks = {middle, last.picks.end()}, .doubt = last.doubt};
  parts_.insert(parts_.begin(), std::move(older));
  parts_.insert(parts_.begin(), std::move(newer));
  return next;
}

// Notes a refusal. Whether others were taken since the one before; where none can be, since the
// first one.
bool Sender::refused_beside_others(Part& part) {
  uint64_t taken = gate_.taken();
  if (!part.doubt) part.doubt = Doubt{.first = taken, .last = taken};
  uint64_t since = pressed() ? part.doubt->first : part.doubt->last;
  part.doubt->last = taken;
  return taken > since;
}

// The last part waits by itself, with a back-off of its own, as the others go on meanwhile; until
// it is plain that it will never be taken.
Sender::Next Sender::put_off(Payload& payload, Gate::Trouble trouble, const Verdict& verdict,
                             const std::string& problem) {
  Part& part = parts_.back();
  const bool for_good = verdict.refusals != kNeverGivenUp;
  if (refused_beside_others(part) && for_good) ++part.doubt->refusals;
  uint32_t most = pressed() ? std::min(verdict.refusals, kFewRefusals) : verdict.refusals;
  if (for_good && part.doubt->refusals >= most) {
    recovered();
    refused_.add(payload, part.picks, verdict.drop,
                 fmt::format("{} (again and again, while others are taken)", problem));
    settle_all(payload, part);
    return Next::kGoOn;
  }
  if (!part.backoff) part.backoff.emplace();
  SteadyTime now = steady_now();
  part.not_before = now + (trouble.misconfigured ? delivery::Backoff::kMisconfigured
                                                 : part.backoff->next(trouble.retry_after));
  part.soonest = trouble.retry_after ? part.not_before : now + kShortWait;
  Next next = failed(trouble, problem);
  if (next == Next::kAbandon) return next;
  aside_.push_back(std::move(part));
  parts_.pop_back();
  tell_put_off(true);
  return next;
}

// The last part could not be delivered now: it is sent again once the gate lets it, or given up
// because the end is near.
Sender::Next Sender::failed(Gate::Trouble trouble, const std::string& problem) {
  trouble.sent = sent_;
  trouble.url = url_;
  bool misconfigured = trouble.misconfigured;
  ledger_.state(misconfigured ? OutputState::kMisconfigured : OutputState::kRetrying, problem);
  if (auto line = gate_.failed(trouble, problem)) {
    spdlog::log(misconfigured ? spdlog::level::err : spdlog::level::warn, "output {}: {}",
                output_.name, *line);
  }
  outbox_.delivery_failed();
  refused_.say(false);
  // Refused twice, at least once of it while draining.
  bool last = control_.draining() && parts_.back().attempt >= 2;
  return control_.stopping() || last ? Next::kAbandon : Next::kGoOn;
}

// It hangs, and would hang for all that is left.
void Sender::give_up(const std::string& problem) {
  gate_.gave_up(sent_);
  // What it said when it last said something, as that may be why.
  std::string before = ledger_.snapshot().problem;
  bool told = before.empty() || before.find(problem) != std::string::npos;
  ledger_.state(OutputState::kRetrying,
                told ? problem : fmt::format("{}; before that: {}", problem, before));
  outbox_.abort();
  hopeless_ = true;
}

void Sender::recovered() {
  // The last one of those at hand is settled, or about to be sent in another form.
  bool others = std::any_of(parts_.begin(), std::prev(parts_.end()),
                            [](const Part& part) { return part.backoff.has_value(); });
  tell_put_off(others || !aside_.empty() || !parked_.empty());
  Gate::Recovery recovery = gate_.succeeded(sent_, outbox_.more(), url_);
  if (!recovery.recovered) return;
  ledger_.state(OutputState::kOk, "");
  if (recovery.line) spdlog::info("output {}: {}", output_.name, *recovery.line);
}

}  // namespace waybill::outputs::http
