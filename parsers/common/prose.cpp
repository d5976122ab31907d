// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/prose.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/json_text.h"
#include "parsers/common/pairs.h"
#include "parsers/common/repair.h"

namespace waybill::parsers {

namespace {

constexpr uint32_t kMostPairs = 64;
constexpr int kMostSuffixes = 64;

// Names whose value in the middle of a message is not the record's own.
bool liftable(Slot slot) {
  return slot != Slot::kTime && slot != Slot::kTimeNanos && slot != Slot::kDate &&
         slot != Slot::kTimeZone && slot != Slot::kMessage && slot != Slot::kOwnContext &&
         slot != Slot::kRecordId && slot != Slot::kService && slot != Slot::kInside &&
         slot != Slot::kOfDialect;
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

// The first line of several, if an object behind a tab ends it (zap, above its stack); else all.
std::string_view up_to_object(std::string_view message) {
  std::string_view line = message.substr(0, std::min(message.find('\n'), message.size()));
  bool object = !line.empty() && line.back() == '}' && line.find("\t{") != line.npos;
  return object ? line : message;
}

std::string_view joined(Arena& arena, std::string_view front, std::string_view below) {
  if (below.empty()) return front;
  char* made = arena.allocate(front.size() + below.size() + kPadding);
  char* end = std::copy(front.begin(), front.end(), made);
  end = std::copy(below.begin(), below.end(), end);
  std::memset(end, 0, kPadding);
  return {made, front.size() + below.size()};
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
  record.time_zoneless = time->zoneless;
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
    bool level = name->slot == Slot::kLevel;
    if (level && (record.level_said || name->rank >= kLevelOrSetting)) continue;
    lift_.offer(*name, detail::member_of(field), i, batch.arena);
  }
}

void Prose::settle_fields(Batch& batch, Record& record) {
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

void Prose::finish(Batch& batch, Record& record, std::string_view message, bool pairs) {
  record.message = raw_text(message);
  // The usual message shows at its last byte that no object ends it.
  // A whole line of JSON is here as somebody wants it as text.
  bool whole = message.size() == record.line.size() && message.starts_with('{');
  std::string_view first = record.lines > 1 ? up_to_object(message) : message;
  // Monolog's "… {"user":"ada"} []": a second object, which is empty, is an empty list.
  std::string_view said = first;
  if (said.ends_with("} []")) said.remove_suffix(3);
  bool may_end_with_object = pairs && !whole && !said.empty() && said.back() == '}';
  if (!may_end_with_object) {
    if (pairs) note_pairs(batch, message);
    return settle_fields(batch, record);
  }
  Record object;
  size_t begin = find_object(batch, said, object);
  note_pairs(batch, begin < said.size() ? said.substr(0, begin) : message);
  settle_fields(batch, record);
  if (begin >= said.size()) return;
  if (begin > 0 && said[begin - 1] == '\t') {
    std::string_view front = said.substr(0, begin);
    while (!front.empty() && (front.back() == ' ' || front.back() == '\t')) front.remove_suffix(1);
    std::string_view below = message.substr(first.size());
    if (!front.empty()) record.message = raw_text(joined(batch.arena, front, below));
  }
  take_object(batch, record, object, begin == 0);
}

// Where the JSON object begins that ends `message`; its size when none does.
size_t Prose::find_object(Batch& batch, std::string_view message, Record& object) {
  constexpr int most_tries = 4;
  size_t at = message.find('{');
  for (int i = 0; at != message.npos && i < most_tries; at = message.find('{', at + 1)) {
    bool apart = at == 0 || message[at - 1] == ' ' || message[at - 1] == '\t';
    size_t inside = message.find_first_not_of(" \n\r\t", at + 1);
    if (!apart || inside == message.npos || message[inside] != '"') continue;
    ++i;
    if (reader_.walk(batch, object, message.substr(at))) return at;
  }
  return message.size();
}

namespace {

constexpr uint64_t bit(Slot slot) { return uint64_t{1} << static_cast<unsigned>(slot); }

// What an object in a message may not say: it is no line of its own.
constexpr uint64_t kNeverInside = bit(Slot::kOwnContext) | bit(Slot::kRecordId);

uint64_t slots_said(const Record& record, bool says_message) {
  uint64_t said = kNeverInside;
  auto add = [&](bool is, uint64_t slots) { said |= is ? slots : 0; };
  add(record.time_said,
      bit(Slot::kTime) | bit(Slot::kTimeNanos) | bit(Slot::kDate) | bit(Slot::kTimeZone));
  add(record.level_said, bit(Slot::kLevel));
  add(!says_message, bit(Slot::kMessage));
  add(bool(record.logger), bit(Slot::kLogger));
  add(bool(record.thread), bit(Slot::kThread));
  add(bool(record.caller), bit(Slot::kCaller) | bit(Slot::kCallerFile) | bit(Slot::kCallerLine));
  add(bool(record.service_name), bit(Slot::kService));
  add(bool(record.request_id), bit(Slot::kRequestId));
  add(bool(record.correlation_id), bit(Slot::kCorrelationId));
  add(bool(record.tenant_id), bit(Slot::kTenantId));
  add(record.error != nullptr, bit(Slot::kErrorKind) | bit(Slot::kErrorType) |
                                   bit(Slot::kErrorCode) | bit(Slot::kErrorMessage) |
                                   bit(Slot::kErrorStack));
  return said;
}

void keep(Text& place, Text said) {
  if (said) place = said;
}

// Whether a member of the record's object, or another of its fields, is called so.
bool has_key(Batch& batch, const Record& record, std::string_view key, const Field* self) {
  const Token* root = batch.tokens_of(record);
  for (const Token* child = root + 1; child != root + root->span; child += child->span) {
    if (child->has(Token::kCut)) continue;
    if (characters(detail::member_of(record, *child).key, batch.arena) == key) return true;
  }
  for (const Field& field : batch.fields_of(record)) {
    if (self != nullptr && &field != self && !field.cut && field.key.bytes() == key) return true;
  }
  return false;
}

// A pair and a member of the same name: the pair gets another one.
void keep_apart(Batch& batch, const Record& record) {
  for (uint32_t i = 0; i < record.field_count; ++i) {
    Field& field = batch.fields[record.first_field + i];
    std::string_view key = field.key.bytes();
    if (field.cut || !has_key(batch, record, key, nullptr)) continue;
    char* name = batch.arena.allocate(key.size() + 12);
    char* digits = std::copy(key.begin(), key.end(), name);
    *digits++ = '_';
    // Where so many are taken the pair goes without: the message has it still.
    field.cut = true;
    for (int suffix = 2; field.cut && suffix < kMostSuffixes; ++suffix) {
      char* end = std::to_chars(digits, digits + 11, suffix).ptr;
      std::string_view made{name, static_cast<size_t>(end - name)};
      if (has_key(batch, record, made, &field)) continue;
      field.key = Text(made, TextForm::kClean);
      field.cut = false;
    }
  }
}

}  // namespace

// The tokens of `object` become the record's, beside the fields that it has already.
void Prose::take_object(Batch& batch, Record& record, const Record& object, bool says_message) {
  Record said = record;
  record.json = object.json;
  record.first_token = object.first_token;
  record.token_count = object.token_count;
  record.marks.duplicate_keys += object.marks.duplicate_keys;
  record.marks.repaired = record.marks.repaired || object.marks.repaired;
  lift_.begin(record);
  reader_.offer(batch, record, lift_, slots_said(record, says_message));
  lift_.settle(batch, record);
  if (!record.message) record.message = said.message;
  keep(record.logger, said.logger);
  keep(record.thread, said.thread);
  keep(record.caller, said.caller);
  keep(record.service_name, said.service_name);
  keep(record.request_id, said.request_id);
  keep(record.correlation_id, said.correlation_id);
  keep(record.tenant_id, said.tenant_id);
  keep_apart(batch, record);
}

}  // namespace waybill::parsers
