// SPDX-License-Identifier: Apache-2.0
// Sender: the loop of an HTTP output's threads, each of which has one. Every record it pops ends
// delivered, dropped with a reason, or abandoned at the end.
#pragma once

#include <functional>
#include <memory>
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

  // Called by sender 0 with the number of requests that may be under way, when it may have changed.
  // Set before run().
  std::function<void(size_t)> on_limit;

  // Returns once the outbox is drained, at the deadline of a drain, or after stop(); then the
  // outbox is drained or aborted.
  void run();

 private:
  // How long what was put off waits where others wait for it; and how soon that is noticed.
  static constexpr Duration kShortWait = std::chrono::seconds(1);

  // What speaks for a refusal of a part being about its records, and not about the backend.
  struct Doubt {
    uint64_t first = 0;  // Gate::taken() before the first refusal of it, or of what it was half of
    uint64_t last = 0;   // and at the last one
    uint32_t refusals = 0;  // between which others were taken
  };
  // Records that are sent together. The first part of a payload is all of it.
  struct Part {
    std::vector<uint32_t> picks;
    uint32_t attempt = 0;
    bool whole = false;  // payload.body is its wire form
    std::optional<Doubt> doubt = {};
    // Since it was put off.
    std::optional<delivery::Backoff> backoff = {};
    SteadyTime not_before = {};
    SteadyTime soonest = {};  // the same where others wait for it
  };
  // A payload of which there is nothing left to send but parts that were put off.
  struct Parked {
    std::unique_ptr<delivery::Payload> payload;
    std::vector<Part> parts;
  };
  enum class Next : uint8_t { kGoOn, kAbandon };

  std::unique_ptr<delivery::Payload> next_payload();
  std::unique_ptr<delivery::Payload> next_parked();
  void begin(delivery::Payload& payload);
  void take_apart(const delivery::Payload& payload, Part all);
  bool deliver(delivery::Payload& payload);
  void done_with(std::unique_ptr<delivery::Payload> payload, bool delivered);
  void abandon_parked();
  bool pressed() const;
  SteadyTime due(const Part& part) const;
  SteadyTime due(const Parked& parked) const;

  Next send_part(delivery::Payload& payload);
  Next judge(delivery::Payload& payload, const Reply& reply);
  Next halve(delivery::Payload& payload, DropReason lone, const std::string& reason);
  Next settle_partly(delivery::Payload& payload, const Verdict& verdict, const Response& response);
  Next doubtful(delivery::Payload& payload, const Verdict& verdict, const Response& response);
  Next put_off(delivery::Payload& payload, Gate::Trouble trouble, const Verdict& verdict,
               const std::string& problem);
  Next failed(Gate::Trouble trouble, const std::string& problem);
  bool refused_beside_others(Part& part);
  void settle_all(delivery::Payload& payload, const Part& part);
  void took(uint64_t records);
  void recovered();
  void tell_put_off(bool holds_some);
  void give_up(const std::string& problem);
  void refresh_secrets();
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
  bool refused_us_ = false;  // and our credentials may be why
  bool resumed_ = false;     // the payload at hand was parked
  bool put_off_ = false;     // some records are: as the gate knows
  bool hopeless_ = false;    // it hangs, and we are at the end
  std::vector<Part> parts_;  // of the payload at hand; the last one is next
  std::vector<Part> aside_;  // of the payload at hand: those that were put off
  std::vector<Parked> parked_;
  std::vector<uint32_t> spare_picks_;
  delivery::Body body_;
};

}  // namespace waybill::outputs::http
