// SPDX-License-Identifier: Apache-2.0
// Refused: what a backend will never take. Kept as dead letters where there are any, counted, and
// said.
#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "core/buffer.h"
#include "core/ledger.h"
#include "core/throttle.h"
#include "delivery/dead_letters/dead_letters.h"
#include "delivery/payload.h"

namespace waybill::outputs::http {

// Of one output, for all of its threads: what one has added another may post. `ledger` and
// `letters` outlive it; `letters` may be null.
class Refused {
 public:
  Refused(std::string output, OutputLedger& ledger, delivery::DeadLetters* letters)
      : output_(std::move(output)), ledger_(ledger), letters_(letters) {}

  // The records `picks` of `payload` were refused; `words` say why. In flight until post().
  void add(const delivery::Payload& payload, std::span<const uint32_t> picks, DropReason why,
           const std::string& words);
  // So many were refused, and nobody knows which.
  void add_unnamed(uint64_t records, DropReason why, const std::string& words);
  // Writes what was added, and counts it: dead-lettered, or dropped.
  void post();

  // When say() has something to say that was kept back.
  std::optional<SteadyTime> due() const;
  // Says what is due; all that is left `at_the_end`.
  void say(bool at_the_end);

 private:
  // What is told of one reason, of those that were kept or of those that were not.
  struct Story {
    Throttle throttle{std::chrono::seconds(10)};
    std::string words;     // of the last one
    uint64_t pending = 0;  // added since the last post()
    std::string pending_words;
  };
  using Stories = std::array<Story, kDropReasonCount>;

  // With the lock held.
  bool compose(const delivery::Payload& payload, uint32_t pick, DropReason why,
               const std::string& words);
  void write();
  void tell(Story& story, size_t reason, bool kept, uint64_t records);
  void say(const Story& story, size_t reason, bool kept, uint64_t records) const;

  const std::string output_;
  OutputLedger& ledger_;
  delivery::DeadLetters* const letters_;
  mutable std::mutex mutex_;
  Buffer composed_;
  Stories kept_, dropped_;
};

}  // namespace waybill::outputs::http
