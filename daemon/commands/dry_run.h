// SPDX-License-Identifier: Apache-2.0
// DryRun: lines through the stages of a pipeline that never starts, one record at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/judge.h"
#include "core/batch.h"
#include "core/byte_budget.h"
#include "core/source.h"
#include "daemon/plan.h"
#include "lineage/lineage.h"
#include "lineage/source_identity.h"
#include "parsers/event_reader.h"
#include "redaction/record_redactor.h"
#include "sampling/sampler.h"

namespace waybill::daemon::commands {

// `plan` outlives it. What the stages remember of earlier lines, they remember here, too.
class DryRun {
 public:
  // `source`: where the lines come from; its number and nonce are set.
  DryRun(Plan& plan, Source source);

  // Lines, as the source would have them: those that are too long are cut. Calls `visit` with each
  // record, which has been parsed, in order; `index` is its place among those at hand. `empty` is
  // called with how many lines without anything there were before them.
  using Visit = std::function<void(Batch& batch, Record& record, size_t index)>;
  void read(std::string_view text, const Visit& visit, const std::function<void(uint64_t)>& empty);

  // ---- the stages, of a record that is being visited, in this order ----
  lineage::Outcome resolve(Batch& batch, Record& record);
  bool redact(Batch& batch, Record& record) { return redactor_.redact(batch, record); }
  // Nothing: no record is judged. What is judged broken is marked as the daemon would.
  std::optional<contract::Judgement> judge(Batch& batch, Record& record);
  // Whether outputs get a record so judged.
  static bool passes(Record& record, const contract::Judgement& judgement);
  // Nothing: every record is sent. `notes`: why, in words.
  std::optional<sampling::Verdict> sample(Batch& batch, Record& record,
                                          std::vector<std::string>& notes);
  // Whether the output's `when` holds.
  bool takes(const outputs::Output& output, Batch& batch, Record& record);

  const Source& source() const { return *source_; }
  ByteBudget& budget() { return budget_; }
  const parsers::EventReader& reader() const { return reader_; }
  const redaction::RecordRedactor& redactor() const { return redactor_; }
  sampling::Sampler& sampler() { return *sampler_; }  // where sample() says something

 private:
  void fill(Batch& batch, std::string_view text) const;
  void visit_all(Batch& batch, const Visit& visit);

  Plan& plan_;
  ByteBudget budget_;
  parsers::EventReader reader_;
  lineage::SourceIdentities identities_;
  lineage::Lineage lineage_;
  std::optional<contract::Judge> judge_;
  redaction::RecordRedactor redactor_;
  std::optional<sampling::Sampler> sampler_;
  std::shared_ptr<Source> source_;
  std::string scratch_;  // of conditions
};

}  // namespace waybill::daemon::commands
