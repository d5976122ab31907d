// SPDX-License-Identifier: Apache-2.0
// LetterRecord: makes the record of a dead letter out of the note of its line, as the pipeline did.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/judge.h"
#include "core/batch.h"
#include "core/identity.h"
#include "delivery/note.h"
#include "lineage/lineage.h"
#include "lineage/source_identity.h"
#include "parsers/event_reader.h"

namespace waybill::daemon {

// For one config. One thread at a time.
class LetterRecord {
 public:
  // `contract`: null where no record is judged. What lines inherit is nothing that a line alone can
  // tell: of `lineage` the rest counts.
  LetterRecord(Identity identity, const parsers::Settings& settings,
               const std::vector<std::string>& formats, lineage::LineageSettings lineage,
               std::shared_ptr<const contract::Contract> contract);

  // Appends the record as canonical JSON, without a line end.
  void append(Buffer& out, const delivery::Note& note, std::shared_ptr<Source> source);

 private:
  const Identity identity_;
  ByteBudget budget_{0};  // one record at a time needs no limit
  parsers::EventReader reader_;
  Batch batch_{budget_};
  lineage::Lineage lineage_;
  lineage::SourceIdentities source_identities_;
  std::optional<contract::Judge> judge_;
};

}  // namespace waybill::daemon
