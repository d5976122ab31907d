// SPDX-License-Identifier: Apache-2.0
#include "lineage/trace_context.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "core/canonical.h"
#include "core/cut.h"
#include "core/find.h"
#include "core/json_text.h"

namespace waybill::lineage {

namespace {

constexpr size_t kTraceparentSize = 55;

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }
bool all_lower_hex(std::string_view text) {
  for (char c : text) {
    if (!is_lower_hex(c)) return false;
  }
  return true;
}
bool all_zero(std::string_view text) { return text.find_first_not_of('0') == text.npos; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The lower-case form of a hex digit; 0 of anything else.
constexpr std::array<char, 256> kLowerHex = [] {
  std::array<char, 256> table{};
  for (size_t i = 0; i < 10; ++i) table['0' + i] = static_cast<char>('0' + i);
  for (size_t i = 0; i < 6; ++i) {
    table['a' + i] = table['A' + i] = static_cast<char>('a' + i);
  }
  return table;
}();

// Copies up to `room` hex digits in lower case, leaving out a UUID's dashes. Nothing when there is
// anything else or more of them.
std::optional<size_t> copy_hex(std::string_view text, char* out, size_t room) {
  bool uuid =
      text.size() == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
  if (text.size() - (uuid ? 4 : 0) > room) return std::nullopt;
  // By table: whether a digit is a letter cannot be predicted.
  size_t count = 0;
  bool all_hex = true;
  for (size_t i = 0; i < text.size(); ++i) {
    if (uuid && (i == 8 || i == 13 || i == 18 || i == 23)) continue;
    char digit = kLowerHex[static_cast<unsigned char>(text[i])];
    all_hex &= digit != 0;
    out[count++] = digit;
  }
  if (!all_hex) return std::nullopt;
  return count;
}

bool hex_of_decimal(std::string_view text, char* out16) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) return false;
  for (int i = 15; i >= 0; --i) {
    out16[i] = "0123456789abcdef"[value & 15];
    value >>= 4;
  }
  return true;
}

// One field that the parser pointed out.
struct Pointed {
  bool there = false;
  uint32_t index = 0;
  std::string_view key;
  std::string_view value;  // its characters, or its JSON text
  JsonType type = JsonType::kNull;
};

Pointed read(Batch& batch, const Record& record, uint32_t index_plus_one) {
  if (index_plus_one == 0) return {};
  uint32_t index = index_plus_one - 1;
  Member member = record.token_count > 0
                      ? detail::member_of(record, batch.tokens[record.first_token + index])
                      : detail::member_of(batch.fields[record.first_field + index]);
  std::string_view value =
      member.type == JsonType::kString ? characters(member.text, batch.arena) : member.json;
  return {true, index, member.key.bytes(), value, member.type};
}

Text keep(Arena& arena, std::string_view bytes) {
  return Text(arena.copy(bytes), TextForm::kClean);
}

bool is_decimal_key(const Pointed& field, const Record& record, const Batch& batch) {
  // Datadog writes decimal numbers, flat as "dd.trace_id" or inside an object "dd".
  if (field.key.starts_with("dd.")) return field.value.size() <= 20;
  if (record.token_count == 0) return false;
  const Token* root = batch.tokens_of(record);
  const Token* token = root + field.index;
  if (token->depth != 2) return false;
  const Token* parent = root + 1;
  while (parent + parent->span <= token) parent += parent->span;
  std::string_view key{record.json + parent->key, parent->key_size};
  return key == "dd" && field.value.size() <= 20;
}

// Whether the field holds the record's own trace id; cuts it then.
bool take_trace_id(Batch& batch, Record& record, const Pointed& field) {
  if (!field.there) return false;
  auto id = normalise_trace_id(field.value, is_decimal_key(field, record, batch));
  if (!id) return false;
  // An id in canonical form is used where it stands.
  std::string_view digits{id->digits, 32};
  record.trace_id =
      field.value == digits ? Text(field.value, TextForm::kClean) : keep(batch.arena, digits);
  cut_field(batch, record, field.index);
  return true;
}

Text take_span_id(Batch& batch, Record& record, const Pointed& field) {
  if (!field.there) return {};
  auto id = normalise_span_id(field.value, is_decimal_key(field, record, batch));
  if (!id) return {};
  std::string_view digits{id->digits, 16};
  Text span =
      field.value == digits ? Text(field.value, TextForm::kClean) : keep(batch.arena, digits);
  cut_field(batch, record, field.index);
  return span;
}

// "01", 1, true, "true": as trace flags. -1 for anything else.
int16_t flags_of(const Pointed& field) {
  if (field.type == JsonType::kTrue || field.value == "true" || field.value == "True") return 1;
  if (field.type == JsonType::kFalse || field.value == "false" || field.value == "False") return 0;
  unsigned flags = 0;
  auto [end, error] =
      std::from_chars(field.value.data(), field.value.data() + field.value.size(), flags, 16);
  bool whole = error == std::errc{} && end == field.value.data() + field.value.size();
  return whole && field.value.size() <= 2 ? static_cast<int16_t>(flags) : int16_t{-1};
}

bool take_fields(Batch& batch, Record& record) {
  const TraceFields& fields = record.trace_fields;
  Pointed traceparent = read(batch, record, fields.traceparent);
  auto parsed = traceparent.there ? parse_traceparent(traceparent.value) : std::nullopt;
  if (parsed) {
    record.trace_id = Text(parsed->trace_id, TextForm::kClean);
    record.span_id = Text(parsed->span_id, TextForm::kClean);
    record.trace_flags = parsed->flags;
    cut_field(batch, record, traceparent.index);
    Pointed state = read(batch, record, fields.tracestate);
    if (state.there && !state.value.empty()) {
      record.tracestate = raw_text(state.value);
      cut_field(batch, record, state.index);
    }
  }
  bool own_trace = take_trace_id(batch, record, read(batch, record, fields.trace_id));
  if (!parsed && !own_trace) return false;
  // The span that wrote the line stands in its own field; a traceparent names the caller's.
  Text span = take_span_id(batch, record, read(batch, record, fields.span_id));
  if (span) record.span_id = span;
  record.parent_span_id = take_span_id(batch, record, read(batch, record, fields.parent_span_id));
  Pointed flags = read(batch, record, fields.flags);
  int16_t value = flags.there ? flags_of(flags) : int16_t{-1};
  if (value >= 0) {
    record.trace_flags = value;
    cut_field(batch, record, flags.index);
  }
  if (!parsed && fields.tracestate != 0) {
    Pointed state = read(batch, record, fields.tracestate);
    if (!state.value.empty()) {
      record.tracestate = raw_text(state.value);
      cut_field(batch, record, state.index);
    }
  }
  return true;
}

// ---- text ----

bool is_key_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.';
}

bool is_key_part(char c) { return is_key_letter(c) || (c >= '0' && c <= '9'); }

std::string_view value_behind(std::string_view text, size_t at) {
  // A backslash stands before a quote inside of a JSON string.
  size_t begin = text.find_first_not_of(" \t=:\"'\\", at);
  if (begin == text.npos || begin == at || begin - at > 6) return {};
  size_t end = begin;
  while (end < text.size() &&
         (is_lower_hex(text[end]) || text[end] == '-' || (text[end] >= 'A' && text[end] <= 'F'))) {
    ++end;
  }
  bool apart = end == text.size() ||
               !((text[end] >= 'a' && text[end] <= 'z') || (text[end] >= 'A' && text[end] <= 'Z') ||
                 (text[end] >= '0' && text[end] <= '9') || text[end] == '_');
  return apart ? text.substr(begin, end - begin) : std::string_view();
}

bool same_letters(std::string_view key, std::string_view lower) {
  size_t count = 0;
  for (char c : key) {
    if (c == '_' || c == '-' || c == '.') continue;
    if (count == lower.size() || (c | 0x20) != lower[count]) return false;
    ++count;
  }
  return count == lower.size();
}

// Whether `key` is `name`, or that with one of the usual prefixes before it. Any other prefix says
// that it is about another trace: parent_trace_id, linked-trace-id, strace_id.
bool is_named(std::string_view key, std::string_view name) {
  constexpr std::array<std::string_view, 11> prefixes = {
      "", "x", "b3", "xb3", "w3c", "otel", "dd", "mdc", "contextmap", "context", "span"};
  size_t letters = 0;  // of the key, from its end on
  size_t at = key.size();
  while (at > 0 && letters < name.size()) {
    char c = key[--at];
    if (c != '_' && c != '-' && c != '.') ++letters;
  }
  return letters == name.size() && same_letters(key.substr(at), name) &&
         std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
           return same_letters(key.substr(0, at), prefix);
         });
}

// The first "traceparent: 00-…" or "trace_id=…" (in any usual spelling) of a text.
bool take_text(Batch& batch, Record& record, std::string_view text) {
  size_t from = 0;
  while (from + 5 < text.size()) {
    size_t at = find_short(text, "race", from);
    if (at == text.npos) return false;
    from = at + 4;
    if (at == 0 || (text[at - 1] | 0x20) != 't') continue;
    size_t begin = at - 1, end = at;
    while (begin > 0 && is_key_part(text[begin - 1])) --begin;
    while (end < text.size() && is_key_letter(text[end])) ++end;
    from = end;  // a key is looked at once, however often "race" stands in it
    std::string_view key = text.substr(begin, end - begin);
    std::string_view value = value_behind(text, end);
    if (value.empty()) continue;
    if (is_named(key, "traceparent")) {
      auto parsed = parse_traceparent(value);
      if (!parsed) continue;
      record.trace_id = keep(batch.arena, parsed->trace_id);
      record.span_id = keep(batch.arena, parsed->span_id);
      record.trace_flags = parsed->flags;
      return true;
    }
    if (is_named(key, "traceid")) {
      auto id = normalise_trace_id(value, false);
      if (!id) continue;
      record.trace_id = keep(batch.arena, {id->digits, 32});
      return true;
    }
  }
  return false;
}

bool is_word(char c) { return is_lower_hex(c | 0x20) || is_key_letter(c); }

// A traceparent that stands alone, without a name: 55 characters between others that are no part
// of a word.
bool take_bare_traceparent(Batch& batch, Record& record, std::string_view text) {
  for (size_t from = 0; from + kTraceparentSize <= text.size();) {
    size_t at = find_short(text, "00-", from);
    if (at == text.npos) return false;
    from = at + 1;
    size_t end = at + kTraceparentSize;
    bool apart = end <= text.size() && (at == 0 || !is_word(text[at - 1])) &&
                 (end == text.size() || !is_word(text[end]));
    auto parsed = apart ? parse_traceparent(text.substr(at, kTraceparentSize)) : std::nullopt;
    if (!parsed) continue;
    record.trace_id = keep(batch.arena, parsed->trace_id);
    record.span_id = keep(batch.arena, parsed->span_id);
    record.trace_flags = parsed->flags;
    return true;
  }
  return false;
}

}  // namespace

std::optional<Traceparent> parse_traceparent(std::string_view text) {
  text = trimmed(text);
  if (text.size() < kTraceparentSize) return std::nullopt;
  std::string_view version = text.substr(0, 2);
  if (!all_lower_hex(version) || version == "ff" || text[2] != '-' || text[35] != '-' ||
      text[52] != '-') {
    return std::nullopt;
  }
  Traceparent parsed{text.substr(3, 32), text.substr(36, 16), 0};
  std::string_view flags = text.substr(53, 2);
  if (!all_lower_hex(parsed.trace_id) || !all_lower_hex(parsed.span_id) || !all_lower_hex(flags) ||
      all_zero(parsed.trace_id) || all_zero(parsed.span_id)) {
    return std::nullopt;
  }
  if (text.size() > kTraceparentSize && (version == "00" || text[kTraceparentSize] != '-')) {
    return std::nullopt;
  }
  std::from_chars(flags.data(), flags.data() + 2, parsed.flags, 16);
  // Of a version that we do not know only the sampled bit has a meaning.
  if (version != "00") parsed.flags &= 1;
  return parsed;
}

std::optional<TraceId> normalise_trace_id(std::string_view text, bool decimal) {
  text = trimmed(text);
  size_t slash = text.rfind('/');
  if (slash != text.npos) text.remove_prefix(slash + 1);
  TraceId id;
  std::memset(id.digits, '0', sizeof id.digits);
  if (decimal) {
    if (!hex_of_decimal(text, id.digits + 16)) return std::nullopt;
    return id;
  }
  char hex[32];
  auto count = copy_hex(text, hex, sizeof hex);
  if (!count || (*count != 32 && *count != 16)) return std::nullopt;
  std::memcpy(id.digits + 32 - *count, hex, *count);
  if (all_zero({id.digits, 32})) return std::nullopt;
  return id;
}

std::optional<SpanId> normalise_span_id(std::string_view text, bool decimal) {
  text = trimmed(text);
  SpanId id;
  if (decimal) {
    if (!hex_of_decimal(text, id.digits)) return std::nullopt;
    return id;
  }
  auto count = copy_hex(text, id.digits, sizeof id.digits);
  if (!count || *count != 16 || all_zero({id.digits, 16})) return std::nullopt;
  return id;
}

void resolve_trace(Batch& batch, Record& record) {
  TraceOrigin said = record.trace_origin;  // of a record that passes through
  const TraceFields& fields = record.trace_fields;
  if ((fields.trace_id | fields.traceparent) != 0 && take_fields(batch, record)) {
    record.trace_origin = record.format == "text" ? TraceOrigin::kText : TraceOrigin::kField;
  } else if (record.passed == nullptr && !record.message.empty() &&
             (take_text(batch, record, record.message.bytes()) ||
              take_bare_traceparent(batch, record, record.message.bytes()))) {
    record.trace_origin = TraceOrigin::kText;
  }
  if (record.passed != nullptr) record.trace_origin = said;
}

}  // namespace waybill::lineage
