// SPDX-License-Identifier: Apache-2.0
#include "redaction/record_redactor.h"

#include <algorithm>
#include <cstring>

#include "core/find.h"
#include "core/json_text.h"
#include "redaction/chars.h"
#include "redaction/inside.h"

namespace waybill::redaction {

namespace {

// Lines that a private key may have behind its first.
constexpr uint32_t kKeyLines = 256;
constexpr size_t kMostOpenKeys = 256;
constexpr size_t kLongKeyLine = 16;

bool has(std::string_view text, char byte) {
  return !text.empty() && std::memchr(text.data(), byte, text.size()) != nullptr;
}

// Whether a line may be one of a private key in PEM (RFC 7468; RFC 1421 for its headers).
bool is_key_line(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
  while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
  for (std::string_view start : {"-----END ", "Proc-Type:", "DEK-Info:"}) {
    if (line.starts_with(start)) return true;
  }
  size_t end = run_end(line, 0, kBase64Char);
  while (end < line.size() && line[end] == '=') ++end;
  return end == line.size() && line.size() <= 128;
}

}  // namespace

RecordRedactor::RecordRedactor(std::shared_ptr<const Rules> rules)
    : rules_(std::move(rules)),
      finder_(rules_->all()),
      password_rule_(kWithheldRule),
      key_rule_(kWithheldRule),
      counts_(rules_->all().size()) {
  for (uint32_t i = 0; i < rules_->all().size(); ++i) {
    const Rule& rule = rules_->all()[i];
    if (rule.field) field_rules_.push_back(i);
    if (rule.detector == nullptr) continue;
    if (rule.detector->name == "password") password_rule_ = i;
    if (rule.detector->name == "private_key") key_rule_ = i;
  }
}

bool RecordRedactor::any_text(Text text) {
  if (text.empty()) return false;
  std::string_view characters = text.bytes();
  if (text.form == TextForm::kJson) {
    decoded_.clear();
    append_characters(decoded_, text);
    characters = decoded_.view();
  }
  return finder_.any(characters) || finder_.may_match(characters);
}

// Where the JSON of the record may hold what the line does not show: escaped, or put together of
// pieces.
bool RecordRedactor::may_hold_in_json(const Batch& batch, const Record& record) {
  if (record.token_count > 0) {
    const Token* token = batch.tokens_of(record);
    for (const Token* end = token + record.token_count; token != end; ++token) {
      if (token->has(Token::kKeyEscaped) &&
          any_text({record.json + token->key, token->key_size, TextForm::kJson})) {
        return true;
      }
      if (token->has(Token::kValueEscaped) &&
          any_text({record.json + token->value + 1, token->value_size - 2, TextForm::kJson})) {
        return true;
      }
    }
  }
  // JSON that was put together out of an object in another one.
  if (record.token_count > 0) {
    const Token& root = *batch.tokens_of(record);
    std::string_view json(record.json + root.value, root.value_size);
    bool apart = !is_inside(json, record.line);
    if (apart && (finder_.any(json) || finder_.may_match(json))) return true;
  }
  return false;
}

// The same of its texts: made of a line's parts, decoded, or with something taken out of their
// middle.
bool RecordRedactor::may_hold_in_texts(const Batch& batch, const Record& record) {
  // What stands in the line as it is has been looked at there, and in the JSON value by value.
  auto unseen = [&](const Text& text) {
    bool inside = is_inside(text.bytes(), record.line);
    bool looked_at = inside && (text.form != TextForm::kJson || record.token_count > 0);
    return !looked_at && any_text(text);
  };
  for (const Field& field : batch.fields_of(record)) {
    if (unseen(field.key) || unseen(field.value)) return true;
  }
  for (const Text* text : {&record.message, &record.logger, &record.thread, &record.caller,
                           &record.service_name, &record.level_text, &record.request_id,
                           &record.correlation_id, &record.tenant_id, &record.tracestate}) {
    if (unseen(*text)) return true;
  }
  if (record.error == nullptr) return false;
  const ErrorInfo& error = *record.error;
  return unseen(error.message) || unseen(error.stack) || unseen(error.type) || unseen(error.code);
}

bool RecordRedactor::may_hold(const Batch& batch, const Record& record) {
  if (record.marks.truncated_bytes > 0 || key_goes_on_) return true;
  const bool plain = record.token_count > 0 && record.field_count == 0;
  for (uint32_t index : field_rules_) {
    std::string_view needle = rules_->all()[index].field->needle();
    bool missing = plain && !needle.empty() && !has(record.line, '\\') &&
                   find_short(record.line, needle) == record.line.npos;
    if (!missing) return true;
  }
  if (finder_.any_plain(record.line) || finder_.may_match(record.line)) return true;
  const bool escapes = has(record.line, '\\');
  if (escapes && finder_.hides_more(record.line)) return true;
  bool same = record.lines == 1 && !record.marks.repaired && !escapes && !has(record.line, '\x1b');
  if (!same && may_hold_in_json(batch, record)) return true;
  return may_hold_in_texts(batch, record);
}

bool RecordRedactor::goes_on_with_key(const Batch& batch, const Record& record) {
  const uint64_t source = batch.source_of(record).number;
  auto open = std::find_if(open_keys_.begin(), open_keys_.end(),
                           [&](const OpenKey& key) { return key.source == source; });
  if (open == open_keys_.end()) return false;
  std::string_view message = record.message.bytes();
  std::string_view first = message.substr(0, message.find('\n'));
  // Other lines may stand between: somebody else logs as well. A single word is none of a key's
  // lines, but right behind one.
  bool part = !first.empty() && is_key_line(first) && (first.size() >= kLongKeyLine || open->last);
  bool ends = part && message.find("-----END ") != message.npos;
  open->last = part;
  if (--open->lines == 0 || ends) open_keys_.erase(open);
  return part;
}

// `open`: the line began a private key that does not end in it.
void RecordRedactor::note_open_key(const Batch& batch, const Record& record, std::string_view line,
                                   bool open) {
  if (!open || line.find("-----END ") != line.npos) return;
  const uint64_t source = batch.source_of(record).number;
  std::erase_if(open_keys_, [&](const OpenKey& other) { return other.source == source; });
  if (open_keys_.size() == kMostOpenKeys) open_keys_.erase(open_keys_.begin());
  open_keys_.push_back({source, kKeyLines, true});
}

bool RecordRedactor::redact(Batch& batch, Record& record) {
  if (rules_->empty()) return false;
  key_goes_on_ = !open_keys_.empty() && goes_on_with_key(batch, record);
  if (!may_hold(batch, record)) return false;
  std::fill(counts_.begin(), counts_.end(), 0);
  withheld_ = 0;
  seen_.clear();
  unseen_.clear();
  const std::string_view line = record.line;
  work_through(batch, record);
  record.marks.withheld += withheld_;
  bool any = withheld_ > 0;
  for (uint32_t count : counts_) any = any || count > 0;
  bool key = key_rule_ != kWithheldRule && counts_[key_rule_] > 0 && !key_goes_on_;
  note_open_key(batch, record, line, key);
  return any;
}

void RecordRedactor::count(uint32_t rule) {
  if (rule == kWithheldRule) {
    ++withheld_;
  } else {
    ++counts_[rule];
  }
}

}  // namespace waybill::redaction
