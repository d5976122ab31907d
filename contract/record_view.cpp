// SPDX-License-Identifier: Apache-2.0
#include "contract/record_view.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/canonical.h"

namespace waybill::contract {

namespace {

Value value_of(const Record& record, const Member& member) {
  if (member.token != nullptr) return Value::of(record.json, *member.token, Token::kCut);
  if (member.type == JsonType::kString) return Value::string(member.text);
  return Value::scalar(member.type, member.json);
}

Text key_of(const Member& member, Arena& arena) {
  if (member.suffix == 0) return member.key;
  constexpr size_t kMost = 12;
  char* key = arena.allocate(member.key.size + kMost);
  std::memcpy(key, member.key.data, member.key.size);
  key[member.key.size] = '_';
  char* end =
      std::to_chars(key + member.key.size + 1, key + member.key.size + kMost, member.suffix).ptr;
  return {key, static_cast<uint32_t>(end - key), member.key.form};
}

Text key_of(const Record& record, const Token& token) {
  return {record.json + token.key, token.key_size,
          token.has(Token::kKeyEscaped) ? TextForm::kJson : TextForm::kClean};
}

bool said(TraceOrigin origin) {
  return origin == TraceOrigin::kField || origin == TraceOrigin::kText;
}

}  // namespace

CanonicalNames::CanonicalNames(const std::vector<Name>& names) : names_(names) {
  for (const Name& name : names_) {
    WAYBILL_CHECK(!name.key.empty() && name.key.size() < kSizes, "a name of a field");
    letters_[name.key.size()] |= 1u << (name.key.front() & 31);
    ends_[name.key.size()] |= 1u << (name.key.back() & 31);
    auto slot = std::find(kSlotNames.begin(), kSlotNames.end(), name.canonical);
    WAYBILL_CHECK(slot != kSlotNames.end(), "no canonical name");
    slots_.push_back(static_cast<Slot>(slot - kSlotNames.begin()));
  }
  WAYBILL_CHECK(names_.size() < 255, "too many names of fields");
  for (size_t i = 0; i < names_.size(); ++i) {
    size_t at = bucket_of(names_[i].key);
    while (buckets_[at] != 0) at = (at + 1) % kBuckets;
    buckets_[at] = static_cast<uint8_t>(i + 1);
  }
}

const CanonicalNames& CanonicalNames::own() {
  static const auto* names = [] {
    std::vector<Name> all;
    for (std::string_view name : kSlotNames) {
      // These are no single values that a line could have there unconverted.
      if (name != slot_name(Slot::kError) && name != slot_name(Slot::kContext)) {
        all.push_back({name, name});
      }
    }
    return new CanonicalNames(all);
  }();
  return *names;
}

Slot CanonicalNames::look_up(Text key) const {
  std::string_view bytes = key.bytes();
  for (size_t at = bucket_of(bytes); buckets_[at] != 0; at = (at + 1) % kBuckets) {
    size_t index = buckets_[at] - 1u;
    if (names_[index].key == bytes) return slots_[index];
  }
  return Slot::kNone;
}

Value RecordView::of(const Batch& batch, const Record& record, const Identity& identity,
                     Arena& arena, bool time_unseen) {
  batch_ = &batch;
  record_ = &record;
  arena_ = &arena;
  used_ = 0;
  there_ = 0;
  context_.forget();
  // A record that passes through has what it came with.
  bool ours = record.passed == nullptr;
  if (record.time_said) {
    bool unseen = time_unseen && ours;
    Text text = unseen ? Text("", TextForm::kClean) : time_text();
    add(Slot::kTimestamp, Value::string(text), ours);
  }
  if (record.level != Level::kNone) {
    add(Slot::kLevel, Text(level_name(record.level), TextForm::kClean), ours);
  }
  add(Slot::kServiceName, service_of(record, identity));
  if (said(record.trace_origin)) add_trace();
  add(Slot::kRequestId, record.request_id);
  add(Slot::kCorrelationId, record.correlation_id);
  add(Slot::kTenantId, record.tenant_id);
  add(Slot::kMessage, record.message);
  add(Slot::kLogger, record.logger);
  add(Slot::kThread, record.thread);
  add(Slot::kCaller, record.caller);
  if (record.error != nullptr) add_error();
  add_unconverted();
  top_.set(entries_.data(), static_cast<uint32_t>(used_));
  return Value::listed(top_);
}

// Most records are of the same second as the one before: then only the fraction is written.
Text RecordView::time_text() {
  constexpr int64_t kSecond = 1'000'000'000;
  int64_t second = record_->time_ns / kSecond;
  auto fraction = static_cast<uint32_t>(record_->time_ns % kSecond);
  const uint32_t size = 21u + record_->time_digits;  // "2026-01-02T03:04:05.", digits, "Z"
  char* text = arena_->allocate(size);
  if (record_->time_ns < 0 || second != second_) {
    char whole[32];
    write_rfc3339(record_->time_ns, record_->time_digits, whole);
    std::memcpy(text, whole, size);
    std::memcpy(second_text_.data(), whole, second_text_.size());
    second_ = record_->time_ns < 0 ? -1 : second;
    return {text, size, TextForm::kClean};
  }
  std::memcpy(text, second_text_.data(), second_text_.size());
  char digits[9];
  for (char* at = digits + 9; at != digits; fraction /= 10) {
    *--at = static_cast<char>('0' + fraction % 10);
  }
  std::memcpy(text + second_text_.size(), digits, record_->time_digits);
  text[size - 1] = 'Z';
  return {text, size, TextForm::kClean};
}

void RecordView::add_trace() {
  bool ours = record_->passed == nullptr;
  add(Slot::kTraceId, record_->trace_id, ours);
  add(Slot::kSpanId, record_->span_id, ours);
  if (record_->trace_flags >= 0) {
    constexpr char digits[] = "0123456789abcdef";
    char* text = arena_->allocate(2);
    text[0] = digits[record_->trace_flags >> 4 & 15];
    text[1] = digits[record_->trace_flags & 15];
    add(Slot::kTraceFlags, Text(text, 2, TextForm::kClean));
  }
  add(Slot::kParentSpanId, record_->parent_span_id);
  add(Slot::kTracestate, record_->tracestate);
}

void RecordView::add_error() {
  const ErrorInfo& error = *record_->error;
  uint32_t used = 0;
  auto part = [&](std::string_view key, Text value) {
    if (value) error_entries_[used++] = {Text(key, TextForm::kClean), Value::string(value)};
  };
  part("kind", error.kind);
  part("type", error.type);
  part("code", error.code);
  part("message", error.message);
  part("stack", error.stack);
  error_.set(error_entries_.data(), used);
  add(Slot::kError, Value::listed(error_));
}

// What is left in the line under a canonical name; then the context, if the rest is not nothing.
void RecordView::add_unconverted() {
  unconverted_ = used_;
  bool rest = false;
  const Token* root = nullptr;
  if (record_->token_count > 0) {
    root = batch_->tokens_of(*record_);
    const Token* own = record_->own_context != 0 ? root + record_->own_context : nullptr;
    const Token* end = root + root->span;
    for (const Token* token = root + 1; token != end; token += token->span) {
      if (token->has(Token::kCut)) continue;
      if (token == own) {
        rest |= token->span > 1;
        continue;
      }
      Text key = key_of(*record_, *token);
      Slot slot = names_.slot_of(key);
      if (slot == Slot::kNone || is_there(slot)) {
        rest = true;
      } else {
        add(slot, Value::of(record_->json, *token, Token::kCut));
      }
    }
  }
  for (const Field& field : batch_->fields_of(*record_)) {
    if (field.cut) continue;
    Slot slot = names_.slot_of(field.key);
    if (slot == Slot::kNone || is_there(slot)) {
      rest = true;
    } else {
      add(slot, value_of(*record_, detail::member_of(field)));
    }
  }
  names_end_ = used_;
  if (!rest) return;
  // The usual line: what is left of it is the context as it stands, and nothing can clash.
  bool plain = root != nullptr && record_->own_context == 0 && record_->field_count == 0 &&
               unconverted_ == names_end_;
  add(Slot::kContext,
      plain ? Value::of(record_->json, *root, Token::kCut) : Value::listed(context_));
}

// Neither the source's word for the level, which the line has under another name, nor what stands
// at its canonical place.
bool RecordView::is_in_context(const Member& member) const {
  if (member.token == nullptr && record_->level_text &&
      member.text.data == record_->level_text.data) {
    return false;
  }
  bool top = member.token == nullptr || member.token->depth == 1;
  if (!top || unconverted_ == names_end_) return true;
  std::string_view name = names_.find(member.key);
  if (name.empty()) return true;
  Value value = value_of(*record_, member);
  for (size_t i = unconverted_; i < names_end_; ++i) {
    if (entries_[i].key.bytes() == name && entries_[i].value.is_same_place(value)) return false;
  }
  return true;
}

void RecordView::Context::list() const {
  auto& entries = owner_.context_entries_;
  entries.clear();
  for_each_context_member(*owner_.batch_, *owner_.record_, [&](const Member& member) {
    if (!owner_.is_in_context(member)) return;
    entries.push_back({key_of(member, *owner_.arena_), value_of(*owner_.record_, member)});
  });
  set(entries.data(), static_cast<uint32_t>(entries.size()));
}

}  // namespace waybill::contract
