// SPDX-License-Identifier: Apache-2.0
#include "daemon/contract_stage.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/canonical.h"
#include "core/log.h"
#include "core/utf8.h"
#include "daemon/canonical_names.h"
#include "outputs/printable.h"

namespace waybill::daemon {

namespace {

using contract::OnViolation;

// Letters are written at the latest when they have come to this, or to what one file may hold.
constexpr size_t kPostBytes = size_t{256} * 1024;
// Of a path as a label.
constexpr size_t kPathBytes = 128;

// The path without what no two records share: positions in lists, and numbers as names, which are
// ids. Label values must be few.
std::string path_of_kind(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    size_t end = std::min(path.find('/', 1), path.size());
    std::string_view part = path.substr(1, end - 1);
    bool number = !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    out += '/';
    out += number ? "*" : part;
    path.remove_prefix(end);
  }
  if (out.size() <= kPathBytes) return out;
  return std::string(whole_characters(out, kPathBytes)) + "…";
}

std::string in_words(const contract::Violation& violation) {
  return fmt::format("{} {}: {}", violation.path.empty() ? "the record" : violation.path,
                     violation.keyword, violation.message);
}

const char* done_with(OnViolation what) {
  switch (what) {
    case OnViolation::kQuarantine: return "such records are kept as dead letters";
    case OnViolation::kDrop: return "such records are dropped";
    default: return "such records are tagged";
  }
}

}  // namespace

ContractStage::ContractStage(std::shared_ptr<const contract::Contract> contract,
                             const parsers::TimeZone& zone, Ledger& ledger,
                             delivery::DeadLetters* letters, bool replaying)
    : judge_(std::move(contract), canonical_names(), time_reader(zone), replaying),
      ledger_(ledger),
      letters_(letters) {}

Withheld ContractStage::hold(Batch& batch, const Identity& identity) {
  Withheld withheld;
  out_.assign(batch.records.size(), false);
  for (uint32_t i = 0; i < batch.records.size(); ++i) {
    Record& record = batch.records[i];
    contract::Judgement judgement = judge_.judge(batch, record, identity);
    if (judgement.violations.empty() && judgement.repairs.empty()) continue;
    count(record, judgement);
    OnViolation what = judgement.rule->of_broken();
    bool broken = !judgement.violations.empty();
    if (broken && what == OnViolation::kDrop) {
      out_[i] = true;
      ++withheld.dropped;
      continue;
    }
    if (broken && what == OnViolation::kQuarantine && letters_ != nullptr) {
      compose(batch, record, identity, judgement);
      pending_.push_back(i);
    }
    // Of one that is kept as a dead letter, too: it goes on where that fails.
    contract::Judge::note(batch, record, judgement);
    if (composed_.size() >= kPostBytes ||
        (letters_ != nullptr && composed_.size() >= letters_->file_size())) {
      write(withheld);
    }
  }
  if (!pending_.empty()) write(withheld);
  if (withheld.records() > 0) {
    size_t kept = 0;
    for (size_t i = 0; i < batch.records.size(); ++i) {
      if (!out_[i]) batch.records[kept++] = batch.records[i];
    }
    batch.records.resize(kept);
    ledger_.count_quarantined(withheld.quarantined);
  }
  return withheld;
}

void ContractStage::count(const Record& record, const contract::Judgement& judgement) {
  auto kind_of = [&](const contract::Violation& violation) {
    return Ledger::ViolationKind{std::string(judgement.service), std::string(violation.keyword),
                                 path_of_kind(violation.path)};
  };
  for (const contract::Violation& violation : judgement.violations) {
    Ledger::ViolationKind kind = kind_of(violation);
    if (ledger_.count_violation(kind)) tell(kind, violation, record, judgement);
  }
  for (const contract::Violation& repair : judgement.repairs) {
    Ledger::ViolationKind kind = kind_of(repair);
    if (!ledger_.count_schema_repair(kind)) continue;
    spdlog::info("contract: service {}: repaired {}; others of the kind are counted alone",
                 outputs::printable(kind.service), outputs::printable(in_words(repair)));
  }
}

void ContractStage::tell(const Ledger::ViolationKind& kind, const contract::Violation& violation,
                         const Record& record, const contract::Judgement& judgement) const {
  spdlog::warn(
      "contract: service {} breaks {}: {}; in the line: {}; {}, others of the kind are counted "
      "alone",
      outputs::printable(kind.service), judgement.rule->schema,
      outputs::printable(in_words(violation), 300), outputs::printable(record.line),
      done_with(judgement.rule->of_broken()));
}

void ContractStage::compose(const Batch& batch, const Record& record, const Identity& identity,
                            const contract::Judgement& judgement) {
  std::string detail;
  for (const contract::Violation& violation : judgement.violations) {
    if (!detail.empty()) detail += "; ";
    detail += in_words(violation);
  }
  record_.clear();
  append_canonical(record_, batch, record, identity, part::kAll);
  delivery::DeadLetters::compose_violation(composed_, detail, record.line, record_.view());
}

void ContractStage::write(Withheld& withheld) {
  Result<void> written = letters_->write(composed_.view());
  composed_.clear();
  if (written) {
    for (uint32_t i : pending_) out_[i] = true;
    withheld.quarantined += pending_.size();
  } else if (uint64_t records = failures_.add(steady_now(), pending_.size())) {
    spdlog::error(
        "contract: {} cannot take {} record{} that broke a schema, so the outputs get {}, tagged: "
        "{}",
        letters_->path(), records, records == 1 ? "" : "s", records == 1 ? "it" : "them",
        written.error().what);
  }
  pending_.clear();
}

}  // namespace waybill::daemon
