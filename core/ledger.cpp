// SPDX-License-Identifier: Apache-2.0
#include "core/ledger.h"

#include <numeric>
#include <tuple>
#include <utility>

#include "core/check.h"

namespace waybill {

uint64_t OutputCounts::dropped_total() const {
  return std::accumulate(dropped.begin(), dropped.end(), uint64_t{0});
}

void Histogram::observe(double seconds) {
  size_t bucket = 0;
  while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
  ++counts[bucket];
  sum += seconds;
}

void InputLedger::post(const InputCounts& more) {
  std::lock_guard lock(mutex_);
  counts_.lines += more.lines;
  counts_.records += more.records;
  counts_.joined += more.joined;
  counts_.empty += more.empty;
  counts_.bytes += more.bytes;
  counts_.truncated_lines += more.truncated_lines;
  counts_.truncated_bytes += more.truncated_bytes;
  counts_.repaired_lines += more.repaired_lines;
  counts_.duplicate_keys += more.duplicate_keys;
  counts_.clock_skew += more.clock_skew;
  for (size_t i = 0; i < kMissReasonCount; ++i) counts_.missed[i] += more.missed[i];
  for (const auto& [format, records] : more.formats) counts_.formats[format] += records;
}

void InputLedger::missed(MissReason reason, uint64_t amount) {
  std::lock_guard lock(mutex_);
  counts_.missed[static_cast<size_t>(reason)] += amount;
}

void InputLedger::set_lag(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  counts_.lag_bytes = bytes;
}

void InputLedger::connected() {
  std::lock_guard lock(mutex_);
  ++counts_.connections;
  ++counts_.accepted;
}

void InputLedger::disconnected() {
  std::lock_guard lock(mutex_);
  WAYBILL_CHECK(counts_.connections > 0, "a connection ended that was not there");
  --counts_.connections;
}

void InputLedger::refused() {
  std::lock_guard lock(mutex_);
  ++counts_.refused;
}

void InputLedger::broke_off(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  ++counts_.broken;
  counts_.missed[static_cast<size_t>(MissReason::kConnection)] += bytes;
}

InputCounts InputLedger::snapshot() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

void OutputLedger::accept(uint64_t records) {
  std::lock_guard lock(mutex_);
  now_.counts.records += records;
  now_.counts.in_flight += records;
}

void OutputLedger::accept_synthetic(uint64_t records) {
  std::lock_guard lock(mutex_);
  now_.counts.synthetic += records;
  now_.counts.in_flight += records;
}

void OutputLedger::sampled_out(uint64_t sampled, uint64_t folded) {
  std::lock_guard lock(mutex_);
  now_.counts.records += sampled + folded;
  now_.counts.sampled += sampled;
  now_.counts.folded += folded;
}

void OutputLedger::recovered(const std::string& path, uint64_t records) {
  std::lock_guard lock(mutex_);
  uint64_t left = std::exchange(left_[path], 0);
  uint64_t fresh = records - std::min(records, left);
  uint64_t missing = left - std::min(records, left);
  now_.counts.recovered += fresh;
  now_.counts.in_flight += fresh - missing;
  now_.counts.dropped[static_cast<size_t>(DropReason::kSpoolDamaged)] += missing;
}

void OutputLedger::spool_torn(uint64_t records, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  now_.spool_torn_records += records;
  now_.spool_torn_bytes += bytes;
}

void OutputLedger::left_in_spool(const std::string& path, uint64_t records) {
  std::lock_guard lock(mutex_);
  left_[path] = records;
}

void OutputLedger::left_with_inputs(uint64_t records) {
  std::lock_guard lock(mutex_);
  now_.read_again += records;
}

void OutputLedger::spooled(uint64_t records, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  now_.spool_records = records;
  now_.spool_bytes = bytes;
}

void OutputLedger::delivered(uint64_t records) {
  std::lock_guard lock(mutex_);
  WAYBILL_CHECK(records <= now_.counts.in_flight, "more delivered than were in flight");
  now_.counts.in_flight -= records;
  now_.counts.delivered += records;
}

void OutputLedger::dropped(DropReason reason, uint64_t records) {
  std::lock_guard lock(mutex_);
  WAYBILL_CHECK(records <= now_.counts.in_flight, "more dropped than were in flight");
  now_.counts.in_flight -= records;
  now_.counts.dropped[static_cast<size_t>(reason)] += records;
}

void OutputLedger::dead_lettered(uint64_t records) {
  std::lock_guard lock(mutex_);
  WAYBILL_CHECK(records <= now_.counts.in_flight, "more dead-lettered than were in flight");
  now_.counts.in_flight -= records;
  now_.counts.dead_lettered += records;
}

void OutputLedger::filtered(uint64_t records) {
  std::lock_guard lock(mutex_);
  WAYBILL_CHECK(records <= now_.counts.in_flight, "more filtered than were in flight");
  now_.counts.in_flight -= records;
  now_.counts.filtered += records;
}

void OutputLedger::retried() {
  std::lock_guard lock(mutex_);
  ++now_.retries;
}

void OutputLedger::request_took(double seconds) {
  std::lock_guard lock(mutex_);
  ++now_.requests;
  now_.request_seconds.observe(seconds);
}

void OutputLedger::queue(uint64_t records, uint64_t bytes, SteadyTime oldest) {
  std::lock_guard lock(mutex_);
  now_.queue_records = records;
  now_.queue_bytes = bytes;
  oldest_ = oldest;
}

void OutputLedger::state(OutputState state, std::string problem) {
  std::lock_guard lock(mutex_);
  now_.state = state;
  now_.problem = std::move(problem);
}

OutputSnapshot OutputLedger::snapshot() const {
  std::lock_guard lock(mutex_);
  OutputSnapshot copy = now_;
  if (oldest_ != SteadyTime{}) {
    copy.oldest_undelivered_seconds = std::chrono::duration<double>(steady_now() - oldest_).count();
  }
  return copy;
}

InputLedger& Ledger::input(std::string_view name) {
  std::lock_guard lock(mutex_);
  for (auto& entry : inputs_) {
    if (entry->name() == name) return *entry;
  }
  inputs_.push_back(std::make_unique<InputLedger>(std::string(name)));
  return *inputs_.back();
}

OutputLedger& Ledger::output(std::string_view name) {
  std::lock_guard lock(mutex_);
  for (auto& entry : outputs_) {
    if (entry->name() == name) return *entry;
  }
  outputs_.push_back(std::make_unique<OutputLedger>(std::string(name)));
  return *outputs_.back();
}

std::vector<InputLedger*> Ledger::inputs() const {
  std::lock_guard lock(mutex_);
  std::vector<InputLedger*> all;
  for (const auto& entry : inputs_) all.push_back(entry.get());
  return all;
}

std::vector<OutputLedger*> Ledger::outputs() const {
  std::lock_guard lock(mutex_);
  std::vector<OutputLedger*> all;
  for (const auto& entry : outputs_) all.push_back(entry.get());
  return all;
}

void Ledger::count_levels(std::string_view service,
                          const std::array<uint64_t, kLevelCount>& records) {
  std::lock_guard lock(mutex_);
  auto found = levels_.find(service);
  if (found == levels_.end()) {
    std::string_view key = levels_.size() < kMaxServices ? service : "other";
    found = levels_.try_emplace(std::string(key)).first;
  }
  for (size_t i = 0; i < records.size(); ++i) found->second[i] += records[i];
}

std::map<std::string, std::array<uint64_t, kLevelCount>, std::less<>> Ledger::levels() const {
  std::lock_guard lock(mutex_);
  return levels_;
}

bool Ledger::Kinds::add(ViolationKind kind) {
  auto found = counts.find(kind);
  if (found == counts.end()) {
    if (services.size() >= kMaxServices && !services.contains(kind.service)) kind.service = "other";
    size_t& kinds = services[kind.service];
    if (kinds >= kMaxKinds && !counts.contains(kind)) kind.keyword = kind.path = "other";
    bool fresh;
    std::tie(found, fresh) = counts.try_emplace(std::move(kind));
    if (fresh) ++kinds;
  }
  return found->second++ == 0;
}

bool Ledger::count_violation(ViolationKind kind) {
  std::lock_guard lock(mutex_);
  return violations_.add(std::move(kind));
}

Ledger::ViolationCounts Ledger::violations() const {
  std::lock_guard lock(mutex_);
  return violations_.counts;
}

bool Ledger::count_schema_repair(ViolationKind kind) {
  std::lock_guard lock(mutex_);
  return schema_repairs_.add(std::move(kind));
}

Ledger::ViolationCounts Ledger::schema_repairs() const {
  std::lock_guard lock(mutex_);
  return schema_repairs_.counts;
}

void Ledger::count_quarantined(uint64_t records) {
  std::lock_guard lock(mutex_);
  quarantined_ += records;
}

uint64_t Ledger::quarantined() const {
  std::lock_guard lock(mutex_);
  return quarantined_;
}

void Ledger::count_refused_services(uint64_t records) {
  std::lock_guard lock(mutex_);
  refused_services_ += records;
}

uint64_t Ledger::refused_services() const {
  std::lock_guard lock(mutex_);
  return refused_services_;
}

void Ledger::count_trace_origins(const std::array<uint64_t, 6>& records) {
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < records.size(); ++i) trace_origins_[i] += records[i];
}

void Ledger::count_lineage(const LineageCounts& counts) {
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < counts.refused.size(); ++i) lineage_.refused[i] += counts.refused[i];
  lineage_.ambiguous += counts.ambiguous;
  lineage_.expired += counts.expired;
  lineage_.evicted += counts.evicted;
  lineage_.keys = counts.keys;
  lineage_.bytes = counts.bytes;
}

LineageCounts Ledger::lineage() const {
  std::lock_guard lock(mutex_);
  return lineage_;
}

std::array<uint64_t, 6> Ledger::trace_origins() const {
  std::lock_guard lock(mutex_);
  return trace_origins_;
}

}  // namespace waybill
