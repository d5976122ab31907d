// SPDX-License-Identifier: Apache-2.0
#include "contract/record_view.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/canonical.h"

namespace waybill::contract {

namespace {

constexpr std::string_view kCanonical[] = {
    "timestamp",   "level",          "service_name", "trace_id",   "span_id",
    "trace_flags", "parent_span_id", "tracestate",   "request_id", "correlation_id",
    "tenant_id",   "message",        "logger",       "thread",     "caller"};

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
    for (std::string_view name : kCanonical) all.push_back({name, name});
    return new CanonicalNames(all);
  }();
  return *names;
}

std::string_view CanonicalNames::look_up(Text key) const {
  std::string_view bytes = key.bytes();
  for (size_t at = bucket_of(bytes); buckets_[at] != 0; at = (at + 1) % kBuckets) {
    const Name& name = names_[buckets_[at] - 1u];
    if (name.key == bytes) return name.canonical;
  }
  return {};
}

Value RecordView::of(const Batch& batch, const Record& record, const Identity& identity,
                     Arena& arena) {
  batch_ = &batch;
  record_ = &record;
  arena_ = &arena;
  used_ = 0;
  context_.forget();
  if (record.time_said) {
    add("timestamp", time_text());
  }
  if (record.level != Level::kNone) {
    add("level", Text(level_name(record.level), TextForm::kClean));
  }
  add("service_name", service_of(record, identity));
  if (said(record.trace_origin)) add_trace();
  add("request_id", record.request_id);
  add("correlation_id", record.correlation_id);
  add("tenant_id", record.tenant_id);
  add("message", record.message);
  add("logger", record.logger);
  add("thread", record.thread);
  add("caller", record.caller);
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

bool RecordView::has(std::string_view key) const {
  return std::any_of(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(used_),
                     [&](const Entry& entry) { return entry.key.bytes() == key; });
}

void RecordView::add_trace() {
  add("trace_id", record_->trace_id);
  add("span_id", record_->span_id);
  if (record_->trace_flags >= 0) {
    constexpr char digits[] = "0123456789abcdef";
    char* text = arena_->allocate(2);
    text[0] = digits[record_->trace_flags >> 4 & 15];
    text[1] = digits[record_->trace_flags & 15];
    add("trace_flags", Text(text, 2, TextForm::kClean));
  }
  add("parent_span_id", record_->parent_span_id);
  add("tracestate", record_->tracestate);
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
  add("error", Value::listed(error_));
}

// What is left in the line under a canonical name; then the context, if the rest is not nothing.
void RecordView::add_unconverted() {
  unconverted_ = used_;
  bool rest = false;
  if (record_->token_count > 0) {
    const Token* root = batch_->tokens_of(*record_);
    const Token* own = record_->own_context != 0 ? root + record_->own_context : nullptr;
    for (const Token* token = root + 1; token != root + root->span; token += token->span) {
      if (token->has(Token::kCut)) continue;
      if (token == own ? token->span > 1 : !add_unconverted(key_of(*record_, *token), *token)) {
        rest = true;
      }
    }
  }
  for (const Field& field : batch_->fields_of(*record_)) {
    if (field.cut) continue;
    std::string_view name = free_name(field.key);
    if (name.empty()) {
      rest = true;
    } else {
      add(name, value_of(*record_, detail::member_of(field)));
    }
  }
  names_end_ = used_;
  if (rest) add("context", Value::listed(context_));
}

bool RecordView::add_unconverted(Text key, const Token& token) {
  std::string_view name = free_name(key);
  if (!name.empty()) add(name, Value::of(record_->json, token, Token::kCut));
  return !name.empty();
}

// The canonical name of the key, unless something has it.
std::string_view RecordView::free_name(Text key) const {
  std::string_view name = names_.find(key);
  return name.empty() || used_ + 1 == kMostEntries || has(name) ? std::string_view() : name;
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
  const Record& record = *owner_.record_;
  if (record.token_count > 0 && record.own_context == 0 && record.field_count == 0 &&
      owner_.unconverted_ == owner_.names_end_) {
    // The usual line: nothing can clash.
    const Token* root = owner_.batch_->tokens_of(record);
    for (const Token* token = root + 1; token != root + root->span; token += token->span) {
      if (token->has(Token::kCut)) continue;
      entries.push_back({key_of(record, *token), Value::of(record.json, *token, Token::kCut)});
    }
    return set(entries.data(), static_cast<uint32_t>(entries.size()));
  }
  for_each_context_member(*owner_.batch_, *owner_.record_, [&](const Member& member) {
    if (!owner_.is_in_context(member)) return;
    entries.push_back({key_of(member, *owner_.arena_), value_of(*owner_.record_, member)});
  });
  set(entries.data(), static_cast<uint32_t>(entries.size()));
}

}  // namespace waybill::contract
