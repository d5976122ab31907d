// SPDX-License-Identifier: Apache-2.0
// Sender: the loop of an HTTP output's threads, each of which has one. Every record it pops ends
// delivered, dropped with a reason, or abandoned at the end.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "delivery/backoff.h"
#include "delivery/outbox.h"
#include "outputs/control.h"
#include "outputs/http/backend.h"
#include "outputs/http/gate.h"
#include "outputs/http/refused.h"
#include "outputs/http/transport.h"
#include "outputs/output.h"

namespace waybill::outputs::http {

// All references outlive it. Runs on one thread; Control and the
// outbox are the ways in.
class Sender final : private Patience {
 public:
  Sender(const Output& output, const Backend& backend, const Settings& settings,
         Transport& transport, delivery::Outbox& outbox, OutputLedger& ledger, Control& control,
         Refused& refused, Gate& gate, size_t number);

  // Called by sender 0 with the number of senders that may be at work, when it may have changed.
  // Set before run().
  std::function<void(size_t)> on_workers;

  // Returns once the outbox is drained, at the deadline of a drain, or after stop(); then the
  // outbox is drained or aborted.
  void run();

 private:
  // Records that are sent together. The first part of a payload is all of it.
  struct Part {
    std::vector<uint32_t> picks;
    uint32_t attempt = 0;
    bool whole = false;  // payload.body is its wire form
    // Since the backend, being well, put it off.
    std::optional<delivery::Backoff> backoff = {};
    SteadyTime not_before = {};
  };
  enum class Next : uint8_t { kGoOn, kAbandon };

  bool deliver(delivery::Payload& payload);
  Next send_part(delivery::Payload& payload);
  Next judge(delivery::Payload& payload, const Reply& reply);
  Next halve(delivery::Payload& payload, DropReason lone, const std::string& reason);
  Next settle_partly(delivery::Payload& payload, const Verdict& verdict, const Response& response);
  Next failed(Gate::Trouble trouble, const std::string& problem);
  void wait_longer(const Gate::Trouble& trouble);
  void settle_all(delivery::Payload& payload, const Part& part);
  void recovered();
  void set_put_off(bool put_off);
  void refresh_credentials();
  std::string refusal(const Response& response, const std::string& words) const;
  SteadyTime wake_time() const;
  SteadyTime until(SteadyTime idle_since) const override { return control_.give_up(idle_since); }

  const Output& output_;
  const Backend& backend_;
  const Settings& settings_;
  Transport& transport_;
  delivery::Outbox& outbox_;
  OutputLedger& ledger_;
  Control& control_;
  Refused& refused_;
  Gate& gate_;
  const size_t number_;      // of this sender
  uint64_t wakes_ = 0;       // of the outbox, that it knows of
  SteadyTime sent_{};        // the last request
  size_t url_ = 0;           // which of the endpoint's it went to
  bool put_off_ = false;     // a part of the payload at hand is: as the gate knows
  bool refused_us_ = false;  // and our credentials may be why
  std::vector<Part> parts_;  // of the payload at hand; the last one is next
  std::vector<uint32_t> spare_picks_;
  delivery::Body body_;
};

}  // namespace waybill::outputs::http
