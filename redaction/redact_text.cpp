// SPDX-License-Identifier: Apache-2.0
// RecordRedactor: the texts of a record, and its line.
#include <algorithm>
#include <functional>

#include "core/json_text.h"
#include "redaction/inside.h"
#include "redaction/record_redactor.h"

namespace waybill::redaction {

namespace {

constexpr std::string_view kContext = "context";
// Of an event of several lines, those that may have been cut off at parse.max_line, which is 1 KiB
// at least.
constexpr size_t kLongLine = 1000;

size_t hash_of(std::string_view secret) { return std::hash<std::string_view>{}(secret); }

}  // namespace

// Everything that a line's text can be in, but for its tokens.
void RecordRedactor::collect_places(Batch& batch, Record& record) {
  places_.clear();
  text_edits_.clear();
  error_changed_ = false;
  add_place(&record.message, "message", false);
  add_place(&record.logger, "logger", false);
  add_place(&record.thread, "thread", false);
  add_place(&record.caller, "caller", false);
  add_place(&record.service_name, "service_name", false);
  add_place(&record.level_text, "context.level_text", false);
  add_place(&record.request_id, "request_id", true);
  add_place(&record.correlation_id, "correlation_id", true);
  add_place(&record.tenant_id, "tenant_id", true);
  add_place(&record.tracestate, "tracestate", true);
  if (record.error != nullptr) {
    error_ = *record.error;
    add_place(&error_.message, "error.message", false);
    add_place(&error_.stack, "error.stack", false);
    add_place(&error_.type, "error.type", false);
    add_place(&error_.code, "error.code", false);
  }
  const TraceFields& ids = record.trace_fields;
  for (uint32_t i = 0; i < record.field_count; ++i) {
    Field& field = batch.fields[record.first_field + i];
    bool id = false;
    for (uint32_t index :
         {ids.traceparent, ids.trace_id, ids.span_id, ids.parent_span_id, ids.tracestate}) {
      id = id || (record.token_count == 0 && index == i + 1);
    }
    add_place(&field.key, {}, false);
    places_.push_back(
        {&field.value, kContext, field.key.bytes(), id, &field, 0, 0, false, kWithheldRule});
  }
}

void RecordRedactor::add_place(Text* text, std::string_view path, bool id) {
  if (!text->empty()) places_.push_back({text, path, {}, id, nullptr, 0, 0, false, kWithheldRule});
}

// Leaves in found_ what is in a text called `key`.
void RecordRedactor::find(std::string_view text, bool ids, std::string_view key) {
  found_.clear();
  // A part of a private key goes as a whole; what looks like something in it does not count.
  if (key_goes_on_) return;
  if (finder_.find(text, ids, found_, key)) return;
  found_.assign(1, {0, static_cast<uint32_t>(text.size()), kWithheldRule, kWithheld});
}

uint32_t RecordRedactor::field_rule(std::string_view path, std::string_view key) const {
  if (path.empty()) return kWithheldRule;
  for (uint32_t index : field_rules_) {
    const FieldPath& wanted = *rules_->all()[index].field;
    FieldPath::Places places = wanted.step(wanted.start(), path);
    if (!key.empty()) places = wanted.step(places, key);
    if (wanted.is_end(places)) return index;
  }
  return kWithheldRule;
}

// The rule of passwords, where the name of a field says that its value is one.
uint32_t RecordRedactor::name_rule(std::string_view key, std::string_view value) const {
  bool weak = false;
  if (password_rule_ == kWithheldRule || !is_secret_name(key, weak)) return kWithheldRule;
  return is_secret_value(key, value, weak) ? password_rule_ : kWithheldRule;
}

std::string_view RecordRedactor::replacement(Batch& batch, uint32_t rule, std::string_view secret) {
  if (rule == kWithheldRule) return kWithheld;
  out_.clear();
  rules_->all()[rule].replace(out_, secret);
  return batch.arena.copy(out_.view());
}

std::string_view RecordRedactor::edited(Batch& batch, std::string_view text,
                                        std::span<const Edit> edits) {
  out_.clear();
  size_t at = 0;
  for (const Edit& edit : edits) {
    out_.append(text.substr(at, edit.begin - at));
    out_.append(edit.by);
    at = edit.end;
  }
  out_.append(text.substr(at));
  return batch.arena.copy(out_.view(), kPadding);
}

// Where a line was cut off there may be the beginning of a secret, which nobody can tell.
void RecordRedactor::add_cut_edits(const Record& record, std::string_view text,
                                   std::vector<Edit>& edits) {
  if (record.marks.truncated_bytes == 0) return;
  for (size_t at = 0; at <= text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    std::string_view one = text.substr(at, end - at);
    size_t place =
        end == text.size() || one.size() >= kLongLine ? finder_.cut_secret(one) : one.npos;
    if (place != one.npos) {
      edits.push_back({static_cast<uint32_t>(at + place), static_cast<uint32_t>(end), kWithheldRule,
                       kWithheld});
    }
    at = end + 1;
  }
}

// Leaves in text_edits_ what is to be done in a text, and in line_edits_ what follows from it.
void RecordRedactor::find_in_place(Batch& batch, const Record& record, Place& place,
                                   std::string_view line) {
  Text& text = *place.text;
  place.first_edit = text_edits_.size();
  place.edits = 0;
  place.inside = text.form != TextForm::kJson && is_inside(text.bytes(), line);
  if (text.empty()) return;
  // Decoded into the arena: edits refer to it.
  std::string_view characters = waybill::characters(text, batch.arena);
  const auto size = static_cast<uint32_t>(characters.size());
  uint32_t whole = field_rule(place.path, place.key);
  if (whole == kWithheldRule && place.field != nullptr) whole = name_rule(place.key, characters);
  if (key_goes_on_ && place.path == "message") whole = key_rule_;
  place.whole = whole;
  if (whole != kWithheldRule) {
    found_.assign(1, {0, size, whole, {}});
  } else {
    find(characters, place.id, place.key);
    if (!place.inside) add_cut_edits(record, characters, found_);
    merge(found_);
    for (Edit& edit : found_) {
      edit.by = replacement(batch, edit.rule, characters.substr(edit.begin, edit.end - edit.begin));
    }
    // What is left of it may still stand for something.
    std::string_view rest = found_.empty() ? characters : edited(batch, characters, found_);
    if (finder_.hides_more(rest)) found_.assign(1, {0, size, kWithheldRule, kWithheld});
  }
  for (Edit& edit : found_) {
    std::string_view secret = characters.substr(edit.begin, edit.end - edit.begin);
    if (edit.by.empty()) edit.by = replacement(batch, edit.rule, secret);
    text_edits_.push_back(edit);
    ++place.edits;
    if (place.inside) {
      auto from = static_cast<uint32_t>(text.data - line.data());
      line_edits_.push_back({from + edit.begin, from + edit.end, edit.rule, edit.by});
    } else if (is_inside(text.bytes(), line)) {
      // In another form there: all of it goes.
      auto from = static_cast<uint32_t>(text.data - line.data());
      line_edits_.push_back({from, from + text.size, edit.rule, edit.by});
    } else {
      unseen_.push_back({hash_of(secret), edit.rule});
    }
  }
}

void RecordRedactor::apply_place(Batch& batch, Place& place, std::string_view line) {
  Text& text = *place.text;
  if (is_dropping(place.whole) && (place.field != nullptr || place.path != "message")) {
    if (place.field != nullptr) {
      place.field->cut = true;
    } else {
      text = Text();
    }
    error_changed_ = true;
    return;
  }
  if (!place.inside) {
    if (place.edits == 0) return;
    std::string_view characters = waybill::characters(text, batch.arena);
    text =
        raw_text(edited(batch, characters, {text_edits_.data() + place.first_edit, place.edits}));
  } else {
    // What the line loses here, whoever found it.
    auto from = static_cast<uint32_t>(text.data - line.data()), to = from + text.size;
    found_.clear();
    for (const Edit& edit : line_edits_) {
      if (edit.end <= from || edit.begin >= to) continue;
      found_.push_back(
          {std::max(edit.begin, from) - from, std::min(edit.end, to) - from, edit.rule, edit.by});
    }
    if (found_.empty()) return;
    text = raw_text(edited(batch, text.bytes(), found_));
  }
  error_changed_ = true;
  if (place.field != nullptr) place.field->type = JsonType::kString;
}

void RecordRedactor::find_in_line(Batch& batch, const Record& record, std::string_view line) {
  find(line, false);
  std::erase_if(found_, [&](const Edit& edit) {
    // The JSON is worked through value by value.
    if (region_.holds(edit)) return true;
    // An id may look like something that it is not.
    const Detector* detector =
        edit.rule == kWithheldRule ? nullptr : finder_.rule(edit.rule).detector;
    if (detector == nullptr || !detector->like_an_id) return false;
    return std::any_of(places_.begin(), places_.end(), [&](const Place& place) {
      if (!place.id || !is_inside(place.text->bytes(), line)) return false;
      auto from = static_cast<uint32_t>(place.text->data - line.data());
      return edit.begin >= from && edit.end <= from + place.text->size;
    });
  });
  add_cut_edits(record, line, found_);
  for (Edit& edit : found_) {
    edit.by = replacement(batch, edit.rule, line.substr(edit.begin, edit.end - edit.begin));
    line_edits_.push_back(edit);
  }
}

// `line_edits_` has all that is to be done, the part that is JSON is `rewritten` or stays.
void RecordRedactor::write_line(Batch& batch, Record& record, std::string_view line,
                                bool rewritten) {
  std::erase_if(line_edits_, [&](const Edit& edit) { return region_.holds(edit); });
  const bool whole = region_.end - region_.begin == line.size();
  const bool others = !line_edits_.empty();
  for (const Edit& edit : line_edits_) count(edit.rule);
  bool lost = key_goes_on_ && !others && !rewritten;
  for (const Unseen& unseen : unseen_) {
    if (std::find(seen_.begin(), seen_.end(), unseen.hash) != seen_.end()) continue;
    seen_.push_back(unseen.hash);
    if (unseen.rule != kWithheldRule) count(unseen.rule);
    lost = true;
  }
  if (lost) {
    record.line = batch.arena.copy(kWithheld, kPadding);
    return count(kWithheldRule);
  }
  if (rewritten && region_.end > region_.begin) {
    if (whole) {
      record.line = rewriter_.after();
      return;
    }
    line_edits_.push_back({region_.begin, region_.end, kWithheldRule, rewriter_.after()});
    merge(line_edits_);
  }
  if (!line_edits_.empty()) record.line = edited(batch, line, line_edits_);
}

void RecordRedactor::work_through(Batch& batch, Record& record) {
  const std::string_view line = record.line;
  line_edits_.clear();
  token_edits_.clear();
  region_ = {};
  if (record.token_count > 0) {
    const Token& root = *batch.tokens_of(record);
    std::string_view json(record.json + root.value, root.value_size);
    if (is_inside(json, line)) {
      region_.begin = static_cast<uint32_t>(json.data() - line.data());
      region_.end = region_.begin + root.value_size;
    }
  }
  collect_places(batch, record);
  find_in_line(batch, record, line);
  for (Place& place : places_) find_in_place(batch, record, place, line);
  if (record.token_count > 0) {
    collect_token_edits(batch, record, region_.end > region_.begin);
    if (!token_edits_.empty()) rewriter_.rewrite(batch, record, token_edits_);
    cut_dropped(batch, record);
  }
  for (const Edit& edit : line_edits_) {
    seen_.push_back(hash_of(line.substr(edit.begin, edit.end - edit.begin)));
  }
  merge(line_edits_);
  for (Place& place : places_) apply_place(batch, place, line);
  if (record.error != nullptr && error_changed_) {
    void* room = batch.arena.allocate(sizeof(ErrorInfo), alignof(ErrorInfo));
    record.error = new (room) ErrorInfo(error_);
  }
  write_line(batch, record, line, !token_edits_.empty());
}

}  // namespace waybill::redaction
