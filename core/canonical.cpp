// SPDX-License-Identifier: Apache-2.0
#include "core/canonical.h"

#include <array>
#include <charconv>
#include <cstring>
#include <string>

#include "core/json_text.h"

namespace waybill {

namespace {

// Writes members with a comma before each but the first.
class ObjectWriter {
 public:
  explicit ObjectWriter(Buffer& out) : out_(out) { out_.push_back('{'); }
  // Goes on with an object that stands in `out`.
  ObjectWriter(Buffer& out, bool has_members) : out_(out), first_(!has_members) {}
  void close() { out_.push_back('}'); }

  void key(std::string_view name) {  // a constant of ours: needs no escaping
    char* to = out_.reserve(name.size() + 4);
    if (!first_) *to++ = ',';
    *to++ = '"';
    std::memcpy(to, name.data(), name.size());
    to += name.size();
    *to++ = '"';
    *to = ':';
    out_.advance(name.size() + (first_ ? 3 : 4));
    first_ = false;
  }
  void string(std::string_view name, Text value) {
    if (!value) return;
    if (value.form == TextForm::kRaw) {
      key(name);
      out_.push_back('"');
      append_escaped(out_, value.bytes());
      return out_.push_back('"');
    }
    // The usual text needs room once.
    char* to = out_.reserve(name.size() + value.size + 6);
    char* begin = to;
    if (!first_) *to++ = ',';
    *to++ = '"';
    std::memcpy(to, name.data(), name.size());
    to += name.size();
    std::memcpy(to, "\":\"", 3);
    to += 3;
    std::memcpy(to, value.data, value.size);
    to += value.size;
    *to++ = '"';
    out_.advance(static_cast<size_t>(to - begin));
    first_ = false;
  }
  void string(std::string_view name, std::string_view characters) {
    string(name, Text(characters, TextForm::kRaw));
  }
  void json(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    key(name);
    out_.append(value);
  }
  void number(std::string_view name, uint64_t value) {
    key(name);
    char* to = out_.reserve(20);
    out_.advance(static_cast<size_t>(std::to_chars(to, to + 20, value).ptr - to));
  }
  void signed_number(std::string_view name, int64_t value) {
    key(name);
    char* to = out_.reserve(20);
    out_.advance(static_cast<size_t>(std::to_chars(to, to + 20, value).ptr - to));
  }
  bool empty() const { return first_; }

 private:
  Buffer& out_;
  bool first_ = true;
};

void write_trace(ObjectWriter& object, const Record& record) {
  object.string("trace_id", record.trace_id);
  object.string("span_id", record.span_id);
  if (record.trace_flags >= 0) {
    constexpr char digits[] = "0123456789abcdef";
    char text[2] = {digits[record.trace_flags >> 4 & 15], digits[record.trace_flags & 15]};
    object.string("trace_flags", Text(text, 2, TextForm::kClean));
  }
  object.string("parent_span_id", record.parent_span_id);
  object.string("tracestate", record.tracestate);
  if (record.trace_origin != TraceOrigin::kNone) {
    object.string("trace_origin", Text(trace_origin_name(record.trace_origin), TextForm::kClean));
  }
}

void write_error(Buffer& out, const ErrorInfo& error) {
  ObjectWriter object(out);
  object.string("kind", error.kind);
  object.string("type", error.type);
  object.string("code", error.code);
  object.string("message", error.message);
  object.string("stack", error.stack);
  object.close();
}

// Copies members of `container` in runs: what stands between two neighbours that both stay is
// copied with them. True when anything was written.
bool copy_runs(Buffer& out, const Record& record, const Token* container, bool first) {
  const Token* end = container + container->span;
  const char* json = record.json;
  const Token* run_first = nullptr;
  const Token* run_last = nullptr;
  auto begin_of = [](const Token* t) { return t->has(Token::kHasKey) ? t->key - 1 : t->value; };
  auto flush = [&] {
    if (run_first == nullptr) return;
    if (!first) out.push_back(',');
    first = false;
    uint32_t begin = begin_of(run_first);
    out.append(json + begin, run_last->value + run_last->value_size - begin);
    run_first = nullptr;
  };
  for (const Token* child = container + 1; child != end; child += child->span) {
    if (child->has(Token::kCut)) {
      flush();
    } else if (child->has(Token::kHasCut)) {
      flush();
      if (!first) out.push_back(',');
      first = false;
      Member member = detail::member_of(record, *child);
      if (child->has(Token::kHasKey)) append_key(out, member);
      append_value(out, record, member);
    } else {
      if (run_first == nullptr) run_first = child;
      run_last = child;
    }
  }
  flush();
  return !first;
}

// Years 0000 to 9999: what RFC 3339 can say.
struct CivilDate {
  int year, month, day;
};

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days since 1970-01-01.
CivilDate civil_of_days(int64_t days) {
  days += 719468;
  int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  auto day_of_era = static_cast<unsigned>(days - era * 146097);
  unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  unsigned shifted_month = (5 * day_of_year + 2) / 153;
  unsigned day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  int64_t year = static_cast<int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0);
  return {static_cast<int>(year), static_cast<int>(month), static_cast<int>(day)};
}

// "00" to "99".
constexpr std::array<char, 200> kPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

char* two_digits(unsigned value, char* out) {
  std::memcpy(out, kPairs.data() + 2 * value, 2);
  return out + 2;
}

// The lines of a log are mostly of the second of the line before.
struct Second {
  int64_t seconds = INT64_MIN;
  char text[20];  // "2026-01-02T03:04:05."
};

void write_second(int64_t seconds, char* out) {
  int64_t days = seconds / 86400;
  int64_t second_of_day = seconds % 86400;
  if (second_of_day < 0) {
    second_of_day += 86400;
    --days;
  }
  CivilDate date = civil_of_days(days);
  auto of_day = static_cast<unsigned>(second_of_day);
  auto year = static_cast<unsigned>(date.year);
  out = two_digits(year / 100, out);
  out = two_digits(year % 100, out);
  *out++ = '-';
  out = two_digits(static_cast<unsigned>(date.month), out);
  *out++ = '-';
  out = two_digits(static_cast<unsigned>(date.day), out);
  *out++ = 'T';
  out = two_digits(of_day / 3600, out);
  *out++ = ':';
  out = two_digits(of_day / 60 % 60, out);
  *out++ = ':';
  out = two_digits(of_day % 60, out);
  *out = '.';
}

}  // namespace

char* write_rfc3339(int64_t time_ns, int digits, char* out) {
  constexpr int64_t kSecond = 1'000'000'000;
  int64_t seconds = time_ns / kSecond;
  int64_t nanos = time_ns % kSecond;
  if (nanos < 0) {
    nanos += kSecond;
    --seconds;
  }
  thread_local Second last;
  if (seconds != last.seconds) {
    write_second(seconds, last.text);
    last.seconds = seconds;
  }
  std::memcpy(out, last.text, sizeof last.text);
  out += sizeof last.text;
  auto fraction = static_cast<unsigned>(nanos);
  char all[10];
  two_digits(fraction / 10'000'000, all);
  two_digits(fraction / 100'000 % 100, all + 2);
  if (digits > 3) {
    two_digits(fraction / 1000 % 100, all + 4);
    two_digits(fraction / 10 % 100, all + 6);
    all[8] = static_cast<char>('0' + fraction % 10);
  }
  std::memcpy(out, all, static_cast<size_t>(digits));
  out += digits;
  *out++ = 'Z';
  return out;
}

void append_key(Buffer& out, const Member& member) {
  out.push_back('"');
  append_json(out, member.key);
  if (member.suffix != 0) {
    out.push_back('_');
    char* to = out.reserve(12);
    out.advance(static_cast<size_t>(std::to_chars(to, to + 12, member.suffix).ptr - to));
  }
  out.append("\":");
}

void append_value(Buffer& out, const Record& record, const Member& member) {
  if (member.token != nullptr && member.token->has(Token::kHasCut)) {
    out.push_back(member.type == JsonType::kObject ? '{' : '[');
    copy_runs(out, record, member.token, true);
    out.push_back(member.type == JsonType::kObject ? '}' : ']');
  } else if (!member.json.empty()) {
    out.append(member.json);
  } else {
    out.push_back('"');
    append_json(out, member.text);
    out.push_back('"');
  }
}

bool has_context(const Batch& batch, const Record& record) {
  if (record.level_text) return true;
  for (const Field& field : batch.fields_of(record)) {
    if (!field.cut) return true;
  }
  if (record.token_count == 0) return false;
  const Token* root = batch.tokens_of(record);
  const Token* own = record.own_context != 0 ? root + record.own_context : nullptr;
  auto any_inside = [own](const Token* container) {
    const Token* end = container + container->span;
    for (const Token* child = container + 1; child != end; child += child->span) {
      if (!child->has(Token::kCut) && child != own) return true;
    }
    return false;
  };
  return any_inside(root) || (own != nullptr && any_inside(own));
}

void append_context(Buffer& out, const Batch& batch, const Record& record) {
  out.push_back('{');
  bool first = true;
  bool copied = record.token_count > 0 && record.own_context == 0;
  // The usual line has no `context` of its own, so nothing can clash and runs can be copied.
  if (copied) first = !copy_runs(out, record, batch.tokens_of(record), true);
  auto write = [&](const Member& member) {
    if (copied && member.token != nullptr) return;
    if (!first) out.push_back(',');
    first = false;
    append_key(out, member);
    append_value(out, record, member);
  };
  if (!copied || record.field_count > 0 || record.level_text) {
    for_each_context_member(batch, record, write);
  }
  out.push_back('}');
}

namespace {

// What all records of a source say of it: {"input":"app","path":"/var/log/app.log". A batch is of
// one source mostly, so the last one's is kept.
struct SourceHead {
  const Source* source = nullptr;
  uint64_t number = 0;
  Buffer json;
};

void append_source_head(Buffer& out, const Source& source) {
  ObjectWriter object(out);
  if (!source.input.empty()) object.string("input", source.input);
  if (!source.path.empty()) object.string("path", source.path);
}

std::string_view source_head(const Source& source) {
  thread_local SourceHead last;
  // A number is never used again, but sources that nothing has read may have none.
  if (last.source != &source || last.number != source.number || source.number == 0) {
    last.source = &source;
    last.number = source.number;
    last.json.clear();
    append_source_head(last.json, source);
  }
  return last.json.view();
}

}  // namespace

void append_source(Buffer& out, const Batch& batch, const Record& record) {
  if (record.passed != nullptr) {
    out.append(record.passed->source);
    return;
  }
  const Source& source = batch.source_of(record);
  std::string_view head = source_head(source);
  out.append(head);
  ObjectWriter object(out, head.size() > 1);
  auto text = [&](std::string_view key, std::string_view value) {
    if (!value.empty()) object.string(key, value);
  };
  if (!source.network) object.number("offset", record.offset);
  text("stream", stream_of(record, source));
  text("peer", source.peer);
  object.string("format", Text(record.format, TextForm::kClean));
  if (record.marks.truncated_bytes > 0) {
    object.number("truncated_bytes", record.marks.truncated_bytes);
  }
  if (record.marks.clock_skew != 0) object.signed_number("clock_skew", record.marks.clock_skew);
  if (record.marks.repaired) object.json("repaired", "true");
  if (record.marks.duplicate_keys > 0) object.number("duplicate_keys", record.marks.duplicate_keys);
  if (record.marks.withheld > 0) object.number("withheld", record.marks.withheld);
  // Only what waited for an error of its trace stands for nothing.
  if (record.sample_rate == "0") object.string("sampled_by", "error");
  object.json("schema_repairs", record.schema_repairs);
  object.close();
}

void append_canonical(Buffer& out, const Batch& batch, const Record& record,
                      const Identity& identity, uint32_t parts) {
  ObjectWriter object(out);
  if ((parts & part::kTimestamp) != 0) {
    object.key("timestamp");
    char* begin = out.reserve(32);
    *begin = '"';
    char* end = write_rfc3339(record.time_ns, record.time_digits, begin + 1);
    *end++ = '"';
    out.advance(static_cast<size_t>(end - begin));
  }
  if ((parts & part::kLevel) != 0 && record.level != Level::kNone) {
    object.string("level", Text(level_name(record.level), TextForm::kClean));
  }
  if ((parts & part::kServiceName) != 0) {
    object.string("service_name", service_of(record, identity));
  }
  if ((parts & part::kTrace) != 0) write_trace(object, record);
  if ((parts & part::kIds) != 0) {
    object.string("request_id", record.request_id);
    object.string("correlation_id", record.correlation_id);
    object.string("tenant_id", record.tenant_id);
  }
  if ((parts & part::kMessage) != 0) object.string("message", record.message);
  if ((parts & part::kCode) != 0) {
    object.string("logger", record.logger);
    object.string("thread", record.thread);
    object.string("caller", record.caller);
  }
  if ((parts & part::kError) != 0 && record.error != nullptr) {
    object.key("error");
    write_error(out, *record.error);
  }
  if ((parts & part::kContext) != 0 && has_context(batch, record)) {
    object.key("context");
    append_context(out, batch, record);
  }
  if ((parts & part::kResource) != 0) {
    const std::string& own = batch.identity_of(record, identity).resource_json;
    object.json("resource",
                record.passed != nullptr ? record.passed->resource : std::string_view(own));
  }
  if ((parts & part::kSource) != 0) {
    object.key("source");
    append_source(out, batch, record);
  }
  if ((parts & part::kRate) != 0) object.json("sample_rate", sample_rate_of(record));
  if ((parts & part::kSchemaErrors) != 0) object.json("schema_errors", record.schema_errors);
  if ((parts & part::kId) != 0) {
    object.key("id");
    char* to = out.reserve(34);
    *to = '"';
    write_hex(record.id, to + 1);
    to[33] = '"';
    out.advance(34);
  }
  object.close();
}

}  // namespace waybill
