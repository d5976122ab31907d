// SPDX-License-Identifier: Apache-2.0
// Sender: the loop of a Kafka output's thread. Every record it pops ends delivered, dropped with a
// reason, or abandoned at the end; a delivery report alone says that it was delivered.
//
// What fails for a while (a broker that is away, too few replicas) librdkafka tries again by
// itself, for ever. What it gives up is held here, by topic (pending.h), and what it cannot come
// back from ends it: a new client takes over, with credentials read anew.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/throttle.h"
#include "delivery/backoff.h"
#include "delivery/outbox.h"
#include "outputs/control.h"
#include "outputs/http/file_watch.h"
#include "outputs/http/incident.h"
#include "outputs/http/refused.h"
#include "outputs/kafka/client.h"
#include "outputs/kafka/pending.h"
#include "outputs/kafka/verdict.h"
#include "outputs/kafka/waker.h"
#include "outputs/output.h"

namespace waybill::outputs::kafka {

// All references outlive it. Runs on one thread; Control, the outbox and the Waker are the ways in.
class Sender final : private Reports {
 public:
  // Memory of librdkafka for a message besides its value, about.
  static constexpr size_t kOverhead = 700;

  struct Parts {
    const Output& output;
    const Settings& settings;
    const KafkaApi& api;
    delivery::Outbox& outbox;
    OutputLedger& ledger;
    Control& control;
    http::Refused& refused;
    Waker& waker;
    ByteBudget& budget;
    size_t window;  // bytes that librdkafka is given at most, before they are acknowledged
  };
  explicit Sender(const Parts& parts);

  // The first client. Main thread, before run(): what is wrong with the settings ends the start.
  Result<void> connect();
  // Returns once the outbox is drained, at the deadline of a drain, or after stop(); then the
  // outbox is drained or aborted.
  void run();

 private:
  Result<std::unique_ptr<Client>> make_client();
  bool over();
  void begin_end(SteadyTime now);
  void take(SteadyTime now);
  void relieve(SteadyTime now);
  void send(SteadyTime now);
  bool send(Entry& entry, SteadyTime now);
  bool settle();
  bool hand_back(SteadyTime now);
  void renew(SteadyTime now);
  void look_at_files(SteadyTime now);
  bool take_back();
  void end_client();
  void abandon_all();
  SteadyTime patience() const;
  SteadyTime wake_time() const;

  // ---- Reports ----
  void reported(void* what, rd_kafka_resp_err_t error) override;
  void trouble(rd_kafka_resp_err_t error, const char* words) override;

  void not_delivered(Entry& entry, rd_kafka_resp_err_t error);
  void refuse(Entry& entry, DropReason why, const std::string& words);
  void client_failed(bool misconfigured, std::string problem);
  void note(bool misconfigured, std::string problem);
  void failed(bool misconfigured, const std::string& problem);
  void recovered();
  std::string words_of(const std::string& topic, rd_kafka_resp_err_t error) const;

  const Parts with_;
  const bool one_topic_;
  Pending pending_;
  std::unique_ptr<Client> client_;  // behind pending_, of which it holds bytes until it goes
  ByteCharge charge_;               // for what it needs besides
  http::FileWatch files_;
  SteadyTime looked_{};  // at them
  http::Incident incident_{std::chrono::seconds(10)};

  // The client cannot go on, or is to be replaced once nothing is out; when the next one may begin.
  bool broken_ = false, outdated_ = false;
  bool ending_ = false;    // all is taken back from it: what it complains of is no news
  bool delivers_ = false;  // it has delivered something
  bool full_ = false;      // it takes no more before it reports something
  SteadyTime not_before_{};
  uint32_t failures_ = 0;  // of clients, in a row
  delivery::Backoff backoff_;

  // Since settle():
  uint64_t delivered_ = 0;
  std::vector<Entry*> refused_;
  bool again_ = false;  // something is to be sent again
  struct Problem {
    bool misconfigured;
    std::string words;
  };
  std::optional<Problem> problem_;

  Throttle moved_log_{std::chrono::seconds(10)};
  std::string connection_problem_;      // the last
  SteadyTime progress_{};               // when something was delivered, or first had to be
  std::optional<SteadyTime> draining_;  // since when
  bool hopeless_ = false;
};

}  // namespace waybill::outputs::kafka
