// SPDX-License-Identifier: Apache-2.0
// Sender: what is made of what librdkafka reports.
#include <fmt/format.h>

#include "core/log.h"
#include "outputs/kafka/sender.h"
#include "outputs/printable.h"

namespace waybill::outputs::kafka {

void Sender::reported(void* what, rd_kafka_resp_err_t error) {
  Entry& entry = *static_cast<Entry*>(what);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return not_delivered(entry, error);
  entry.lot->flight->payload->settle(entry.slice);
  pending_.done(entry, true);
  ++delivered_;
}

void Sender::not_delivered(Entry& entry, rd_kafka_resp_err_t error) {
  const Verdict verdict = judge(error);
  const std::string& topic = entry.lot->topic->name;
  const bool first = !problem_;
  switch (verdict.kind) {
    case Kind::kDelivered: break;
    case Kind::kTakenBack: pending_.again(entry); break;
    case Kind::kRecord:
      again_ = true;
      // One that was not even taken is bad by itself.
      if (entry.state == Lot::State::kOut && !pending_.refused(entry)) break;
      refuse(entry, verdict.drop, words_of(topic, error));
      break;
    case Kind::kBroken:
      pending_.again(entry);
      if (!broken_ && !ending_) client_failed(false, words_of(topic, error));
      break;
    case Kind::kNeighbour:
      if (entry.state == Lot::State::kOut && !pending_.refused(entry)) {
        again_ = true;
        break;
      }
      [[fallthrough]];  // alone it has no other one to blame
    case Kind::kMisconfigured:
    case Kind::kRetry: {
      const bool misconfigured = verdict.kind == Kind::kMisconfigured;
      again_ = true;
      pending_.failed(entry,
                      misconfigured ? Topic::Trouble::kMisconfigured : Topic::Trouble::kRetry,
                      steady_now());
      entry.lot->topic->why = words_of(topic, error);
      if (first) note(misconfigured, entry.lot->topic->why);
      break;
    }
  }
}

void Sender::trouble(rd_kafka_resp_err_t error, const char* words) {
  if (ending_) return;
  std::string said = printable(words, 400);
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    char why[512] = "";
    rd_kafka_resp_err_t code = with_.api.fatal_error(client_->handle(), why, sizeof why);
    return client_failed(
        judge(code).kind == Kind::kMisconfigured,
        fmt::format("Kafka ended our producer: {}{}", printable(why, 400), advice(code)));
  }
  if (judge(error).kind == Kind::kMisconfigured) {
    std::string problem = fmt::format("Kafka does not take us: {}{}", said, advice(error));
    // Another broker does: librdkafka goes on with this one by itself.
    if (delivers_) return note(true, std::move(problem));
    return client_failed(true, std::move(problem));
  }
  // That all are down is said when each of them has told why.
  if (error != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || connection_problem_.empty()) {
    connection_problem_ = said;
  }
  if (!pending_.empty()) note(false, "cannot reach Kafka: " + connection_problem_);
}

// This client is given up; another one may begin later, or at the end once more.
void Sender::client_failed(bool misconfigured, std::string problem) {
  broken_ = true;
  ++failures_;
  again_ = !pending_.empty();
  not_before_ =
      steady_now() + (misconfigured ? delivery::Backoff::kMisconfigured : backoff_.next());
  if (draining_) {
    not_before_ = SteadyTime::min();
    hopeless_ = failures_ >= 2;
  }
  note(misconfigured, std::move(problem));
}

// Said by settle(): of several the one that somebody has to act on.
void Sender::note(bool misconfigured, std::string problem) {
  if (problem_ && (problem_->misconfigured || !misconfigured)) return;
  problem_ = Problem{misconfigured, std::move(problem)};
}

void Sender::failed(bool misconfigured, const std::string& problem) {
  with_.ledger.state(misconfigured ? OutputState::kMisconfigured : OutputState::kRetrying, problem);
  if (auto line = incident_.failed(steady_now(), misconfigured, problem)) {
    spdlog::log(misconfigured ? spdlog::level::err : spdlog::level::warn, "output {}: {}",
                with_.output.name, *line);
  }
  with_.outbox.delivery_failed();
}

void Sender::recovered() {
  if (!incident_.open()) return;
  with_.ledger.state(OutputState::kOk, "");
  if (auto line = incident_.recovered(steady_now())) {
    spdlog::info("output {}: {}", with_.output.name, *line);
  }
}

std::string Sender::words_of(const std::string& topic, rd_kafka_resp_err_t error) const {
  return fmt::format("topic {}: {}{}", topic, printable(with_.api.err2str(error)), advice(error));
}

}  // namespace waybill::outputs::kafka
