// SPDX-License-Identifier: Apache-2.0
#include "daemon/commands/dry_run.h"

#include <algorithm>
#include <utility>

#include "core/clock.h"
#include "daemon/canonical_names.h"
#include "daemon/pipeline.h"
#include "lineage/record_id.h"

namespace waybill::daemon::commands {

namespace {

constexpr size_t kBudget = size_t{64} * 1024 * 1024;

}  // namespace

DryRun::DryRun(Plan& plan, Source source)
    : plan_(plan),
      budget_(kBudget),
      reader_(plan.parse, plan.config.parse.formats, budget_),
      lineage_(plan.lineage),
      redactor_(plan.redaction),
      source_(std::make_shared<Source>(std::move(source))) {
  source_->number = next_source_number();
  source_->nonce = random_id();
  if (plan_.sampling) sampler_.emplace(plan_.sampling);
  if (plan_.contract) {
    judge_.emplace(plan_.contract, canonical_names(), time_reader(plan_.parse.default_zone), false);
  }
}

void DryRun::read(std::string_view text, const Visit& visit,
                  const std::function<void(uint64_t)>& empty) {
  Batch batch(budget_);
  batch.reset(text.size() + 1);
  fill(batch, text);
  FrameCursor cursor;
  while (cursor.chunk < batch.chunks.size()) {
    batch.clear_records();
    reader_.begin_slice(batch);
    uint64_t none = frame(batch, cursor);
    reader_.read(batch, cursor.chunk < batch.chunks.size());
    if (none > 0) empty(none);
    visit_all(batch, visit);
  }
  // What might have gone on.
  Batch rest(budget_);
  rest.reset(0);
  while (reader_.take_due(rest, SteadyTime::max())) {
    visit_all(rest, visit);
    rest.reset(0);
  }
}

void DryRun::fill(Batch& batch, std::string_view text) const {
  batch.sources.push_back(source_);
  batch.read_ns = wall_now();
  const size_t longest = plan_.config.parse.max_line;
  uint32_t used = 0;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    size_t kept = std::min(end - at, longest);
    std::copy_n(text.data() + at, kept, batch.room().data());
    batch.room()[kept] = '\n';
    batch.commit(kept + 1);
    batch.chunks.push_back(
        Chunk{0, used, static_cast<uint32_t>(kept + 1), at, end - at - kept, false, 0});
    used += static_cast<uint32_t>(kept + 1);
    at = end + 1;
  }
}

void DryRun::visit_all(Batch& batch, const Visit& visit) {
  identities_.fill(batch, plan_.identity);
  for (size_t i = 0; i < batch.records.size(); ++i) visit(batch, batch.records[i], i);
}

lineage::Outcome DryRun::resolve(Batch& batch, Record& record) {
  lineage::Outcome outcome = lineage_.resolve(batch, record);
  if (record.passed == nullptr) record.id = lineage::record_id(source_->nonce, record);
  return outcome;
}

std::optional<contract::Judgement> DryRun::judge(Batch& batch, Record& record) {
  if (!judge_) return std::nullopt;
  contract::Judgement judgement = judge_->judge(batch, record, plan_.identity);
  if (judgement.judged) contract::Judge::note(batch, record, judgement);
  return judgement;
}

bool DryRun::passes(Record& record, const contract::Judgement& judgement) {
  if (!judgement.judged || judgement.violations.empty()) return true;
  switch (judgement.rule->of_broken()) {
    case contract::OnViolation::kQuarantine: record.schema_errors = {}; return false;
    case contract::OnViolation::kDrop: return false;
    default: return true;
  }
}

std::optional<sampling::Verdict> DryRun::sample(Batch& batch, Record& record,
                                                std::vector<std::string>& notes) {
  if (!sampler_) return std::nullopt;
  return sampler_->judge(batch, record, plan_.identity, &notes);
}

bool DryRun::takes(const outputs::Output& output, Batch& batch, Record& record) {
  return !output.when || output.when->matches(batch, record, plan_.identity, scratch_);
}

}  // namespace waybill::daemon::commands
