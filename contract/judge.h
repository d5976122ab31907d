// SPDX-License-Identifier: Apache-2.0
// Judge: holds one record after the other to a contract, and writes down what is wrong with them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contract/contract.h"
#include "contract/mender.h"
#include "contract/record_view.h"
#include "contract/validator.h"
#include "core/batch.h"
#include "core/identity.h"

namespace waybill::contract {

// What was found out about one record. Valid until the next one is judged.
struct Judgement {
  const Rule* rule = nullptr;
  std::string_view service;
  bool judged = false;  // else the record is not for a schema: a service's is off, or it passes
  // Of a record that breaks its schema; empty: it is valid, or was made so.
  std::span<const Violation> violations;
  // What was wrong, and is mended in the record.
  std::span<const Violation> repairs;
};

// One per thread. Once warm it allocates nothing for a valid record.
class Judge {
 public:
  // `names` outlives it. `times` reads what stands where a time should, to repair it. `passing`:
  // whether records that pass through are judged, too: they were, where they were made.
  Judge(std::shared_ptr<const Contract> contract, const CanonicalNames& names, TimeReader times,
        bool passing);

  // Alters the record only to repair it. What it needs is in the batch's arena.
  Judgement judge(Batch& batch, Record& record, const Identity& identity);

  // Writes what was found into the record, which goes on with it.
  static void note(Batch& batch, Record& record, const Judgement& judgement) {
    if (!judgement.judged) return;
    record.schema_errors = json(batch, judgement.violations);
    record.schema_repairs = json(batch, judgement.repairs);
  }
  // As JSON in the batch's arena, for Record::schema_errors and Record::schema_repairs:
  // [{"path":…,"keyword":…,"message":…,"expected":…,"got":…}]. Empty for none.
  static std::string_view json(Batch& batch, std::span<const Violation> violations);

 private:
  // What is judged, and by what.
  struct Case {
    Batch& batch;
    Record& record;
    const Identity& identity;
    const Rule& rule;
  };
  const Rule& rule_of(Text service);
  void look(const Case& at);
  bool repair(const Case& at);
  bool repair(const Case& at, Mender& mender, const Violation& violation);
  bool accept(const Case& at, Mender& mender, const Violation& violation, const Substitute& by);

  const std::shared_ptr<const Contract> contract_;
  const TimeReader times_;
  const bool passing_;
  RecordView view_;
  Validator validator_;
  std::vector<Violation> violations_, repairs_;
  Value root_;  // what was looked at
  // The service that the last record was of: most come from the same one.
  std::string service_, scratch_;
  const Rule* last_ = nullptr;
};

}  // namespace waybill::contract
