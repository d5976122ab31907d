// SPDX-License-Identifier: Apache-2.0
// ContractStage: between lineage and the outputs, holds every record to the schema of its service.
// What breaks it is counted, told once for each kind, and tagged, mended, kept as a dead letter or
// dropped, as `on_violation` says.
#pragma once

#include <memory>
#include <vector>

#include "contract/judge.h"
#include "core/batch.h"
#include "core/buffer.h"
#include "core/identity.h"
#include "core/ledger.h"
#include "core/throttle.h"
#include "delivery/dead_letters/dead_letters.h"
#include "parsers/common/time_zone.h"

namespace waybill::daemon {

// Records that no output gets.
struct Withheld {
  uint64_t dropped = 0;
  uint64_t quarantined = 0;  // on disk
  uint64_t records() const { return dropped + quarantined; }
};

// Pipeline thread, but for the constructor. For one config.
class ContractStage {
 public:
  // `ledger` and `letters` outlive it. Without letters nothing can be quarantined: it is tagged
  // then. `replaying`: what comes are records already, and they are judged again.
  ContractStage(std::shared_ptr<const contract::Contract> contract, const parsers::TimeZone& zone,
                Ledger& ledger, delivery::DeadLetters* letters, bool replaying);

  // Judges the records of the batch, and takes those out of it that no output is to have. What
  // cannot be kept as a dead letter is tagged and stays: nothing is lost for that.
  Withheld hold(Batch& batch, const Identity& identity);

 private:
  void count(const Record& record, const contract::Judgement& judgement);
  void tell(const Ledger::ViolationKind& kind, const contract::Violation& violation,
            const Record& record, const contract::Judgement& judgement) const;
  void compose(const Batch& batch, const Record& record, const Identity& identity,
               const contract::Judgement& judgement);
  void write(Withheld& withheld);

  contract::Judge judge_;
  Ledger& ledger_;
  delivery::DeadLetters* const letters_;

  std::vector<bool> out_;          // of the batch's records: goes to no output
  std::vector<uint32_t> pending_;  // records whose letters are composed and not written
  Buffer composed_, record_;
  Throttle failures_{std::chrono::seconds(10)};
};

}  // namespace waybill::daemon
