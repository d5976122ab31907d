// SPDX-License-Identifier: Apache-2.0
// RecordRedactor: the keys and values of a JSON line.
#include <algorithm>
#include <functional>
#include <string>

#include "core/cut.h"
#include "core/json_text.h"
#include "redaction/inside.h"
#include "redaction/record_redactor.h"

namespace waybill::redaction {

namespace {

constexpr std::string_view kContext = "context";

std::string_view json_of(const Record& record, const Token& token) {
  return {record.json + token.value, token.value_size};
}

std::string_view key_of(const Record& record, const Token& token) {
  return {record.json + token.key, token.key_size};
}

bool is_scalar(const Token& token) {
  return token.type != JsonType::kObject && token.type != JsonType::kArray;
}

}  // namespace

// Tokens whose values lineage or the parser took for ids: these may look like other things.
void RecordRedactor::mark_id_tokens(const Batch& batch, const Record& record) {
  id_tokens_.assign(record.token_count, false);
  const TraceFields& ids = record.trace_fields;
  for (uint32_t index :
       {ids.traceparent, ids.trace_id, ids.span_id, ids.parent_span_id, ids.tracestate}) {
    if (index != 0 && index <= record.token_count) id_tokens_[index - 1] = true;
  }
  const Token* tokens = batch.tokens_of(record);
  for (const Text* text : {&record.request_id, &record.correlation_id, &record.tenant_id}) {
    for (uint32_t i = 0; i < record.token_count && !text->empty(); ++i) {
      bool inside = is_scalar(tokens[i]) && is_inside(text->bytes(), json_of(record, tokens[i]));
      if (inside) id_tokens_[i] = true;
    }
  }
}

void RecordRedactor::took(std::string_view secret, uint32_t rule, bool in_line) {
  size_t hash = std::hash<std::string_view>{}(secret);
  if (in_line) {
    seen_.push_back(hash);
    count(rule);
  } else {
    unseen_.push_back({hash, rule});
  }
}

// The rule of fields that takes the value of a token, by its path or that of something around it,
// or by the place of the record that was filled from it.
uint32_t RecordRedactor::rule_of_token(const Record& record, const Token& token, uint32_t index,
                                       std::string_view key) {
  if (depths_.size() <= token.depth) depths_.resize(token.depth + size_t{1});
  Depth& here = depths_[token.depth];
  here.places.resize(field_rules_.size());
  here.rule = token.depth > 0 ? depths_[token.depth - 1].rule : kWithheldRule;
  for (size_t i = 0; i < field_rules_.size(); ++i) {
    const FieldPath& path = *rules_->all()[field_rules_[i]].field;
    // The line's own `context` is the record's.
    bool context = token.depth == 0 || (record.own_context != 0 && index == record.own_context);
    FieldPath::Places before = context ? path.start() : depths_[token.depth - size_t{1}].places[i];
    here.places[i] = path.step(before, context ? kContext : key);
    bool taken = !context && here.rule == kWithheldRule && path.is_end(here.places[i]);
    if (taken) {
      here.rule = field_rules_[i];
      if (is_dropping(here.rule)) dropped_.push_back(index);
    }
  }
  if (!is_scalar(token) || here.rule != kWithheldRule) return here.rule;
  for (const Place& place : places_) {
    bool filled =
        place.whole != kWithheldRule && is_inside(place.text->bytes(), json_of(record, token));
    if (filled) return place.whole;
  }
  return kWithheldRule;
}

// What the characters become; no data: they stay.
std::string_view RecordRedactor::edit_characters(Batch& batch, std::string_view characters,
                                                 bool in_line) {
  if (found_.empty()) return {};
  for (Edit& edit : found_) {
    std::string_view secret = characters.substr(edit.begin, edit.end - edit.begin);
    edit.by = replacement(batch, edit.rule, secret);
    took(secret, edit.rule, in_line);
  }
  return edited(batch, characters, found_);
}

void RecordRedactor::edit_key(Batch& batch, const Record& record, uint32_t index, bool in_line) {
  const Token& token = batch.tokens_of(record)[index];
  Text key(key_of(record, token),
           token.has(Token::kKeyEscaped) ? TextForm::kJson : TextForm::kClean);
  decoded_.clear();
  append_characters(decoded_, key);
  std::string_view characters = decoded_.view();
  find(characters, false);
  std::string_view by = edit_characters(batch, characters, in_line);
  if (finder_.hides_more(by.data() == nullptr ? characters : by)) {
    by = kWithheld;
    took(characters, kWithheldRule, in_line);
  }
  if (by.data() == nullptr) return;
  // Two keys of one object must not become the same.
  std::string name(by);
  if (++new_keys_ > 1) name += "_" + std::to_string(new_keys_);
  token_edits_.push_back({index, true, false, batch.arena.copy(name)});
}

void RecordRedactor::edit_value(Batch& batch, const Record& record, uint32_t index, uint32_t whole,
                                std::string_view key, bool in_line) {
  const Token& token = batch.tokens_of(record)[index];
  const bool string = token.type == JsonType::kString;
  std::string_view json(record.json + token.value, token.value_size);
  if (!string && token.type != JsonType::kNumber && whole == kWithheldRule) return;
  if (token.type == JsonType::kNull) return;
  Text text(string ? json.substr(1, json.size() - 2) : json,
            token.has(Token::kValueEscaped) ? TextForm::kJson : TextForm::kClean);
  decoded_.clear();
  append_characters(decoded_, text);
  std::string_view characters = decoded_.view();
  if (whole != kWithheldRule) {
    took(characters, whole, in_line);
    bool cut = is_dropping(whole) && rules_->all()[whole].field.has_value();
    std::string_view by = replacement(batch, whole, characters);
    return token_edits_.push_back({index, false, cut, by});
  }
  find(characters, id_tokens_[index], key);
  std::string_view by = edit_characters(batch, characters, in_line);
  if (finder_.hides_more(by.data() == nullptr ? characters : by)) {
    by = kWithheld;
    took(characters, kWithheldRule, in_line);
  }
  if (by.data() != nullptr) token_edits_.push_back({index, false, false, by});
}

void RecordRedactor::collect_token_edits(Batch& batch, const Record& record, bool in_line) {
  mark_id_tokens(batch, record);
  new_keys_ = 0;
  dropped_.clear();
  std::string key;
  for (uint32_t i = 0; i < record.token_count; ++i) {
    const Token token = batch.tokens_of(record)[i];
    key.clear();
    if (token.has(Token::kHasKey)) {
      edit_key(batch, record, i, in_line);
      key.assign(decoded_.view());
    }
    uint32_t whole = rule_of_token(record, token, i, key);
    if (!is_scalar(token)) continue;
    bool named = whole == kWithheldRule && !key.empty() && password_rule_ != kWithheldRule &&
                 (token.type == JsonType::kString || token.type == JsonType::kNumber);
    if (named) {
      std::string_view json(record.json + token.value, token.value_size);
      if (token.type == JsonType::kString) json = json.substr(1, json.size() - 2);
      whole = name_rule(key, json);
    }
    edit_value(batch, record, i, whole, key, in_line);
  }
}

// What a rule of a field drops is no member of the context any more.
void RecordRedactor::cut_dropped(Batch& batch, const Record& record) {
  for (uint32_t index : dropped_) {
    if (!batch.tokens_of(record)[index].has(Token::kCut)) cut_field(batch, record, index);
  }
}

}  // namespace waybill::redaction
