// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/prose.h"

#include "core/cut.h"
#include "core/json_text.h"
#include "parsers/common/pairs.h"
#include "parsers/common/repair.h"

namespace waybill::parsers {

namespace {

constexpr uint32_t kMostPairs = 64;

// Names whose value in the middle of a message is not the record's own.
bool liftable(Slot slot) {
  return slot != Slot::kTime && slot != Slot::kTimeNanos && slot != Slot::kMessage &&
         slot != Slot::kOwnContext && slot != Slot::kRecordId && slot != Slot::kService;
}

// The names that add() may lift. (Other names that it is given are constants, too short for
// find_name() to read.)
bool is_id(std::string_view name) {
  return name == "trace_id" || name == "span_id" || name == "request_id" ||
         name == "correlation_id";
}

uint8_t severity_number(Level level) {
  return static_cast<uint8_t>(4 * static_cast<int>(level) + 1);
}

}  // namespace

std::string_view Prose::clean(Batch& batch, Record& record) {
  return repaired(batch, record, strip_ansi(record.line, batch.arena));
}

std::string_view Prose::repaired(Batch& batch, Record& record, std::string_view text) {
  if (is_utf8(text)) return text;
  record.marks.repaired = true;
  return repair_utf8(text, batch.arena);
}

void Prose::begin(Batch& batch, Record& record) {
  first_ = static_cast<uint32_t>(batch.fields.size());
  count_ = added_ = 0;
  record.first_field = first_;
}

void Prose::add(Batch& batch, std::string_view name, std::string_view value, JsonType type) {
  // Of equal names the last one wins. In prose that is a manner of speaking, not a mistake.
  for (uint32_t i = first_; i < first_ + count_; ++i) {
    if (batch.fields[i].key.bytes() == name) batch.fields[i].cut = true;
  }
  Field field;
  field.key = Text(name, TextForm::kClean);
  field.value = type == JsonType::kString ? raw_text(value) : Text(value, TextForm::kClean);
  field.type = type;
  batch.fields.push_back(field);
  ++count_;
  ++added_;
}

void Prose::set_time(Record& record, const std::optional<Time>& time) {
  if (!time) return;
  record.time_ns = time->ns;
  record.time_digits = time->digits;
  record.time_said = true;
}

void Prose::set_level(Record& record, std::optional<Severity> severity,
                      std::string_view word) const {
  record.level_said = severity.has_value();
  record.level = severity ? severity->level : default_level_;
  record.severity = severity ? severity->number : severity_number(default_level_);
  std::string_view name = level_name(record.level);
  bool same = word.size() == name.size();
  for (size_t i = 0; same && i < word.size(); ++i) same = (word[i] & ~0x20) == name[i];
  if (!word.empty() && !same) record.level_text = raw_text(word);
}

void Prose::note_pairs(Batch& batch, std::string_view message) {
  Pair pair;
  for (size_t at = 0; count_ < kMostPairs && next_pair(message, at, pair); at = pair.end) {
    for (uint32_t i = first_; i < first_ + count_; ++i) {
      if (batch.fields[i].key.bytes() == pair.key) batch.fields[i].cut = true;
    }
    batch.fields.push_back(field_of(pair, batch.arena));
    ++count_;
  }
}

void Prose::note_header(Batch& batch, std::string_view text) {
  if (text.empty()) return;
  uint32_t before = count_;
  note_pairs(batch, text);
  if (count_ == before) add(batch, "header", text);
}

void Prose::offer(Batch& batch, const Record& record) {
  lift_.begin(record);
  for (uint32_t i = 0; i < record.field_count; ++i) {
    const Field& field = batch.fields[record.first_field + i];
    // zap's T, L, M … mean that in JSON alone.
    if (field.cut || field.key.size == 1) continue;
    if (i < added_ && !is_id(field.key.bytes())) continue;
    const Name* name = find_name(field.key.bytes());
    if (name == nullptr || !liftable(name->slot)) continue;
    if (record.level_said && name->slot == Slot::kLevel) continue;
    lift_.offer(*name, detail::member_of(field), i, batch.arena);
  }
}

void Prose::finish(Batch& batch, Record& record, std::string_view message, bool pairs) {
  record.message = raw_text(message);
  if (pairs) note_pairs(batch, message);
  if (count_ == 0) {
    record.first_field = 0;
    return;
  }
  record.field_count = count_;
  offer(batch, record);
  Text said = record.message;
  Text thread = record.thread;
  Text logger = record.logger;
  Text caller = record.caller;
  lift_.settle(batch, record);
  record.message = said;
  if (thread) record.thread = thread;
  if (logger) record.logger = logger;
  if (caller) record.caller = caller;
}

}  // namespace waybill::parsers
