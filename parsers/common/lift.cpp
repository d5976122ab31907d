// SPDX-License-Identifier: Apache-2.0
#include "parsers/common/lift.h"

#include <bit>
#include <charconv>
#include <cstring>
#include <utility>

#include "core/cut.h"
#include "core/format.h"
#include "core/json_text.h"
#include "parsers/common/numeric_level.h"

namespace waybill::parsers {

namespace {

static_assert(kSlotCount <= 64);

constexpr uint64_t bit(Slot slot) { return uint64_t{1} << static_cast<unsigned>(slot); }

bool is_container(JsonType type) { return type == JsonType::kObject || type == JsonType::kArray; }

std::optional<int64_t> integer_of(std::string_view digits) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// What programs print for an error that there is not.
bool says_nothing(std::string_view error) {
  return error == "nil" || error == "<nil>" || error == "null" || error == "none" ||
         error == "None" || error == "-" || error == "undefined";
}

constexpr uint8_t kSourceRank = 50;

// "pay/card.go:88"
bool ends_with_line(std::string_view file) {
  size_t colon = file.rfind(':');
  return colon != file.npos && colon > 0 && integer_of(file.substr(colon + 1)).has_value();
}

bool is_lower_hex(std::string_view text) {
  for (char c : text) {
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
  }
  return true;
}

// "D1" to "D5"
bool is_debug_of_mongo(std::string_view word) {
  return word.size() == 2 && word[0] == 'D' && word[1] >= '1' && word[1] <= '5';
}

bool equal_but_case(std::string_view word, std::string_view upper) {
  if (word.size() != upper.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    char c = word[i];
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - ('a' - 'A'));
    if (c != upper[i]) return false;
  }
  return true;
}

}  // namespace

void Lift::begin(const Record& record) {
  while (filled_ != 0) {
    found_[static_cast<size_t>(std::countr_zero(filled_))].rank = kNone;
    filled_ &= filled_ - 1;
  }
  near_ns_ = record.time_ns;
  below_second_ns_ = 0;
  numeric_level_ = false;
  odd_level_.rank = kNone;
  signs_ = 0;
  deferred_ = 0;
}

void Lift::offer(const Name& name, const Member& value, uint32_t index, Arena& arena) {
  Found& place = found(name.slot);
  signs_ |= name.signs;
  if (name.slot >= Slot::kInside) {
    if (name.slot == Slot::kOfDialect) return defer(name, index);
    return offer_log(name, value, index, arena);
  }
  if (name.rank >= place.rank) return;
  if (!fits(name, value, arena)) {
    if (name.slot == Slot::kLevel) remember_odd_level(name, value, index);
    if (name.slot == Slot::kRecordSource) offer_source(name, value, index, arena);
    return;
  }
  place.rank = name.rank;
  place.index = index;
  place.json = value.json;
  place.text = value.type == JsonType::kString ? value.text : Text(value.json, TextForm::kClean);
  filled_ |= bit(name.slot);
}

// Prometheus' slog: a file of Go and a line. ("box.example:80" may be anything.)
void Lift::offer_source(const Name& name, const Member& value, uint32_t index, Arena& arena) {
  if (value.type != JsonType::kString ||
      value.text.bytes().find(".go:") == std::string_view::npos) {
    return;
  }
  offer({name.name, Slot::kCaller, kSourceRank, Reading::kFileAndLine}, value, index, arena);
}

// `log` is an object of names to ECS, and the line of the program to what collects containers'.
void Lift::offer_log(const Name& name, const Member& value, uint32_t index, Arena& arena) {
  constexpr Name text{"log", Slot::kMessage, 40};
  if (value.type != JsonType::kString || name.name != text.name) return;
  Member line = value;
  std::string_view bytes = line.text.bytes();  // without its line end
  if (bytes.ends_with("\\n") && !bytes.ends_with("\\\\n")) line.text.size -= 2;
  offer(text, line, index, arena);
}

bool Lift::fits(const Name& name, const Member& value, Arena& arena) {
  switch (name.slot) {
    case Slot::kOwnContext:
    case Slot::kRecordSource:
    case Slot::kRecordResource: return value.type == JsonType::kObject;
    case Slot::kRecordSchemaErrors: return value.type == JsonType::kArray;
    case Slot::kRecordRate: return value.type == JsonType::kNumber;
    case Slot::kTime:
      return !is_container(value.type) &&
             fits_time(
                 name, value,
                 value.type == JsonType::kString ? characters(value.text, arena) : value.json);
    case Slot::kDate:
      if (value.type == JsonType::kNumber) return time_of_number(value.json).has_value();
      return value.type == JsonType::kString && !value.text.empty();
    case Slot::kCaller:
      if (name.reading == Reading::kFileAndLine && !ends_with_line(value.text.bytes())) {
        return false;
      }
      return value.type == JsonType::kString && !value.text.empty();
    case Slot::kTimeNanos: {
      auto nanos = integer_of(value.json);
      if (!nanos || *nanos < 0 || *nanos > 999'999'999) return false;
      below_second_ns_ = *nanos;
      return true;
    }
    case Slot::kLevel:
      return !is_container(value.type) &&
             fits_level(
                 name, value,
                 value.type == JsonType::kString ? characters(value.text, arena) : value.json);
    case Slot::kErrorCode:
    case Slot::kThread:
    case Slot::kCallerLine:
    case Slot::kTenantId:
    case Slot::kRequestId:
    case Slot::kCorrelationId:
      return (value.type == JsonType::kString && !value.text.empty()) ||
             value.type == JsonType::kNumber;
    case Slot::kTraceFlags: return !is_container(value.type) && value.type != JsonType::kNull;
    case Slot::kTraceId:
    case Slot::kSpanId: return value.type == JsonType::kString || value.type == JsonType::kNumber;
    case Slot::kMessage: return value.type == JsonType::kString;
    case Slot::kErrorMessage:
      return value.type == JsonType::kString && !value.text.empty() &&
             !((name.name == "error" || name.name == "err") && says_nothing(value.text.bytes()));
    default: return value.type == JsonType::kString && !value.text.empty();
  }
}

bool Lift::fits_time(const Name& name, const Member& value, std::string_view characters) {
  std::optional<Time> time;
  if (name.reading == Reading::kEpochMicros || value.type == JsonType::kNumber) {
    time = time_of_number(characters);
  } else if (value.type == JsonType::kString) {
    time = time_of_text(characters, zone_, near_ns_);
    if (!time) time = time_of_number(characters);
    bool bracketed = !time && characters.starts_with('[') && characters.ends_with(']');
    if (bracketed) {  // Apache's %t
      time = time_of_text(characters.substr(1, characters.size() - 2), zone_, near_ns_);
    }
  }
  if (time) time_ = *time;
  return time.has_value();
}

bool Lift::fits_level(const Name& name, const Member& value, std::string_view characters) {
  std::optional<Severity> severity;
  std::optional<int64_t> number = integer_of(characters);
  if (name.reading == Reading::kSyslogSeverity) {
    if (number) severity = severity_of_syslog(*number);
  } else if (name.reading == Reading::kLogback) {
    if (number) severity = severity_of_logback(*number);
  } else if (name.reading == Reading::kOpenTelemetry) {
    if (number) severity = severity_of_opentelemetry(*number);
  } else if (number) {
    // Small numbers mean opposite things to syslog, zerolog and .NET: only the decades of pino,
    // bunyan and Python speak for themselves.
    if (*number >= 10 && *number <= 60) severity = severity_of_decades(*number);
    numeric_level_ = severity && value.type == JsonType::kNumber;
  } else if (value.type == JsonType::kString) {
    severity = severity_of_word(characters);
    // A seat may be "D2", too: the time stands before it.
    bool mongo = !severity && name.reading == Reading::kMongo && (signs_ & sign::kMongo) != 0;
    if (mongo && is_debug_of_mongo(characters)) severity = Severity{Level::kDebug, 5};
  }
  if (severity) severity_ = *severity;
  return severity.has_value();
}

void Lift::remember_odd_level(const Name& name, const Member& value, uint32_t index) {
  bool scalar = value.type == JsonType::kNumber || value.type == JsonType::kString;
  std::string_view digits = value.type == JsonType::kString ? value.text.bytes() : value.json;
  auto number = scalar ? integer_of(digits) : std::nullopt;
  if (!number || name.reading != Reading::kUsual || name.rank >= odd_level_.rank) return;
  odd_level_ = {name.rank, index, *number, name.name, Text(digits, TextForm::kClean)};
}

void Lift::settle_odd_level(Batch& batch, Record& record) {
  auto severity = severity_by_neighbours(batch, record, odd_level_.name, odd_level_.number);
  if (!severity) return;
  record.level = severity->level;
  record.severity = severity->number;
  record.level_said = true;
  record.level_text = odd_level_.text;
  cut_field(batch, record, odd_level_.index);
}

Text Lift::take(Batch& batch, const Record& record, Slot slot) {
  if (!has(slot)) return {};
  cut_field(batch, record, found(slot).index);
  return found(slot).text;
}

uint32_t Lift::point_out(Slot slot) const { return has(slot) ? found(slot).index + 1 : 0; }

void Lift::settle(Batch& batch, Record& record) {
  if (deferred_ != 0) offer_deferred(batch, record);
  if ((filled_ & bit(Slot::kDate)) != 0 && joins_date(batch, record)) filled_ |= bit(Slot::kTime);
  if ((filled_ & bit(Slot::kTime)) != 0) settle_time(batch, record);
  if ((filled_ & bit(Slot::kLevel)) != 0) {
    settle_level(batch, record);
  } else if (!record.level_said) {
    if (odd_level_.rank != kNone) settle_odd_level(batch, record);
    if (!record.level_said && has(Slot::kTime) && has(Slot::kMessage)) {
      settle_level_of_neighbours(batch, record);
    }
  }
  record.message = take(batch, record, Slot::kMessage);
  record.logger = take(batch, record, Slot::kLogger);
  record.thread = take(batch, record, Slot::kThread);
  settle_caller(batch, record);
  // Whoever may not name a service has said it all the same: it stays in the context.
  if (batch.source_of(record).trust_service) {
    record.service_name = take(batch, record, Slot::kService);
  }
  record.request_id = take(batch, record, Slot::kRequestId);
  record.correlation_id = take(batch, record, Slot::kCorrelationId);
  record.tenant_id = take(batch, record, Slot::kTenantId);
  record.trace_fields = TraceFields{
      .traceparent = point_out(Slot::kTraceparent),
      .trace_id = point_out(Slot::kTraceId),
      .span_id = point_out(Slot::kSpanId),
      .parent_span_id = point_out(Slot::kParentSpanId),
      .flags = point_out(Slot::kTraceFlags),
      .tracestate = point_out(Slot::kTracestate),
      .baggage = point_out(Slot::kBaggage),
  };
  constexpr uint64_t error_slots = bit(Slot::kErrorKind) | bit(Slot::kErrorType) |
                                   bit(Slot::kErrorCode) | bit(Slot::kErrorMessage) |
                                   bit(Slot::kErrorStack);
  if ((filled_ & error_slots) != 0) settle_error(batch, record);
  if (has(Slot::kOwnContext)) record.own_context = found(Slot::kOwnContext).index;
  if (has(Slot::kRecordId)) settle_passed(batch, record);
}

void Lift::settle_level(Batch& batch, Record& record) {
  record.level = severity_.level;
  record.severity = severity_.number;
  record.level_said = true;
  Text word = found(Slot::kLevel).text;
  if (!equal_but_case(word.bytes(), level_name(record.level))) record.level_text = word;
  cut_field(batch, record, found(Slot::kLevel).index);
}

void Lift::settle_caller(Batch& batch, Record& record) {
  record.caller = take(batch, record, Slot::kCaller);
  if (record.caller || !has(Slot::kCallerFile) || !has(Slot::kCallerLine)) return;
  // Each may be escaped in its own way.
  std::string_view file = characters(take(batch, record, Slot::kCallerFile), batch.arena);
  std::string_view line = characters(take(batch, record, Slot::kCallerLine), batch.arena);
  char* joined = batch.arena.allocate(file.size() + 1 + line.size());
  std::memcpy(joined, file.data(), file.size());
  joined[file.size()] = ':';
  std::memcpy(joined + file.size() + 1, line.data(), line.size());
  record.caller = raw_text({joined, file.size() + 1 + line.size()});
}

void Lift::settle_error(Batch& batch, Record& record) {
  auto* error = new (batch.arena.allocate(sizeof(ErrorInfo), alignof(ErrorInfo))) ErrorInfo;
  error->kind = take(batch, record, Slot::kErrorKind);
  error->type = take(batch, record, Slot::kErrorType);
  error->code = take(batch, record, Slot::kErrorCode);
  error->message = take(batch, record, Slot::kErrorMessage);
  error->stack = take(batch, record, Slot::kErrorStack);
  // In text `exception=…` is a message; a trace does not go into a pair. A class in front of it is
  // told apart later.
  bool pair = record.token_count == 0 && found(Slot::kErrorStack).rank >= kExceptionText;
  if (error->stack && pair && !error->message) {
    error->message = std::exchange(error->stack, Text());
  }
  record.error = error;
}

void Lift::settle_passed(Batch& batch, Record& record) {
  Text id = found(Slot::kRecordId).text;
  // `source.input` inside of an object: a flat key of that name is somebody else's.
  std::string_view source = found(Slot::kRecordSource).json;
  std::string_view input = found(Slot::kRecordSourceInput).json;
  bool nested = has(Slot::kRecordSource) && has(Slot::kRecordSourceInput) &&
                source.starts_with('{') && input.data() > source.data() &&
                input.data() < source.data() + source.size();
  bool ours = id.size == 32 && is_lower_hex(id.bytes()) && nested && record.time_said &&
              !batch.source_of(record).network;
  if (!ours) return;
  auto* passed = new (batch.arena.allocate(sizeof(Passed), alignof(Passed))) Passed;
  auto json = [&](Slot slot) -> std::string_view {
    if (!has(slot)) return {};
    cut_field(batch, record, found(slot).index);
    return found(slot).json;
  };
  for (size_t i = 0; i < record.id.size(); ++i) {
    std::from_chars(id.data + 2 * i, id.data + 2 * i + 2, record.id[i], 16);
  }
  cut_field(batch, record, found(Slot::kRecordId).index);
  passed->source = json(Slot::kRecordSource);
  passed->resource = json(Slot::kRecordResource);
  passed->sample_rate = json(Slot::kRecordRate);
  record.schema_errors = json(Slot::kRecordSchemaErrors);
  if (has(Slot::kRecordTraceOrigin)) {
    std::string_view origin = found(Slot::kRecordTraceOrigin).text.bytes();
    for (int i = 1; i <= static_cast<int>(TraceOrigin::kGenerated); ++i) {
      if (origin != trace_origin_name(static_cast<TraceOrigin>(i))) continue;
      record.trace_origin = static_cast<TraceOrigin>(i);
      cut_field(batch, record, found(Slot::kRecordTraceOrigin).index);
    }
  }
  record.passed = passed;
}

}  // namespace waybill::parsers
