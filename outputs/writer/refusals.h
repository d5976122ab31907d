// SPDX-License-Identifier: Apache-2.0
// Refusals: records for a place that will never take them, as a name that is a folder's. Kept as
// dead letters where there are any, counted, and said.
#pragma once

#include <string>
#include <unordered_set>

#include "core/buffer.h"
#include "core/ledger.h"
#include "core/throttle.h"
#include "delivery/dead_letters/dead_letters.h"
#include "outputs/writer/sink.h"

namespace waybill::outputs::writer {

// Of one output; its thread's. `ledger` and `letters` outlive it; `letters` may be null.
class Refusals {
 public:
  Refusals(std::string output, OutputLedger& ledger, delivery::DeadLetters* letters)
      : output_(std::move(output)), ledger_(ledger), letters_(letters) {}

  // Settles what is unsettled of the piece; `problem` says what is wrong with its place.
  void refuse(const Piece& piece, const std::string& problem);

 private:
  void write();
  void say(std::string place, const std::string& problem, const std::string& became,
           uint64_t records);

  const std::string output_;
  OutputLedger& ledger_;
  delivery::DeadLetters* const letters_;
  Buffer composed_;
  uint64_t pending_ = 0;  // composed
  uint64_t kept_ = 0, dropped_ = 0;
  std::string trouble_;  // why letters were not written; empty: they were
  // Places, so many as are told one by one: lines may make up any number of them.
  std::unordered_set<std::string> told_;
  Throttle log_{std::chrono::minutes(1)};  // of those beyond
};

}  // namespace waybill::outputs::writer
